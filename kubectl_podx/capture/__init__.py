"""Targets, plan, gathering and sealing: makes the Capture, the plain data every analysis starts from."""
