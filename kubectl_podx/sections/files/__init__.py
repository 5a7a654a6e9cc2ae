"""The section `files`: mounted ConfigMap, Secret and projected files."""
