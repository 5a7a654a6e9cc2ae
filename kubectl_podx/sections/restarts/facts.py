"""Restarts: per container why the last instance ended, with the evidence, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import NONE, Evidence, Fact
from kubectl_podx.model.raw import one_line
from kubectl_podx.model.words import RestartCause
from kubectl_podx.pod.backoff import RESET_SECONDS, backoff
from kubectl_podx.pod.containers import LOOPING, ContainerEntry
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.restarts.crash_line import CrashLine, crash_line
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.restarts.termination.causes import decide
from kubectl_podx.sections.restarts.termination.conclusion import Conclusion
from kubectl_podx.sections.restarts.termination.exit_codes import signal_name
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses, collect
from kubectl_podx.sections.restarts.words import sentence, tempo

_LOG_CAUSES: frozenset[RestartCause] = frozenset(
    {"exitCode", "signal", "oomKilled", "postStartHook", "completed", "unknown"}
)
"""Causes that the program's own words may explain; a kill from outside is no crash."""


def build(view: PodView) -> list[Restart]:
    """One row per container, in start order, also at count 0."""
    return [restart(view, entry) for entry in view.containers]


def compared(found: list[Restart], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common."""
    for row in found:
        yield Fact(row.container, "restarts", str(row.count))
        yield Fact(row.container, "last end", row.cause or NONE)


def restart(view: PodView, entry: ContainerEntry) -> Restart:
    """The row of one container: witnesses, then the decision, then the sentence."""
    w = collect(view, entry)
    found = decide(w)
    pause = backoff(entry, view.now)
    if found is None:
        return Restart(
            container=entry.name,
            kind=entry.kind,
            count=w.restart_count,
            looping=False,
            backoff=pause,
            tempo=tempo(view, w),
        )
    logs = list(w.log)
    failed = found.cause == "exitCode"
    crash = crash_line(logs, failed=failed) if found.cause in _LOG_CAUSES else None
    loops = _looping(view, w)
    instance = w.instance
    return Restart(
        container=entry.name,
        kind=entry.kind,
        count=w.restart_count,
        explained=_explained(w, found),
        cause=found.cause,
        confidence=found.confidence,
        summary=sentence(view, w, found, pause, crash),
        evidence=_evidence(found, crash),
        exit_code=instance.exit_code if instance else None,
        signal=signal_name(instance.exit_code) if instance else "",
        reason=instance.reason if instance else "",
        started_at=_shown(instance.started_at) if instance else None,
        finished_at=_shown(instance.finished_at) if instance else None,
        duration=instance.duration if instance else None,
        termination_message=instance.message if instance else "",
        previous_logs=logs,
        crash_line=crash.text if crash else "",
        looping=loops,
        backoff=pause,
        tempo=tempo(view, w),
    )


def _explained(w: Witnesses, found: Conclusion) -> int:
    """How many of the count are accounted for: the last end, and others by events and counters."""
    return min(w.restart_count, found.accounts)


def _evidence(found: Conclusion, crash: CrashLine | None) -> list[Evidence]:
    rows = [
        Evidence(source=each.source, text=one_line(each.text, 1000), time=each.time)
        for each in found.evidence
    ]
    if crash is not None:
        rows.append(Evidence(source="logs", text=f'"{crash.text}": chosen because {crash.why}'))
    return rows


def _looping(view: PodView, w: Witnesses) -> bool:
    """It keeps going down: it waits in CrashLoopBackOff, or came back twice and not for long."""
    if w.waiting_reason == LOOPING:
        return True
    if w.restart_count < 2 or view.now is None or w.instance is None:
        return False
    if view.api.terminating:
        return False
    if w.instance.current and not w.restarts and not w.waiting_reason:
        return False
    last = _latest(w.entry.started_at, w.instance)
    if last is None or (view.now - last).total_seconds() > RESET_SECONDS:
        return False
    return w.instance.duration is None or w.instance.duration <= RESET_SECONDS


def _latest(running: datetime | None, instance: Instance) -> datetime | None:
    return running or instance.finished_at


def _shown(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
