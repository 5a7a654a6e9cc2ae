"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.changes.report import Change
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import ago, text_or_none

CHANGE: tuple[Column, ...] = (
    Column("AGE", lambda row, now: ago(row.time, now)),
    Column("KIND", lambda row, _: row.kind),
    Column("OBJECT", lambda row, _: text_or_none(row.object)),
    Column("WHAT", lambda row, _: row.what, prose=True),
    Column("BEFORE", lambda row, _: text_or_none(row.before)),
    Column("AFTER", lambda row, _: text_or_none(row.after)),
    Column("BY", lambda row, _: text_or_none(row.by)),
    Column("TIME", lambda row, _: text_or_none(row.time), wide=True),
)

_MOST_CHANGES = 5


def grids(found: Sequence[Change]) -> list[Grid]:
    """Its tables."""
    return [Grid(CHANGE, found)]


def block(found: Sequence[Change], page: Page) -> list[str]:
    """The newest changes; which of them broke it, the findings say."""
    if not found:
        return ["Changes: none seen"] if page.everything else []
    newest = sorted(found, key=lambda change: change.time or "", reverse=True)
    shown = newest if page.everything else newest[:_MOST_CHANGES]
    lines = ["Changes:", *page.table(CHANGE, shown)]
    if len(shown) < len(newest):
        lines += page.say(f"and {len(newest) - len(shown)} older: kubectl podx changes")
    return lines
