"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.lifecycle.report import Hook
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import seconds, text_or_none

HOOK: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("HOOK", lambda row, _: row.type),
    Column("HANDLER", lambda row, _: row.handler.text),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("GRACE", lambda row, _: seconds(row.grace_period)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("STOP-SIGNAL", lambda row, _: text_or_none(row.stop_signal), wide=True),
)


def grids(found: Sequence[Hook]) -> list[Grid]:
    """Its tables."""
    return [Grid(HOOK, found)]


def block(found: Sequence[Hook], page: Page) -> list[str]:
    """Hooks that failed."""
    rows = found if page.everything else [hook for hook in found if hook.state != "declared"]
    if not rows:
        return ["Lifecycle: no hooks"] if page.everything else []
    return ["Lifecycle:", *page.table(HOOK, rows)]
