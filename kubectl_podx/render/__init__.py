"""Report -> text, tables, json, yaml. Pure."""
