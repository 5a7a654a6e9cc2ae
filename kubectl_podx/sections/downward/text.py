"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.downward.report import DownwardRow
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page, value_block
from kubectl_podx.view.units import text_or_none

DOWNWARD: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("FORM", lambda row, _: row.form),
    Column("NAME", lambda row, _: row.name),
    Column("FIELD", lambda row, _: row.field),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("OBSERVED", lambda row, _: text_or_none(row.observed)),
    Column("CURRENT", lambda row, _: text_or_none(row.current)),
    Column("REASON", lambda row, _: text_or_none(row.reason), wide=True, prose=True),
)


def grids(found: Sequence[DownwardRow]) -> list[Grid]:
    """Its tables."""
    return [Grid(DOWNWARD, found)]


def block(found: Sequence[DownwardRow], page: Page) -> list[str]:
    """Values of the pod itself."""
    return value_block("Downward API", found, DOWNWARD, page)
