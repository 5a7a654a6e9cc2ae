"""The leaf: types of Capture, Report and Finding, a pod's vocabulary. Imports nothing of ours."""
