"""The section `security`: what securityContext declares, and what the process really has."""
