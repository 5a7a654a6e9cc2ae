"""The section `downward`: downward API values against the pod now."""
