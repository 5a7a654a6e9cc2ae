"""Sections -> findings, and findings -> verdict. Pure; one file of rules per section."""
