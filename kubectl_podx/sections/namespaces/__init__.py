"""The section `namespaces`: shared namespaces, processes, listening sockets."""
