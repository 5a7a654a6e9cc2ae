"""The section `restarts`: why each container restarted, and how that is known."""
