"""The section `tokens`: claims of service account tokens."""
