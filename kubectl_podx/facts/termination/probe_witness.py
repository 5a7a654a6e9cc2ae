"""What speaks for and against a probe as the end of one instance."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kubectl_podx.facts.handlers import handler
from kubectl_podx.facts.probe_events import FIELDS, event_span, probe_events
from kubectl_podx.facts.probe_timing import earliest_kill, seconds_to_action, timing
from kubectl_podx.facts.probes import counter_of
from kubectl_podx.facts.spoken import spell_seconds
from kubectl_podx.facts.termination.instance import Instance
from kubectl_podx.facts.termination.kills import kills_of
from kubectl_podx.facts.view import PodView
from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.pod import ContainerEntry, dig, mapping, number
from kubectl_podx.model.report.health import Evidence, Timing
from kubectl_podx.model.report.words import ProbeType

# Start and end are cut to whole seconds, and a ticker may come a little early.
_ROUNDING = 2
_DEFAULT_GRACE = 30


class ProbeWitness(NamedTuple):
    """One declared liveness or startup probe against one instance that has ended."""

    type: ProbeType
    text: str
    """The handler in one line."""
    timing: Timing
    failures: int
    """Failed attempts that events date inside this instance; a lower bound."""
    last: datetime | None
    """The last failure that is dated inside this instance."""
    total: int
    """Failed attempts over the pod's life, of counters or events; a lower bound."""
    cleared: str
    """Why this probe cannot have ended that instance; empty where it can have."""
    near_end: bool
    """The last dated failure was no longer before the end than a stop takes."""
    accounts: int
    """How many kills `total` is enough for."""
    never_succeeded: bool
    """The kubelet counted failures and not one success."""
    silent: bool
    """Events of that time are still there and none is of this probe. It excludes nothing: events
    are dropped; but of two causes without a witness the other one is more probable."""
    ended: int
    """How many instances have ended: restarts, and one more where the newest has ended too."""
    prior_kills: int
    """Killing events of this kind, whatever instance they are of."""
    fits: bool
    """The run was as long as that of an instance whose attempts all fail: no shorter, no longer."""
    evidence: tuple[Evidence, ...]

    @property
    def counted(self) -> bool:
        """As many failures as it takes to kill every instance that has ended."""
        return self.accounts >= max(1, self.ended)

    @property
    def explains(self) -> bool:
        """Whether the kubelet must have acted, as far as failures tell.

        A worker stops at the threshold until the next instance, so that kills cost exactly
        `failureThreshold` failures each; an instance that ends by itself costs fewer.
        """
        if self.cleared:
            return False
        known = self.near_end or self.never_succeeded or self.prior_kills > 0
        return self.at_threshold or (self.counted and known)

    @property
    def recurs(self) -> bool:
        """It killed instances before, and this one ran as long as such a kill lets it.

        Events of later kills are dropped (a burst of 25, then one in five minutes).
        """
        return not self.cleared and self.prior_kills > 0 and self.fits

    @property
    def at_threshold(self) -> bool:
        """As many failures as a kill takes are dated inside this instance, and near its end.

        The kubelet acts on that, whatever the process did afterwards.
        """
        return self.near_end and self.failures >= self.timing.failure_threshold

    @property
    def budget(self) -> str:
        """`exec cat /tmp/healthy, 3 failures in 9 s`."""
        span = spell_seconds(self.timing.period * self.timing.failure_threshold)
        count = self.timing.failure_threshold
        return f"{self.text}, {count} {'failure' if count == 1 else 'failures'} in {span}"


def probe_witness(
    view: PodView, entry: ContainerEntry, instance: Instance, kind: ProbeType
) -> ProbeWitness | None:
    """The witness of this probe; None where the container does not declare it."""
    if not isinstance(dig(entry.spec, FIELDS[kind]), dict):
        return None
    declared = mapping(entry.spec, FIELDS[kind])
    found, times = handler(declared, entry.spec), timing(declared)
    failed = [e for e in probe_events(view, entry, kind) if e.kind == "failed"]
    dated, last = 0, None
    evidence = []
    for event in failed:
        inside = [instance.holds(event.first), instance.holds(event.last)]
        if not any(inside):
            continue
        # A merged event that is not wholly inside dates one attempt here, not its count.
        dated += event.seen if all(inside) else 1
        seen = event.last if inside[1] else event.first
        last = max(filter(None, (last, seen)), default=None)
        words = f"{kind} probe failed {event.seen} times: {event.message}"
        moment = format_time(seen) if seen else None
        evidence.append(Evidence(source="event", text=words, time=moment))
    counter = counter_of(view, entry.name, kind)
    total = max(counter.failed if counter else 0, sum(event.seen for event in failed))
    if counter:
        words = f"{kind} probe: {counter.failed} attempts failed and {counter.successful} succeeded"
        evidence.append(
            Evidence(source="metrics", text=f"{words} since the pod began or the kubelet started")
        )
    return ProbeWitness(
        kind,
        found.text,
        times,
        dated,
        last,
        total,
        _cleared(view, entry, instance, kind, times, total),
        _near_end(view, instance, times, last),
        total // max(1, times.failure_threshold),
        bool(counter and counter.failed and not counter.successful),
        not failed and _events_reach_back(view, entry, instance),
        max(0, number(entry.status, "restartCount") or 0) + (1 if instance.current else 0),
        sum(kill.seen for kill in kills_of(view, entry) if kill.kind == FIELDS[kind]),
        _fits(view, instance, times),
        tuple(evidence),
    )


def _events_reach_back(view: PodView, entry: ContainerEntry, instance: Instance) -> bool:
    """Whether some event of the container is dated inside the instance, or starts it."""
    return any(
        instance.holds(moment) for event in view.events_of(entry) for moment in event_span(event)
    )


def _near_end(view: PodView, instance: Instance, times: Timing, last: datetime | None) -> bool:
    if last is None or instance.finished_at is None:
        return False
    wait = (instance.finished_at - last).total_seconds()
    return wait <= _grace(view, times) + times.period + times.timeout + _ROUNDING


def _fits(view: PodView, instance: Instance, times: Timing) -> bool:
    if instance.duration is None:
        return False
    longest = times.initial_delay + seconds_to_action(times) + _grace(view, times) + _ROUNDING
    return earliest_kill(times) - _ROUNDING <= instance.duration <= longest


def _grace(view: PodView, times: Timing) -> float:
    """Seconds between the stop signal and SIGKILL: the probe's own, else the pod's."""
    if times.termination_grace_period is not None:
        return times.termination_grace_period
    declared = number(view.pod, "spec", "terminationGracePeriodSeconds")
    return _DEFAULT_GRACE if declared is None else declared


def _cleared(
    view: PodView,
    entry: ContainerEntry,
    instance: Instance,
    kind: ProbeType,
    times: Timing,
    total: int,
) -> str:
    """Evidence that excludes this probe: never that an event is missing."""
    run = instance.duration
    if run is not None and run + _ROUNDING < earliest_kill(times):
        least = spell_seconds(earliest_kill(times))
        return f"it ran {spell_seconds(run)}, and the {kind} probe needs {least} to fail"
    if kind == "startup" and _all_started(view, entry):
        return "the kubelet counted a startup success for every instance"
    if total >= times.failure_threshold or not _counters_cover(view, entry, instance, kind, times):
        return ""
    return f"the kubelet counted {total} failures of the {kind} probe, fewer than a kill takes"


def _counters_cover(
    view: PodView, entry: ContainerEntry, instance: Instance, kind: ProbeType, times: Timing
) -> bool:
    """Whether the kubelet's counters reach back over this instance.

    They begin anew when the kubelet restarts, and an erroring probe counts nothing: at least half
    of the attempts that the running time asks for must be in them.
    """
    counter = counter_of(view, entry.name, kind)
    if counter is None or instance.duration is None or kind == "startup":
        return False
    running = parse_time(dig(entry.status, "state", "running", "startedAt"))
    since = (view.now - running).total_seconds() if running and view.now else 0.0
    expected = max(0.0, instance.duration - times.initial_delay) + max(0.0, since)
    return counter.successful + counter.failed >= max(1.0, expected / times.period / 2)


def _all_started(view: PodView, entry: ContainerEntry) -> bool:
    """A startup worker idles after its success: one success for each instance that started."""
    counter = counter_of(view, entry.name, "startup")
    count = number(entry.status, "restartCount") or 0
    if counter is None or not count:
        return False
    started_now = 1 if dig(entry.status, "started") is True else 0
    # With a crash between, the attempt that a success belongs to is not known: all must be there.
    return counter.successful - started_now >= count
