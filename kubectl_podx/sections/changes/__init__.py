"""The section `changes`: what changed before it broke."""
