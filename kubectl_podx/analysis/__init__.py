"""Capture -> report: sections, findings, verdict, and what is said of several pods. Pure."""
