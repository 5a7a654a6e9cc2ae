"""Words in, exit status out: one file per command and nothing else."""
