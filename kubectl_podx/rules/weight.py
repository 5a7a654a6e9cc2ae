"""How much the end of a container still matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import FindingSeverity
from kubectl_podx.pod.kills import RESET_SECONDS, slow_loop
from kubectl_podx.rules.rule import Case

if TYPE_CHECKING:
    from kubectl_podx.sections.restarts.report import Restart


def weight(case: Case, row: Restart) -> tuple[FindingSeverity | None, bool]:
    """Severity (None: the rule's own) and whether it blocks now.

    Past where ten healthy minutes followed; a warning while it runs again but not that long, or
    where it goes down again and again, however long it lives.
    """
    if row.cause == "deleted":
        return "info", False
    entry = case.view.container(row.container)
    if entry is None or not entry.running:
        return None, True
    age = case.view.running_for(entry)
    if row.looping and not outlived(row, age, ready=entry.ready):
        return None, not entry.ready
    began, ended = parse_time(case.view.api.started_at), parse_time(row.finished_at)
    past = age is not None and age > RESET_SECONDS
    return (
        "info" if past and not slow_loop(row.count, began, ended, case.view.now) else "warning"
    ), False


_STEADY = 60
"""Seconds of being well after which a loop may be over."""


def outlived(row: Restart, age: float | None, *, ready: bool) -> bool:
    """Whether the running instance is ready, and has lived far longer than the one before it."""
    return ready and age is not None and age >= max(_STEADY, 3 * (row.duration or 0))
