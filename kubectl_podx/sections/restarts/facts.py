"""Restarts: per container why the last instance ended, with the evidence, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.parts import NONE, BackOff, Evidence, Fact
from kubectl_podx.model.raw import items, one_line, text
from kubectl_podx.model.words import RestartCause
from kubectl_podx.pod.kills import RESET_SECONDS, backoff
from kubectl_podx.pod.pod import LOOPING, ContainerEntry
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.probe_words import in_brief
from kubectl_podx.pod.view import PodView, event_count
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.restarts.termination.causes import decide
from kubectl_podx.sections.restarts.termination.conclusion import Conclusion, signal_name
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses, collect
from kubectl_podx.view.units import spell_seconds, times

if TYPE_CHECKING:
    from kubectl_podx.sections.restarts.crash_line import CrashLine

_LONGEST_QUOTE = 100


def subject(w: Witnesses) -> str:
    """`app`, `init container setup`, `sidecar proxy`."""
    word = {"init": "init container ", "sidecar": "sidecar ", "ephemeral": "ephemeral container "}
    return f"{word.get(w.entry.kind, '')}{w.entry.name}"


def sentence(
    view: PodView,
    w: Witnesses,
    found: Conclusion,
    pause: BackOff | None,
    crash: CrashLine | None,
) -> str:
    """`app was killed by its liveness probe (…): restarted 4 times in 2 min, next start in 9 s`."""
    quote = _quote(w, found, crash)
    head = f"{subject(w)} {found.hedged}{quote}"
    after = _next(view, w, pause) or _for_good(view, w, found)
    tail = [part for part in (_restarted(view, w), after) if part]
    return f"{head}: {', '.join(tail)}" if tail else head


def tempo(view: PodView, w: Witnesses) -> str:
    """`4 times in 2 min`: how fast, not only how often. Empty at count 0.

    The span is that of the container's Started events where they hold every start, else from the
    moment the kubelet took the pod.
    """
    if not w.restart_count:
        return ""
    span = _span(view, w)
    return times(w.restart_count) + (f" in {spell_seconds(span)}" if span is not None else "")


def _span(view: PodView, w: Witnesses) -> float | None:
    end = w.entry.started_at
    if end is None and w.instance is not None:
        end = w.instance.finished_at
    started = [e for e in view.events_of(w.entry) if text(e, "reason") == "Started"]
    firsts = [first for first, _ in map(event_span, started) if first]
    begin = parse_time(view.api.started_at)
    if firsts and sum(event_count(event) for event in started) > w.restart_count:
        begin = min(firsts)
    if begin is None or end is None or end < begin:
        return None
    return (end - begin).total_seconds()


def _restarted(view: PodView, w: Witnesses) -> str:
    return f"restarted {tempo(view, w)}" if w.restart_count else ""


def _next(view: PodView, w: Witnesses, pause: BackOff | None) -> str:
    """What comes after this end: the next start, or how long it has been running again."""
    running = w.entry.started_at
    if running is not None and view.now is not None:
        return f"running again for {spell_seconds((view.now - running).total_seconds())}"
    if pause is not None and pause.delay is not None:
        due = parse_time(pause.next)
        if due is None or view.now is None:
            return f"back-off of {spell_seconds(pause.delay)}"
        left = (due - view.now).total_seconds()
        return f"next start in {spell_seconds(left)}" if left > 0 else "the next start is due"
    return ""


_STOPPED: frozenset[RestartCause] = frozenset({"livenessProbe", "startupProbe", "resize", "signal"})


def _for_good(view: PodView, w: Witnesses, found: Conclusion) -> str:
    """Why the kubelet does not start it again, where that is another rule than the pod's policy."""
    if w.instance is None or not w.entry.terminated or w.pod_end or w.restarts or w.after_apps:
        return ""
    if view.api.terminating or w.entry.kind not in ("app", "sidecar"):
        return ""
    code, own = w.instance.exit_code, text(w.entry.spec, "restartPolicy")
    if own and items(w.entry.spec, "restartPolicyRules") and not w.rule:
        return f"not started again, because none of its restartPolicyRules matches {code}"
    if own and own != text(view.pod, "spec", "restartPolicy"):
        return f"not started again, because its own restartPolicy is {own}"
    if w.policy == "OnFailure" and code == 0 and found.cause in _STOPPED:
        return "not started again, because exit code 0 is a success under restartPolicy OnFailure"
    return ""


def _quote(w: Witnesses, found: Conclusion, crash: CrashLine | None) -> str:
    """The program's own last words, where they are the cause behind an exit code or a signal; what
    the probe said, where it killed.
    """
    probe = {"livenessProbe": w.liveness, "startupProbe": w.startup}.get(found.cause)
    if probe is not None and probe.said:
        return f': "{in_brief(probe.said, probe.timing.timeout)}"'
    if found.cause not in ("exitCode", "signal", "completed") or w.instance is None:
        return ""
    if found.cause == "completed" and crash is None:
        return ""
    from kubectl_podx.sections.restarts.crash_line import crash_line, shortened  # noqa: PLC0415

    if crash is not None and found.cause == "completed":
        # It may be why it ended, or of something that it could do without.
        return f'; its log says "{shortened(crash.text, _LONGEST_QUOTE)}"'
    # With FallbackToLogsOnError the message is the end of the log, in several lines.
    told = crash_line(w.instance.message.split("\n")) or crash
    if told is None:
        return ""
    before = ": " if told.certain else "; its log ends with "
    return f'{before}"{shortened(told.text, _LONGEST_QUOTE)}"'


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
    crash = _told_by(logs, failed=failed) if logs and found.cause in _LOG_CAUSES else None
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


def _told_by(logs: list[str], *, failed: bool) -> CrashLine | None:
    # Its patterns take 5 ms to compile, and most pods have no such log.
    from kubectl_podx.sections.restarts.crash_line import crash_line  # noqa: PLC0415

    return crash_line(logs, failed=failed)


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
