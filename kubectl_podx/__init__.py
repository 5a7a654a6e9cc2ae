"""kubectl podx: what a pod declares, what the API holds now, what its containers really have."""

__version__ = "0.1.0"
URL = "https://github.com/kubectl-podx/kubectl-podx"
"""The project's address. It stands nowhere else: what is built and printed takes it from here."""
DOCS = f"{URL}/blob/v{__version__}/docs"
"""Where this version's documents are. Those that the program names are shipped, too."""
