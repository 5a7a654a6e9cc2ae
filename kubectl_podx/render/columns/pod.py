"""Columns of containers and findings."""

from __future__ import annotations

from kubectl_podx.model.report.finding import Coverage
from kubectl_podx.model.report.pod import Condition, Container, Limit, Quantity
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.layout import Cell, state_cell
from kubectl_podx.render.units import NONE, ago, human_size, text_or_none, yes_no

_GOOD_ENDS = ("Completed",)


def container_state(row: Container) -> str:
    """The word that says most: the reason of the state where there is one, else the state."""
    word = row.reason or ("no status" if row.state == "unknown" else row.state)
    if row.exit_code is not None and word not in _GOOD_ENDS:
        return f"{word} ({row.exit_code})"
    return word


def _state(row: Container) -> Cell:
    troubled = row.state == "waiting" and row.reason not in ("PodInitializing", "ContainerCreating")
    failed = row.state == "terminated" and row.exit_code not in (0, None)
    return Cell(container_state(row), "red" if troubled or failed else "")


def _memory(quantity: Quantity) -> str:
    """Use of limit, such as `12Mi/64Mi`, as far as each is known."""
    limit = quantity.limit or quantity.actual_limit or quantity.allocated
    use = None if quantity.observed_usage is None else human_size(quantity.observed_usage)
    if use is None:
        return f"?/{limit}" if limit else NONE
    return f"{use}/{limit}" if limit else use


def _cpu(quantity: Quantity) -> str:
    return quantity.limit or quantity.actual_limit or NONE


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

CONDITION: tuple[Column, ...] = (
    Column("CONDITION", lambda row, _: row.type),
    Column("STATUS", lambda row, _: row.status),
    Column("SINCE", lambda row, now: ago(row.since, now)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("MESSAGE", lambda row, _: text_or_none(row.message), prose=True),
)

FINDING: tuple[Column, ...] = (
    Column("SEVERITY", lambda row, _: state_cell(row.severity)),
    Column("CODE", lambda row, _: row.code),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("TITLE", lambda row, _: row.title),
    Column("FIX", lambda row, _: text_or_none(row.remedy)),
    Column("EVIDENCE", lambda row, _: "; ".join(row.evidence) or NONE, wide=True),
)

_NOT_SEEN = {"denied": "forbidden", "timedOut": "no answer in time"}


def coverage_line(row: Coverage) -> str:
    """`probes of app: forbidden; needs get nodes/proxy`."""
    whose = f"{row.section} of {row.container}" if row.container else row.section
    reason = row.reason or _NOT_SEEN.get(row.state, row.state)
    if row.state == "partial":
        reason = f"in part: {reason}"
    return f"{whose}: {reason}" + (f"; needs {row.needs}" if row.needs else "")


def condition_is_bad(row: Condition) -> bool:
    """Whether a pod's condition says that something is not as it should be.

    DisruptionTarget and PodResize… conditions are bad where they are True, all others where not.
    """
    if row.type in ("DisruptionTarget", "PodResizePending", "PodResizeInProgress"):
        return row.status == "True"
    return row.status != "True"
