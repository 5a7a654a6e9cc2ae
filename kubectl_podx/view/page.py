"""What every block of the text view is written with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.words import ValueState
from kubectl_podx.view import layout
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import Terminal
from kubectl_podx.view.units import NONE

INDENT = 2
ABOVE = "as above"
"""Stands for a sentence that verdict or findings have said."""

# A shorter text, such as a reason in one word, takes less room than to say that it was said.
_SENTENCE = 20


class Page(Struct, frozen=True):
    """Where the text goes, and how much of it is wanted."""

    terminal: Terminal
    now: datetime | None
    everything: bool = False
    """All rows of every section that was built, not only what carries a signal."""
    wide: bool = False
    """All columns."""
    verdict: str = ""
    """The first line, which the finding it rests on does not repeat."""
    said: str = ""
    """What verdict and findings have said already."""
    closed: frozenset[str] = frozenset()
    """Containers that do not run: they have no inside to compare, and coverage says so."""
    logged: frozenset[str] = frozenset()
    """Log lines that the restarts show, which are those of the waiting container, too."""
    pending: tuple[str, ...] = ()
    """Why no node fits the pod, which its own block says in full."""

    def news(self, text: str) -> bool:
        """Whether the text is worth a line: it is there, and no finding has said it."""
        return bool(text) and (self.everything or text not in self.said)

    def table(self, columns: Sequence[Column], rows: Sequence[Any]) -> list[str]:
        """The rows below their headers, indented. Columns that say nothing are left out."""
        grid = Grid(columns, rows)
        headers = grid.headers(wide=self.wide)
        prose = [column.prose for column in grid.shown(wide=self.wide)]
        cells = [
            [self._once(each) if prose[at] else each for at, each in enumerate(row)]
            for row in grid.cells(self.now, wide=self.wide)
        ]
        kept = [at for at in range(len(headers)) if any(_says_something(row[at]) for row in cells)]
        lines = layout.columns(
            [headers[at] for at in kept],
            [[row[at] for at in kept] for row in cells],
            color=self.terminal.color,
            width=self.terminal.within(INDENT),
        )
        return [" " * INDENT + line for line in lines] if cells else []

    def _once(self, cell: Cell | str) -> Cell | str:
        text = cell.text if isinstance(cell, Cell) else cell
        return cell if len(text) < _SENTENCE or self.news(text) else ABOVE

    def say(self, text: str, indent: int = INDENT, hanging: int = INDENT) -> list[str]:
        """A sentence, wrapped on a terminal."""
        return layout.prose(text, indent=indent, hanging=hanging, width=self.terminal.width)

    def verbatim(self, lines: Iterable[str], indent: int) -> list[str]:
        """Log lines: never wrapped, marked so that they cannot be taken for ours."""
        return [line for text in lines for line in layout.block(f"| {text}", indent=indent)]

    def paint(self, text: str, colour: str) -> str:
        """Already escaped text in a colour, where the terminal has colours."""
        return layout.paint(text, colour, allowed=self.terminal.color)


def _says_something(cell: Cell | str) -> bool:
    text = cell.text if isinstance(cell, Cell) else cell
    return text not in (NONE, ABOVE, "")


_SHORT = {
    "ConfigMap": "configmap",
    "Secret": "secret",
    "serviceAccountToken": "token",
    "downwardAPI": "downward",
}


def source_text(source: KeySource) -> str:
    """`configmap/coder:config`, `secret/zhangyu:name`, `field:metadata.name`."""
    kind = _SHORT.get(source.kind, source.kind)
    name = f"{kind}/{source.name}" if source.name else kind
    return f"{name}:{source.key}" if source.key else name


_SIGNALS = frozenset({"orphaned", "missing", "unresolved", "frozen", "stuck", "stale"})
"""States worth a row each. What could not be seen is counted, and coverage says why."""


def has_signal(row: Any) -> bool:
    """Whether the row's state is worth a line of its own."""
    return row.state in _SIGNALS


def value_block(
    title: str,
    found: Sequence[Any],
    columns: Sequence[Column],
    page: Page,
    *,
    note: str = "",
    signal: Callable[[Any], bool] = has_signal,
) -> list[str]:
    """The head with a count of every state, then the rows that are worth one.

    `found` are rows with a container and a ValueState, such as those of files and of variables.
    """
    if not page.everything:
        found = [r for r in found if r.state != "unknown" or r.container not in page.closed]
    if not found:
        return [f"{title}: none"] if page.everything else []
    counts = Counter[ValueState](row.state for row in found if not note or row.state != "extra")
    head = f"{title}: {', '.join(filter(None, [_counted(counts), note]))}"
    rows = [row for row in found if page.everything or signal(row)]
    table = page.table(columns, rows)
    return [*page.say(head + (":" if table else ""), 0), *table]


def _counted(counts: Counter[ValueState]) -> str:
    """`1 current`, `6, all current`, or `9 (8 current, 1 frozen)`."""
    total = counts.total()
    if not total:
        return ""
    if len(counts) == 1:
        (state,) = counts
        return f"{total}, all {state}" if total > 1 else f"{total} {state}"
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{total} ({states})"
