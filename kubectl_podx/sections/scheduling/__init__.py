"""The section `scheduling`: what the pod asks of a node, and why it waits."""
