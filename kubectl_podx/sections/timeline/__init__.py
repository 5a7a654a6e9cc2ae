"""The section `timeline`: every dated fact in one order."""
