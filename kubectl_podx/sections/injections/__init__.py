"""The section `injections`: what admission added to the owner's template."""
