"""Running pods that hold something older than its source, told for a whole cluster."""
