"""The section `volumes`: every volume with every mount, and who shares it."""
