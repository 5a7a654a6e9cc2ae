"""The section `node`: the node, and how fresh its word is."""
