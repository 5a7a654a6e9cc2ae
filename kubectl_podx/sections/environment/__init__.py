"""The section `environment`: every variable: declared, injected, in the process."""
