"""Targets, plan, gathering, sealing: makes the Capture that every analysis starts from."""
