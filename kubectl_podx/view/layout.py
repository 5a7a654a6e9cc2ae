"""Aligned columns and wrapped prose. Everything that is laid out here is escaped here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TextIO

from kubectl_podx.model.words import HOW_BAD, Colors, HowBad
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.escape import clean
from kubectl_podx.view.width import Widths

_NARROWEST = 40


class Terminal(NamedTuple):
    """How text may be laid out."""

    width: int | None = None
    """Columns to wrap prose at; None where the output is no terminal and is not wrapped."""
    color: bool = False
    headers: bool = True
    """Whether tables begin with the names of their columns."""

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str], colors: Colors = "auto") -> Terminal:
        """The terminal behind the stream; unbounded where there is none.

        Unless `colors` decides it, colour needs a terminal, an unset `NO_COLOR` (no-color.org: any
        value that is not empty counts) and a TERM other than `dumb`.
        """
        always = colors == "always"
        try:
            if not stream.isatty():
                return cls(color=always)
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):
            return cls(color=always)
        given = environ.get("COLUMNS", "")
        if given.isascii() and given.isdigit() and int(given) > 0:
            columns = int(given)
        plain = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        shown = always or (colors == "auto" and not plain)
        # Some terminals say 0 columns: those are not wrapped.
        return cls(max(columns, _NARROWEST) if columns else None, shown)

    def within(self, indent: int) -> int | None:
        """The columns that are left beside an indent; None where there is no width to keep to."""
        return None if self.width is None else self.width - indent


_LONGEST_CELL = 200
_SGR = {"red": "\x1b[31m", "yellow": "\x1b[33m", "green": "\x1b[32m", "bold": "\x1b[1m"}
_RESET = "\x1b[0m"
_TONES: dict[HowBad, str] = {"bad": "red", "doubtful": "yellow", "good": "green", "fine": ""}


def state_cell(word: str) -> Cell:
    """A state with the colour that says how bad it is; the word says it too."""
    return Cell(word, tone(word))


def tone(word: str) -> str:
    """The colour of a severity or state; empty for one without."""
    return _TONES[HOW_BAD.get(word, "fine")]


def paint(text: str, colour: str, *, allowed: bool) -> str:
    """The text in this colour, where colour is allowed."""
    return f"{_SGR[colour]}{text}{_RESET}" if allowed and colour else text


def aligned(
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    *,
    color: bool = False,
    limit: int = _LONGEST_CELL,
    width: int | None = None,
    headed: bool = True,
) -> list[str]:
    """The rows below their headers, columns three spaces apart, as kubectl prints them.

    Without headers the rows alone. Empty cells show as kubectl's `<none>` only where the caller
    wrote it; a line has no blanks at its end. `width`: of the terminal, into which they are made to
    fit. `headed`: with the headers, which count for the fit in any case.
    """
    tabulate, table_format = _tabulate()
    widths = Widths()
    head, table, notes = _fitted(headers, rows, limit, width, widths)
    body = [[paint(each.text, each.tone, allowed=color) for each in row] for row in table]
    text = tabulate(
        body,
        headers=[each.text for each in head if headed] or (),
        tablefmt=table_format,
        disable_numparse=True,
        preserve_whitespace=True,
    )
    lines = [line.rstrip() for line in widths.whole(text).split("\n")] if text else []
    return lines + notes


def columns(
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    *,
    color: bool = False,
    limit: int = _LONGEST_CELL,
    width: int | None = None,
    headed: bool = True,
) -> list[str]:
    """The same lines as `aligned`, without tabulate.

    For the report's text: importing tabulate takes a sixth of the time that a replay takes.
    """
    shown = Widths()
    head, body, notes = _fitted(headers, rows, limit, width, shown)
    table = [head, *body] if head and headed else body
    widths = [0] * max(map(len, table), default=0)
    for row in table:
        for at, cell in enumerate(row):
            widths[at] = max(widths[at], len(cell.text))
    lines = []
    for row in table:
        padded = [
            paint(cell.text, cell.tone, allowed=color) + " " * (width - len(cell.text))
            for cell, width in zip(row, widths, strict=False)
        ]
        lines.append(shown.whole("   ".join(padded)).rstrip())
    return lines + notes


def _fitted(
    headers: Sequence[str],
    rows: Iterable[Sequence[Cell | str]],
    limit: int,
    width: int | None,
    widths: Widths,
) -> tuple[list[Cell], list[list[Cell]], list[str]]:
    """Head, rows and notes."""
    head = [Cell(clean(header)) for header in headers]
    table = [[_shown(cell, limit, widths) for cell in row] for row in rows]
    if width is None:
        return head, table, []
    from kubectl_podx.view.fitting import fitted  # noqa: PLC0415 - of a terminal only

    return fitted(head, table, width)


def _shown(cell: Cell | str, limit: int, widths: Widths) -> Cell:
    """The cell escaped, one character a column."""
    text, colour = (cell.text, cell.tone) if isinstance(cell, Cell) else (cell, "")
    return Cell(widths.even(clean(text, limit)), colour)


@cache
def _tabulate() -> tuple[Any, Any]:
    """The module (20 ms to import: only once something is laid out) with kubectl's table format."""
    import tabulate  # noqa: PLC0415

    # Every character takes one column by now (`Widths`), with and without wcwidth installed.
    tabulate.WIDE_CHARS_MODE = False
    tabulate.MIN_PADDING = 0
    row = tabulate.DataRow("", "   ", "")
    return tabulate.tabulate, tabulate.TableFormat(
        lineabove=None,
        linebelowheader=None,
        linebetweenrows=None,
        linebelow=None,
        headerrow=row,
        datarow=row,
        padding=0,
        with_header_hide=None,
    )


def prose(text: str, *, indent: int = 0, hanging: int = 0, width: int | None = None) -> list[str]:
    """One escaped paragraph, wrapped at `width`; later lines are indented by `hanging` more."""
    line = clean(text)
    first = " " * indent
    if width is None:
        return [first + line]
    widths = Widths()
    even = widths.even(line)
    if indent + len(even) <= width:
        return [first + line]
    import textwrap  # noqa: PLC0415 - late: 1 ms, and few lines are that long

    wrapped = textwrap.wrap(
        even,
        max(width, indent + hanging + 20),
        initial_indent=first,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [widths.whole(each) for each in wrapped]


def block(text: str, *, indent: int) -> list[str]:
    """A line that must stay whole, such as a command or a log line: escaped, never wrapped."""
    return [" " * indent + clean(text)]
