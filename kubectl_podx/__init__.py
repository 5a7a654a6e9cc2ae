"""kubectl podx: what a pod declares, what the API holds now, what its containers really have."""

__version__ = "0.1.0"
