"""The one room with a door to the network: kubeconfig, connection, raw reads, exec, errors."""
