"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubectl_podx.sections.injections.injectors import ORDINARY
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import text_or_none

INJECTION: tuple[Column, ...] = (
    Column("PATH", lambda row, _: row.path),
    Column("CHANGE", lambda row, _: row.change),
    Column("BY", lambda row, _: text_or_none(row.by)),
    Column("CONFIDENCE", lambda row, _: row.confidence),
    Column("DETAIL", lambda row, _: text_or_none(row.detail), prose=True),
)


def grids(found: Sequence[Injection]) -> list[Grid]:
    """Its tables."""
    return [Grid(INJECTION, found)]


def block(found: Sequence[Injection], page: Page) -> list[str]:
    """What admission added, counted by who did it."""
    if page.everything:
        if not found:
            return ["Injections: none"]
        return ["Injections:", *page.table(INJECTION, found)]
    there = (row for row in found if row.by and row.change != "absent")
    rows = [row for row in there if row.by not in ORDINARY]
    counts = Counter(row.by for row in rows)
    who = ", ".join(f"{count} by {by}" for by, count in counts.most_common())
    return page.say(f"Not as in the template: {who}", 0) if rows else []
