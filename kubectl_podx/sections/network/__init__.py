"""The section `network`: Services, hanging connections, readiness gates."""
