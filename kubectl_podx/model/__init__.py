"""The leaf: the types of a Capture, a Report and a Finding, and the vocabulary of a pod. Imports nothing of ours."""
