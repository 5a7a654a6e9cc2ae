"""Whether a pod would start now, as it is declared: its references, its nodes, admission."""
