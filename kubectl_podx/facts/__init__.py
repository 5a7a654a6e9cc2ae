"""Capture -> sections of the report. Pure; one file per section."""
