"""The section `containers`: every container with its state, limits and use."""
