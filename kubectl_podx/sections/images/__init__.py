"""The section `images`: images, pull policy and pull secrets."""
