"""Columns of this section, and its block in the text."""

from __future__ import annotations

from kubectl_podx.sections.node.report import Node
from kubectl_podx.view.columns import CONDITION, Column, Grid, condition_is_bad
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, seconds, text_or_none, yes_no


def schedulable(row: Node) -> str:
    """`no` for a cordoned node."""
    return yes_no(None if row.cordoned is None else not row.cordoned)


NODE: tuple[Column, ...] = (
    Column("NAME", lambda row, _: row.name or NONE),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("SCHEDULABLE", lambda row, _: schedulable(row)),
    Column("HEARTBEAT", lambda row, _: seconds(row.heartbeat_age)),
    Column("TAINTS", lambda row, _: text_or_none(row.taints)),
    Column("VERSION", lambda row, _: text_or_none(row.kubelet_version)),
    Column("RUNTIME", lambda row, _: text_or_none(row.runtime), wide=True),
)

_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def grids(found: Node) -> list[Grid]:
    """Its tables."""
    return [Grid(NODE, [found]), Grid(CONDITION, found.conditions)]


def block(found: Node, page: Page) -> list[str]:
    """A node that is not ready, cordoned or under pressure; an old status is a finding."""
    if page.everything:
        lines = ["Node:", *page.table(NODE, [found])]
        return [*lines, "", *page.table(CONDITION, found.conditions)] if found.conditions else lines
    notes: list[str] = []
    if found.state not in ("ready", "unknown", "denied"):
        notes.append(found.state)
    if found.cordoned:
        notes.append("cordoned")
    for condition in found.conditions:
        pressed = condition.type in _PRESSURE and condition.status == "True"
        if pressed or (condition.type == "Ready" and condition_is_bad(condition)):
            notes.append(f"{condition.type}={condition.status} {condition.reason}".rstrip())
    return page.say(f"Node: {found.name}: {', '.join(notes)}", 0) if notes else []
