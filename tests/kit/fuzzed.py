"""How many inputs the fuzz tests have made up in this run."""

from __future__ import annotations

GENERATED: dict[str, int] = {}
"""Test -> inputs that it was run with."""
