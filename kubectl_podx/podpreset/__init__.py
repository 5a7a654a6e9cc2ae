"""PodPreset: what it does to a pod, what it did to one, and what does the same today. Pure."""
