"""The pod kit: a pod over its raw JSON, and what several sections know of one. Pure."""
