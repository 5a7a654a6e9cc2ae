"""The section `probes`: probes with counters, failures and state."""
