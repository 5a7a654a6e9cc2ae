"""The pod as a whole, which every report has."""
