"""Columns of the containers, and their block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.pod.debugging import NO_SHELL
from kubectl_podx.pod.pod import BEING_CREATED, LOOPING
from kubectl_podx.sections.containers.report import (
    Container,
    Limit,
    ObservationReport,
    Quantity,
)
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import ABOVE, INDENT, Page
from kubectl_podx.view.units import NONE, ago, human_size, text_or_none, yes_no

_GOOD_ENDS = ("Completed",)


def container_state(row: Container) -> str:
    """The word that says most: the reason of the state where there is one, else the state."""
    word = row.reason or ("no status" if row.state == "unknown" else row.state)
    if row.exit_code is not None and word not in _GOOD_ENDS:
        return f"{word} ({row.exit_code})"
    return word


def _state(row: Container) -> Cell:
    troubled = row.state == "waiting" and row.reason not in BEING_CREATED
    failed = row.state == "terminated" and row.exit_code not in (0, None)
    return Cell(container_state(row), "red" if troubled or failed else "")


def _memory(quantity: Quantity) -> str:
    """Use of limit, such as `12Mi/64Mi`, as far as each is known."""
    limit = quantity.actual_limit or quantity.limit or quantity.allocated
    use = None if quantity.observed_usage is None else human_size(quantity.observed_usage)
    if use is None:
        return f"?/{limit}" if limit else NONE
    return f"{use}/{limit}" if limit else use


def _cpu(quantity: Quantity) -> str:
    return quantity.actual_limit or quantity.limit or NONE


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.0f}%"


def _of(limit: Limit) -> str:
    if limit.used is None and limit.limit is None:
        return NONE
    used = "?" if limit.used is None else str(limit.used)
    return used if limit.limit is None else f"{used}/{limit.limit}"


def _requests(row: Container) -> str:
    wanted = {"cpu": row.resources.cpu.request, "memory": row.resources.memory.request}
    return ", ".join(f"{name} {value}" for name, value in wanted.items() if value) or NONE


def _restarts_when(row: Container) -> str:
    """Its own restartPolicy and the rules that come before it."""
    return "; ".join([*row.restart_rules, *filter(None, [row.restart_policy])]) or NONE


def _look(row: Container) -> Cell:
    look = row.observation
    if row.state != "running":
        return Cell(NONE)
    if look.through and look.state != "unobservable":
        return Cell(f"{look.state} via {look.through}")
    return Cell(look.state, "" if look.state == "observed" else "yellow")


CONTAINER: tuple[Column, ...] = (
    Column("NAME", lambda row, _: row.name),
    Column("KIND", lambda row, _: row.kind),
    Column("STATE", lambda row, _: _state(row)),
    Column("READY", lambda row, _: yes_no(row.ready)),
    Column("RESTARTS", lambda row, _: str(row.restart_count)),
    Column("MEMORY", lambda row, _: _memory(row.resources.memory)),
    Column("LOOK", lambda row, _: _look(row)),
    Column("IMAGE", lambda row, _: text_or_none(row.image)),
    Column("REQUESTS", lambda row, _: _requests(row), wide=True),
    Column("CPU-LIMIT", lambda row, _: _cpu(row.resources.cpu), wide=True),
    Column("THROTTLED", lambda row, _: _share(row.resources.throttled_share), wide=True),
    Column("OOM-KILLS", lambda row, _: text_or_none(row.resources.oom_kills), wide=True),
    Column("PIDS", lambda row, _: _of(row.pids), wide=True),
    Column("FILES", lambda row, _: _of(row.files), wide=True),
    Column("USER", lambda row, _: text_or_none(row.user), wide=True),
    Column("STARTED", lambda row, now: ago(row.started_at, now), wide=True),
    Column("POLICY", lambda row, _: text_or_none(row.image_pull_policy.value), wide=True),
    Column("RESTART-POLICY", lambda row, _: _restarts_when(row), wide=True),
    Column("SECURITY", lambda row, _: "; ".join(row.security) or NONE, wide=True),
    Column("INJECTED-BY", lambda row, _: text_or_none(row.injected_by), wide=True),
    Column("MESSAGE", lambda row, _: text_or_none(row.message), wide=True, prose=True),
)

_LOG_TAIL = 5
_LONG = 60


def grids(found: Sequence[Container]) -> list[Grid]:
    """Its tables."""
    return [Grid(CONTAINER, found)]


def block(found: Sequence[Container], page: Page) -> list[str]:
    """A table, then per container its message, what it waits for, and its last log lines."""
    if not found:
        return ["Containers: none"] if page.everything else []
    lines = ["Containers:", *page.table(CONTAINER, found)]
    for container in found:
        lines += _trouble(container, page)
    return lines


def _ways(look: ObservationReport, page: Page) -> list[str]:
    """The ways in, where an exec found no shell."""
    blind = any(way.reason == NO_SHELL for way in look.ways)
    if not page.wide and (look.state != "unobservable" or not blind):
        return []
    lines: list[str] = []
    for way in look.ways:
        known = len(way.reason) > _LONG and way.reason in look.reason and not page.wide
        reason = ABOVE if known else way.reason
        lines += page.say(f"{way.way} ({way.state}): {reason}", 2 * INDENT)
    return lines


def _trouble(container: Container, page: Page) -> list[str]:
    lines: list[str] = []
    if container.waits_for:
        lines += page.say(f"{container.name} waits for {container.waits_for}")
    # How long the back-off is, and when it ends, stands with the restarts.
    looping = container.reason == LOOPING and not page.everything
    if page.news(container.message) and not page.wide and not looping:
        lines += page.say(f"{container.name}: {container.message}")
    look = container.observation
    if look.state != "observed" and container.state == "running" and look.reason:
        needs = f"; needs {look.needs}" if look.needs else ""
        lines += page.say(f"{container.name} was not checked inside: {look.reason}{needs}")
    lines += _ways(look, page)
    logs = container.recent_logs if page.everything else container.recent_logs[-_LOG_TAIL:]
    if any(page.everything or (page.news(line) and line not in page.logged) for line in logs):
        lines += page.say(f"{container.name} says:")
        lines += page.verbatim(logs, 2 * INDENT)
    return lines
