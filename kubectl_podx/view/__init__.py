"""What every view is made of: columns, layout, escaping, units."""
