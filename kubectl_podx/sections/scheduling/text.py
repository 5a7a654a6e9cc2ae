"""Columns of this section, and its block in the text."""

from __future__ import annotations

from kubectl_podx.sections.scheduling.report import Scheduling
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, text_or_none, yes_no

REQUIREMENT: tuple[Column, ...] = (
    Column("KIND", lambda row, _: row.kind),
    Column("REQUIREMENT", lambda row, _: row.text),
    Column("SATISFIED", lambda row, _: yes_no(row.satisfied)),
    Column("DETAIL", lambda row, _: text_or_none(row.detail), prose=True),
)

SCHEDULING: tuple[Column, ...] = (
    Column("SCHEDULING", lambda row, _: row.state),
    Column("WHY", lambda row, _: "; ".join(row.reasons) or NONE, prose=True),
)


def grids(found: Scheduling) -> list[Grid]:
    """Its tables."""
    return [Grid(SCHEDULING, [found]), Grid(REQUIREMENT, found.requirements)]


def block(found: Scheduling, page: Page) -> list[str]:
    """Why it is pending, and requirements that the node does not meet."""
    rows = found.requirements
    if not page.everything:
        rows = [row for row in rows if row.satisfied is False]
        if found.state == "scheduled" and not rows:
            return []
    lines = [f"Scheduling: {found.state}"]
    for reason in filter(page.news, found.reasons):
        lines += page.say(reason)
    return lines + page.table(REQUIREMENT, rows)
