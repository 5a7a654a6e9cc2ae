"""A workload as a whole: the pods it should have, why some are missing, and what guards it."""
