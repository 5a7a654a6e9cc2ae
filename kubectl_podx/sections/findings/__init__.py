"""The section `findings`: problems, worst first."""
