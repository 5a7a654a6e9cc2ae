"""The one sentence about a container's restarts, and their tempo."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import BackOff
from kubectl_podx.model.raw import one_line, text
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.view import PodView, event_count
from kubectl_podx.sections.restarts.crash_line import CrashLine, crash_line, shortened
from kubectl_podx.sections.restarts.termination.conclusion import Conclusion
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses
from kubectl_podx.view.units import spell_seconds, times

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
    tail = [part for part in (_restarted(view, w), _next(view, w, pause)) if part]
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


def _quote(w: Witnesses, found: Conclusion, crash: CrashLine | None) -> str:
    """The program's own last words, where they are the cause behind an exit code or a signal; what
    the probe said, where it killed.
    """
    probe = {"livenessProbe": w.liveness, "startupProbe": w.startup}.get(found.cause)
    if probe is not None and probe.said:
        return f': "{one_line(probe.said, _LONGEST_QUOTE)}"'
    if found.cause not in ("exitCode", "signal") or w.instance is None:
        return ""
    # With FallbackToLogsOnError the message is the end of the log, in several lines.
    told = crash_line(w.instance.message.split("\n")) or crash
    if told is None:
        return ""
    before = ": " if told.certain else "; its log ends with "
    return f'{before}"{shortened(told.text, _LONGEST_QUOTE)}"'
