"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page, source_text, value_block
from kubectl_podx.view.units import text_or_none

VARIABLE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("NAME", lambda row, _: row.name),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("SOURCE", lambda row, _: source_text(row.source)),
    Column("DECLARED", lambda row, _: text_or_none(row.declared)),
    Column("INJECTED", lambda row, _: text_or_none(row.injected)),
    Column("PROCESS", lambda row, _: text_or_none(row.process)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("NEXT-START", lambda row, _: text_or_none(row.current), wide=True),
    Column("SHADOWS", lambda row, _: text_or_none(row.shadows), wide=True),
    Column("INJECTED-BY", lambda row, _: text_or_none(row.injected_by), wide=True),
)


def grids(found: Sequence[VariableRow]) -> list[Grid]:
    """Its tables."""
    return [Grid(VARIABLE, found)]


def block(found: Sequence[VariableRow], page: Page) -> list[str]:
    """Variables; what nobody declared, and what the program changed, is no drift."""
    declared = [row for row in found if row.state != "extra"]
    others = len(found) - len(declared)
    note = f"{others} undeclared (image, runtime or Services)" if others else ""
    if not declared and not page.everything:
        return []
    return value_block(
        "Environment", found if page.everything else declared, VARIABLE, page, note=note
    )
