"""Probes: what is declared, what the kubelet counted, what events remember, and the state now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.clock import format_time, seconds_after
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.model.parts import Fact, Handler, Timing
from kubectl_podx.model.raw import dig, mapping, number, one_line
from kubectl_podx.model.words import ProbeState, ProbeType, ProbeWait
from kubectl_podx.pod.kills import stop_in_progress
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probe_events import FIELDS, ProbeEvent, counter_of, failure_rows, probe_events
from kubectl_podx.pod.probes import handler, seconds_to_action, timing
from kubectl_podx.pod.start_error import start_failure
from kubectl_podx.pod.view import PodView, event_count
from kubectl_podx.sections.probes.report import Counters, LiveProbe, Probe

# A burst of 25 events and then one in five minutes passes the recorder's spam filter (client-go
# events_cache.go): an error that goes on shows at least this often, with the time of one attempt.
_BURST = 20
_ERRORS_SEEN_WITHIN = 330

# Event and status times have whole seconds.
_ROUNDING = 2
_NO_RESULT = "the kubelet has counted no result of it: an attempt hangs, or every one errors"

_TOO_FEW = (
    "the kubelet has counted far fewer results than are due: attempts hang or error, or it began "
    "to count anew"
)


class _Seen(Struct, frozen=True):
    """What the state of one probe is decided from."""

    type: ProbeType
    entry: ContainerEntry
    handler: Handler
    timing: Timing
    started_at: datetime | None
    now: datetime | None
    counter: ProbeCounter | None
    counters_read: bool
    events: list[ProbeEvent]
    """Of the running instance only, oldest first."""
    events_read: bool
    filtered: bool
    """So many events came from the pod that the recorder may have dropped newer ones."""

    @property
    def run(self) -> float | None:
        """For how many seconds the instance has been running."""
        if self.started_at is None or self.now is None:
            return None
        return max(0.0, (self.now - self.started_at).total_seconds())

    def age(self, event: ProbeEvent) -> float:
        """Seconds since the event was last seen; without a time it counts as new."""
        if event.last is None or self.now is None:
            return 0.0
        return max(0.0, (self.now - event.last).total_seconds())


class _Judged(Struct, frozen=True):
    """A probe's state, and why."""

    state: ProbeState
    reason: str
    waits_for: ProbeWait | None = None


def build(view: PodView) -> list[Probe]:
    """Every declared probe in the order of the containers: startup, liveness, readiness."""
    return [
        _probe(view, entry, kind)
        for entry in view.containers
        for kind, field in FIELDS.items()
        if isinstance(dig(entry.spec, field), dict)
    ]


def compared(found: list[Probe], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common."""
    for row in found:
        yield Fact(row.container, f"{row.type} probe", row.state)
        yield Fact(row.container, f"{row.type} handler", row.handler.text)
        if row.counters is not None:
            failed = "some failed" if row.counters.failed else "none failed"
            yield Fact(row.container, f"{row.type} attempts", failed)


def _probe(view: PodView, entry: ContainerEntry, kind: ProbeType) -> Probe:
    declared = mapping(entry.spec, FIELDS[kind])
    events = probe_events(view, entry, kind)
    started_at = entry.started_at
    seen = _Seen(
        kind,
        entry,
        handler(declared, entry.spec),
        timing(declared),
        started_at,
        view.now,
        counter_of(view, entry.name, kind),
        view.captured.probe_counters is not None,
        [event for event in events if _of_instance(event, started_at)],
        view.events_read,
        sum(event_count(event) for event in view.events) >= _BURST,
    )
    found = _off(view, seen) or _Judged(*_state(seen))
    counted = seen.counter
    return Probe(
        container=entry.name,
        type=kind,
        handler=seen.handler,
        timing=seen.timing,
        seconds_to_action=seconds_to_action(seen.timing),
        counters=Counters(successful=counted.successful, failed=counted.failed)
        if counted
        else (Counters() if seen.counters_read else None),
        recent_failures=failure_rows(events),
        state=found.state,
        reason=found.reason,
        coverage=_coverage(view, seen, events),
        live=_live(view, entry.name, kind),
        waits_for=(found.waits_for or "result") if found.state == "waiting" else None,
    )


_METHODS = {
    "exec": "inside the container",
    "podProxy": "the API server, to the pod's IP",
    "portForward": "the pod's loopback, by a port forward",
    "nowhere": "nowhere",
}


def _live(view: PodView, container: str, kind: ProbeType) -> list[LiveProbe]:
    """What `--run-probes` did, attempt by attempt."""
    return [
        LiveProbe(
            succeeded=one.result == "succeeded",
            result=one.result,
            seconds=one.seconds,
            method=_METHODS[one.start],
            detail=one.detail,
            needs=one.needs,
        )
        for one in view.captured.probe_attempts
        if one.container == container and one.type == kind
    ]


def _of_instance(event: ProbeEvent, started_at: datetime | None) -> bool:
    if event.last is None or started_at is None:
        return True
    # Times have whole seconds: what is dated with the start itself is of the instance before.
    return event.last > started_at


def _off(view: PodView, seen: _Seen) -> _Judged | None:
    """Why the kubelet does not run this probe at all now; None where it may run."""
    entry = seen.entry
    if not entry.status:
        return _Judged("unknown", "the pod has no status of this container")
    if view.api.ended:
        return _Judged("waiting", "the pod has ended: no probe runs", "pod")
    if not entry.running:
        word = entry.waiting_reason
        said = f"the container is not running{f' ({word})' if word else ''}"
        return _Judged("waiting", said, "container")
    terminating = view.api.terminating
    if terminating and seen.type != "readiness":
        said = "the pod is being deleted: liveness and startup probes have stopped"
        return _Judged("waiting", said, "pod")
    stop = stop_in_progress(view, entry)
    if stop is not None and stop.kill.kind == f"{seen.type}Probe":
        said = "it has failed often enough: the kubelet is stopping the container"
        return _Judged("failing", said)
    if stop is not None and seen.type != "readiness":
        return _Judged("waiting", "the kubelet is stopping the container", "stop")
    started = dig(entry.status, "started")
    if seen.type != "startup" and started is False:
        # While `started` is false, liveness and readiness are not executed at all (worker.go).
        gate = "its startup probe succeeds" if dig(entry.spec, "startupProbe") else "it has started"
        return _Judged("waiting", f"held back until {gate}", "startup")
    if seen.type == "startup" and started is True:
        return _Judged("passing", "it has succeeded: the container counts as started")
    delay = seen.timing.initial_delay
    if seen.run is not None and seen.run < delay and seen.started_at:
        first = seconds_after(seen.started_at, delay)
        said = f"first run at {format_time(first)} (initialDelaySeconds: {delay:g})"
        return _Judged("waiting", said, "initialDelay")
    return None


def _state(seen: _Seen) -> tuple[ProbeState, str]:
    if _named_port_missing(seen.handler):
        return "erroring", (
            f'the container declares no port named "{seen.handler.port}", so every attempt is an '
            "error, and errors never count"
        )
    if seen.type == "readiness":
        return _readiness(seen)
    if seen.type == "startup":
        return _not_succeeded(seen, "started is false")
    return _liveness(seen)


def _named_port_missing(found: Handler) -> bool:
    """A port's name that neither the container declares nor reads as a number."""
    return bool(found.port) and found.resolved_port is None


def _newest(seen: _Seen) -> ProbeEvent | None:
    return next((event for event in reversed(seen.events) if event.kind != "warning"), None)


def _reason(seen: _Seen, event: ProbeEvent) -> str:
    """The probe's output on one line, or in plain words why its command cannot be run."""
    if event.kind == "errored" and "exec" in event.message:
        return start_failure(event.message, seen.entry.spec)
    return one_line(event.message) or event.kind


def _readiness(seen: _Seen) -> tuple[ProbeState, str]:
    ready = dig(seen.entry.status, "ready")
    newest = _newest(seen)
    if ready is True:
        if newest and seen.age(newest) <= seen.timing.period + seen.timing.timeout + _ROUNDING:
            return "passing", f"ready, but the last attempt {newest.kind}: {newest.message}"
        return "passing", "the container is ready"
    if ready is False:
        return _not_succeeded(seen, "ready is false")
    return "unknown", "the status does not say whether the container is ready"


def _not_succeeded(seen: _Seen, witness: str) -> tuple[ProbeState, str]:
    """A probe that the status says has no success now: it fails, errors, or has not run yet."""
    newest = _newest(seen)
    if newest is not None:
        state: ProbeState = "failing" if newest.kind == "failed" else "erroring"
        return state, _reason(seen, newest)
    times = seen.timing
    first_result = times.initial_delay + times.period + times.timeout + _ROUNDING
    if seen.run is not None and seen.run <= first_result:
        return "waiting", f"{witness}; it has not had the time for a result yet"
    if seen.counters_read and seen.counter is None:
        # Errors are thrown away before the counter (worker.go), failures are not; and an attempt
        # that hangs, as an exec whose child keeps the pipe open does, has no result for long.
        return "unknown", f"{witness}; {_NO_RESULT}"
    return "failing", f"{witness}; no event is left that tells how it fails"


def _liveness(seen: _Seen) -> tuple[ProbeState, str]:
    newest = _newest(seen)
    times = seen.timing
    if newest is not None:
        age = seen.age(newest)
        soon = 2 * times.period + times.timeout + _ROUNDING
        within = max(_ERRORS_SEEN_WITHIN, soon) if seen.filtered else soon
        if newest.kind == "errored" and age <= within:
            return "erroring", _reason(seen, newest)
        # Every failing attempt sends an event, and enough of them in a row kill the container.
        recent = age <= times.period + times.timeout + _ROUNDING
        if newest.kind == "failed" and recent and not _succeeded_since(seen, newest):
            return "failing", _reason(seen, newest)
    long_enough = seen.run is not None and (
        seen.run > times.initial_delay + 2 * times.period + times.timeout + _ROUNDING
    )
    if seen.counters_read and seen.counter is None and long_enough:
        return "unknown", _NO_RESULT
    if seen.counter and seen.counter.successful and (long_enough or _first_instance(seen)):
        if _too_few(seen):
            return "unknown", _TOO_FEW
        return "passing", "the container lives and the kubelet counts successes"
    if not long_enough:
        return "waiting", "it has not had the time for a result yet"
    if seen.counters_read:
        return "unknown", "the container lives on, but the kubelet has counted no success of it"
    if seen.events_read:
        return (
            "unknown",
            "the container lives on, but without the kubelet's counters no success shows",
        )
    return "unknown", "neither the kubelet's counters nor the pod's events could be read"


def _too_few(seen: _Seen) -> bool:
    """Whether less than half of the attempts that the running time asks for have a result."""
    if seen.run is None or seen.counter is None:
        return False
    due = (seen.run - seen.timing.initial_delay - seen.timing.timeout) / seen.timing.period
    return seen.counter.successful + seen.counter.failed < due / 2 - _ROUNDING


def _first_instance(seen: _Seen) -> bool:
    """Whether what the kubelet has counted is all of this instance."""
    return number(seen.entry.status, "restartCount") == 0


def _succeeded_since(seen: _Seen, newest: ProbeEvent) -> bool:
    """Whether the kubelet counted more attempts than there can have been up to the last failure,
    while events date every failure that it counted. Its counters span the pod's restarts.
    """
    counter = seen.counter
    if counter is None or newest.last is None or seen.started_at is None:
        return False
    if number(seen.entry.status, "restartCount") != 0:
        return False
    dated = sum(event.seen for event in seen.events if event.kind == "failed")
    before = (newest.last - seen.started_at).total_seconds() - seen.timing.initial_delay
    most = max(0.0, before) / seen.timing.period + _ROUNDING
    return dated >= counter.failed and counter.successful + counter.failed > most


def _coverage(view: PodView, seen: _Seen, events: list[ProbeEvent]) -> str:
    parts = []
    if seen.counters_read:
        parts.append("counters of the kubelet since it started or the pod began")
    else:
        parts.append(f"no counters ({_why_no_counters(view)})")
    if not seen.events_read:
        parts.append("events could not be read")
    elif events:
        first = min((event.first for event in events if event.first), default=None)
        since = f" since {format_time(first)}" if first else ""
        parts.append(f"events{since}; they expire, are merged and are dropped")
    else:
        parts.append("no event of it is left, which proves nothing: events expire within the hour")
    return "; ".join(parts)


def _why_no_counters(view: PodView) -> str:
    for call in view.captured.calls:
        if call.kind == "metrics" and call.state != "ok":
            if call.needs:
                return f"needs {call.needs}, an optional right that amounts to root on the node"
            return call.reason or call.state
    return "reading them needs the optional right get nodes/proxy"
