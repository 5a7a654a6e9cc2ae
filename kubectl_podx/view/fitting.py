"""Tables that fit a terminal: names shortened in the middle, sentences wrapped within their cell.

Only on a terminal; a pipe gets every value whole. No word of a sentence is cut.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from kubectl_podx.view.cell import Cell

GAP = 3
"""Blanks between two columns."""
_NAME = 12
"""Characters that are left of a name at least: five of its beginning, six of its end."""
_SENTENCE = 18
"""The narrowest column of a sentence."""
_DOTS = "…"


Row = Sequence[Cell]


class Fitted(NamedTuple):
    """A table that fits."""

    head: list[Cell]
    rows: list[list[Cell]]
    notes: list[str]
    """Below it: which columns found no room."""


def fitted(head: Row, rows: Sequence[Row], width: int | None) -> Fitted:
    """The table within `width` columns; cells are escaped. None for the width changes nothing.

    A cell of several lines becomes several rows. Columns that find no room even so are left out
    and named below.
    """
    whole = [list(row) for row in rows]
    natural = _widths([head, *rows])
    if width is None or not natural or _total(natural) <= width:
        return Fitted(list(head), whole, [])
    least = [_least(at, natural[at], rows, head) for at in range(len(natural))]
    kept = _kept(least, [_says(rows, at) for at in range(len(natural))], width)
    widths = _shared([natural[at] for at in kept], [least[at] for at in kept], width)
    lines = [line for row in whole for line in _lines(_chosen(row, kept), widths)]
    gone = [cell.text for at, cell in enumerate(head) if at not in kept and cell.text]
    notes = textwrap.wrap(f"(no room for {', '.join(gone)})", width) if gone else []
    return Fitted(_chosen(head, kept), lines, notes)


def _kept(least: Sequence[int], says: Sequence[bool], width: int) -> list[int]:
    """The columns that find room: the first one always, sentences rather than words."""
    kept = list(range(len(least)))
    while len(kept) > 1 and _total([least[at] for at in kept]) > width:
        words = [at for at in kept[1:] if not says[at]]
        kept.remove((words or kept)[-1])
    return kept


def _chosen(row: Row, kept: Sequence[int]) -> list[Cell]:
    return [row[at] for at in kept if at < len(row)]


def _says(rows: Sequence[Row], at: int) -> bool:
    """Whether the column holds sentences."""
    values = [row[at].text for row in rows if at < len(row)]
    return any(" " in value and len(value) > _SENTENCE for value in values)


def _widths(table: Sequence[Row]) -> list[int]:
    columns = zip_longest(*table, fillvalue=Cell(""))
    return [max(len(cell.text) for cell in column) for column in columns]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _least(at: int, natural: int, rows: Sequence[Row], head: Row) -> int:
    """How narrow a column may become: never below its header or its longest word."""
    header = len(head[at].text) if at < len(head) else 0
    return min(natural, max(header, _SENTENCE if _says(rows, at) else _NAME))


def _shared(natural: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """Widths that fit: the widest columns give first, down to what each needs."""
    widths = list(natural)
    while _total(widths) > width:
        giving = [at for at, wide in enumerate(widths) if wide > least[at]]
        if not giving:
            break
        widest = max(giving, key=lambda at: widths[at])
        rest = [widths[at] for at in giving if widths[at] < widths[widest]]
        floor = max([least[widest], *rest]) if rest else least[widest]
        many = [at for at in giving if widths[at] == widths[widest]]
        over = _total(widths) - width
        step = max(1, min(widths[widest] - floor, -(-over // len(many))))
        for at in many:
            widths[at] = max(least[at], widths[at] - step)
    return widths


def _lines(row: Sequence[Cell], widths: Sequence[int]) -> list[list[Cell]]:
    """The row, as many lines high as its highest cell."""
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=False)]
    high = max(map(len, cells), default=0)
    return [[cell[at] if at < len(cell) else Cell("") for cell in cells] for at in range(high)]


def _wrapped(cell: Cell, width: int) -> list[Cell]:
    value, tone = cell.text, cell.tone
    if len(value) <= width:
        return [cell]
    if " " not in value:
        return [Cell(shortened(value, width), tone)]
    words = " ".join(shortened(word, width) for word in value.split(" "))
    lines = textwrap.wrap(words, width, break_long_words=False, break_on_hyphens=False)
    return [Cell(line, tone) for line in lines]


def shortened(name: str, width: int) -> str:
    """`web-7475…xtndf`: the beginning and the end of a name, which tell it from others."""
    if len(name) <= width:
        return name
    end = (width - 1) // 2
    return name[: width - 1 - end] + _DOTS + (name[-end:] if end else "")
