"""The timeline as a picture: lanes on an axis, for text and for the page alike."""
