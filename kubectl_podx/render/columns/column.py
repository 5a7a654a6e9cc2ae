"""What a column is. Every section's rows have one list of columns, for tables and for text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from kubectl_podx.render.layout import Cell

Value = Callable[[Any, "datetime | None"], "Cell | str"]


class Column(NamedTuple):
    """One column: its header, and how a row gives its value at the moment of the capture."""

    header: str
    value: Value
    wide: bool = False
    """Only with `-o wide`."""
    prose: bool = False
    """A sentence, which the incident view does not repeat where a finding has said it."""


class Grid(NamedTuple):
    """Rows of one type with their columns."""

    columns: Sequence[Column]
    rows: Sequence[Any]

    def shown(self, *, wide: bool) -> list[Column]:
        """The columns for this width."""
        return [column for column in self.columns if wide or not column.wide]

    def cells(self, now: datetime | None, *, wide: bool) -> list[list[Cell | str]]:
        """The values, row by row."""
        columns = self.shown(wide=wide)
        return [[column.value(row, now) for column in columns] for row in self.rows]

    def headers(self, *, wide: bool) -> list[str]:
        """The headers for this width."""
        return [column.header for column in self.shown(wide=wide)]
