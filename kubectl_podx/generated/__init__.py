"""What `make docs` makes of types and rules, and the reader of it."""
