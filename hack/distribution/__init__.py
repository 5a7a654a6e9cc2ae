"""The parts of `hack/dist.py`: what a release is made of, and what has to hold of it."""
