"""One folder for each section of the report: its type, facts, rules, columns and text."""
