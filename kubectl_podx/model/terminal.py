"""What is known of the terminal: found once at the edge, then passed in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, TextIO

_NARROWEST = 40


class Terminal(NamedTuple):
    """How text may be laid out."""

    width: int | None = None
    """Columns to wrap prose at; None where the output is no terminal and is not wrapped."""
    color: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> Terminal:
        """The terminal behind the stream; plain and unbounded where there is none.

        Colour needs a terminal, an unset `NO_COLOR` (no-color.org: any value that is not empty
        counts) and a TERM other than `dumb`.
        """
        try:
            if not stream.isatty():
                return cls()
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            return cls()
        given = environ.get("COLUMNS", "")
        if given.isascii() and given.isdigit() and int(given) > 0:
            columns = int(given)
        plain = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        # Some terminals say 0 columns: those are not wrapped.
        return cls(max(columns, _NARROWEST) if columns else None, not plain)
