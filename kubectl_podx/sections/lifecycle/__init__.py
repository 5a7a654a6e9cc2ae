"""The section `lifecycle`: hooks and the grace period."""
