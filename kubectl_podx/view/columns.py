"""What a column is, and the columns of rows that several sections have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from kubectl_podx.model.parts import Condition
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.units import ago, text_or_none

Value = Callable[[Any, "datetime | None"], "Cell | str"]


class Column(Struct, frozen=True):
    """One column: its header, and how a row gives its value at the moment of the capture."""

    header: str
    value: Value
    wide: bool = False
    """Only with `-o wide`."""
    prose: bool = False
    """A sentence, which the incident view does not repeat where a finding has said it."""


class Grid(Struct, frozen=True):
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


CONDITION: tuple[Column, ...] = (
    Column("CONDITION", lambda row, _: row.type),
    Column("STATUS", lambda row, _: row.status),
    Column("SINCE", lambda row, now: ago(row.since, now)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("MESSAGE", lambda row, _: text_or_none(row.message), prose=True),
)

_UNDER_WAY = frozenset(
    {"DisruptionTarget", "PodResizePending", "PodResizeInProgress", "AllContainersRestarting"}
)
_NEEDED = frozenset(
    {"PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"}
)


def condition_is_bad(row: Condition) -> bool:
    """Whether a condition says that something is not as it should be.

    Those that tell of something under way are bad where they are True; the kubelet writes some of
    them as False all the time. What the pod needs is bad where it is not True; the polarity of a
    stranger's condition is not known, and where the pod waits for it its readiness gate says so.
    """
    if row.type in _UNDER_WAY:
        return row.status == "True"
    return row.type in _NEEDED and row.status != "True"
