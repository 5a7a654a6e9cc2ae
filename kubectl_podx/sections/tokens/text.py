"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.tokens.report import TokenRow
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import ago, text_or_none

TOKEN: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("PATH", lambda row, _: row.path),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("ACCOUNT", lambda row, _: text_or_none(row.service_account)),
    Column("EXPIRES", lambda row, now: ago(row.expires_at, now)),
    Column("AUDIENCES", lambda row, _: text_or_none(row.audiences)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("ISSUED", lambda row, now: ago(row.issued_at, now), wide=True),
    Column("REFRESH", lambda row, now: ago(row.refresh_at, now), wide=True),
    Column("POD", lambda row, _: text_or_none(row.bound_pod), wide=True),
    Column("NODE", lambda row, _: text_or_none(row.bound_node), wide=True),
    Column("VOLUME", lambda row, _: text_or_none(row.volume), wide=True),
)

_QUIET_TOKENS = frozenset({"valid", "unknown", "unreadable"})


def grids(found: Sequence[TokenRow]) -> list[Grid]:
    """Its tables."""
    return [Grid(TOKEN, found)]


def block(found: Sequence[TokenRow], page: Page) -> list[str]:
    """Service account tokens that are expired, overdue or bound to something else."""
    rows = found if page.everything else [r for r in found if r.state not in _QUIET_TOKENS]
    if not rows:
        return ["Service account tokens: none"] if page.everything else []
    return ["Service account tokens:", *page.table(TOKEN, rows)]
