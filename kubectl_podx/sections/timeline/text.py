"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import ago, text_or_none


def times(row: TimelineEntry) -> str:
    """The fact, and how often it happened where that was more than once."""
    return f"{row.what} (x{row.count})" if row.count > 1 else row.what


TIMELINE: tuple[Column, ...] = (
    Column("TIME", lambda row, _: row.time),
    Column("AGE", lambda row, now: ago(row.time, now)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("WHAT", lambda row, _: times(row), prose=True),
    Column("SOURCE", lambda row, _: text_or_none(row.source), wide=True),
)


def grids(found: Sequence[TimelineEntry]) -> list[Grid]:
    """Its tables."""
    return [Grid(TIMELINE, found)]


def block(found: Sequence[TimelineEntry], page: Page) -> list[str]:
    """All dated facts, only where all is wanted: the other blocks are made of them."""
    if not page.everything:
        return []
    return ["Timeline:", *page.table(TIMELINE, found)] if found else ["Timeline: empty"]
