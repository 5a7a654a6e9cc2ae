"""One value of a table."""

from __future__ import annotations

from typing import NamedTuple


class Cell(NamedTuple):
    """One value of a table."""

    text: str
    tone: str = ""
    """A colour of `paint`; empty for none."""
