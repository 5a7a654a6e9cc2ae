"""What speaks for and against a probe as the end of one instance."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.clock import format_time
from kubectl_podx.model.parts import Evidence, Timing
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import dig, mapping, number
from kubectl_podx.model.words import ProbeType
from kubectl_podx.pod.kills import kills_of
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probe_events import FIELDS, ProbeEvent, counter_of, event_span, probe_events
from kubectl_podx.pod.probes import earliest_kill, exec_probes, handler, seconds_to_action, timing
from kubectl_podx.pod.view import PodView, event_count
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.view.units import spell_seconds

_SAME_MOMENT = 1
# Go's errors at the end of a message.
_CUT_OFF = lazy(r"(?:\bEOF|connection reset by peer|broken pipe)$")
ROUNDING = 2
"""Start and end are cut to whole seconds, and a ticker may come a little early."""


class Count(Struct, frozen=True):
    """What is known of one probe's failures."""

    kind: ProbeType
    timing: Timing
    total: int
    ended: int


def cleared(view: PodView, entry: ContainerEntry, instance: Instance, seen: Count) -> str:
    """Evidence that excludes this probe: never that an event is missing.

    A short run excludes it only for the first instance: failures in a row are counted over
    instances that end by themselves, so that a later one can be killed at its first failure.
    """
    kind, times, run = seen.kind, seen.timing, instance.duration
    short = run is not None and run + ROUNDING < earliest_kill(times)
    untried = run is not None and run + ROUNDING < times.initial_delay
    least = f"it ran {spell_seconds(run or 0)}, and the {kind} probe needs "
    if untried or (short and seen.ended <= 1):
        return f"{least}{spell_seconds(earliest_kill(times))} to fail"
    if kind == "startup" and _all_started(view, entry):
        return "the kubelet counted a startup success for every instance"
    left = seen.total - _spent(view, entry, instance, kind, times)
    if left >= times.failure_threshold:
        return ""
    if _counters_cover(view, entry, instance, kind, times):
        words = " beside those of earlier kills" if left < seen.total else ""
        count = f"the kubelet counted {left} failures of the {kind} probe{words}"
        return f"{count}, fewer than a kill takes"
    if short and view.captured.probe_counters is not None:
        return f"{least}{times.failure_threshold} failures in a row: the kubelet counted {left}"
    return ""


def _spent(
    view: PodView, entry: ContainerEntry, instance: Instance, kind: ProbeType, times: Timing
) -> int:
    """Failures that killed instances before this one, by their Killing events; a lower bound."""
    kills = 0
    for kill in kills_of(view, entry):
        if kill.kind != FIELDS[kind] or instance.started_at is None:
            continue
        if kill.last and kill.last <= instance.started_at:
            kills += kill.seen
        elif kill.first and kill.first <= instance.started_at:
            kills += kill.seen - 1
    return kills * times.failure_threshold


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
    running = entry.started_at
    since = (view.now - running).total_seconds() if running and view.now else 0.0
    expected = max(0.0, instance.duration - times.initial_delay) + max(0.0, since)
    return counter.successful + counter.failed >= max(1.0, expected / times.period / 2)


def _all_started(view: PodView, entry: ContainerEntry) -> bool:
    """A startup worker idles after its success: one success for each instance that started."""
    counter = counter_of(view, entry.name, "startup")
    count = entry.restart_count
    if counter is None or not count:
        return False
    started_now = 1 if dig(entry.status, "started") is True else 0
    # With a crash between, the attempt that a success belongs to is not known: all must be there.
    return counter.successful - started_now >= count


_DEFAULT_GRACE = 30

# The recorder lets a burst of 25 events through, then one in five minutes (events_cache.go).
_BURST = 20


class ProbeWitness(Struct, frozen=True):
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
    """Events of that time are still there, and they tell of fewer failures than a kill takes. It
    excludes nothing: events are dropped; but of two causes without a witness the other one is more
    probable."""
    ended: int
    """How many instances have ended: restarts, and one more where the newest has ended too."""
    prior_kills: int
    """Killing events of this kind, whatever instance they are of."""
    fits_least: bool
    """The run was as long as it takes to kill, or longer. Else failures of instances before must
    have been added."""
    newest: bool
    """No instance came after this one whose failures would be counted with its own."""
    drops: bool
    """So many events came from the pod that newer ones may have been dropped."""
    may_end_it: bool
    """An attempt may itself make the program end: a connection that it serves last or crashes on,
    or a command that runs inside."""
    unannounced: bool
    """It ended in the second of a failure that is on record, and no Killing event is, which the
    kubelet writes then: it may have ended by itself, as a program does that an attempt makes end.
    """
    fits: bool
    """The run was as long as that of an instance whose attempts all fail: no shorter, no longer."""
    evidence: tuple[Evidence, ...]
    said: str
    """What its newest failure on record said, of whatever instance; empty where none is left."""

    @property
    def one_each(self) -> bool:
        """One failure for each end, and an attempt may itself have made it end."""
        running = 0 if self.newest or self.timing.failure_threshold > 1 else 1
        return self.may_end_it and self.total <= max(1, self.ended) + running

    @property
    def cut_off(self) -> bool:
        """Its newest failure is a connection that was taken and closed without an answer, as a
        server does that ends.
        """
        return bool(_CUT_OFF.search(self.said))

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
        known = self.near_end or self.never_succeeded or self.prior_kills > 0 or self.exact
        return self.at_threshold or self.adds_up or (self.fits_least and self.counted and known)

    @property
    def adds_up(self) -> bool:
        """The last failure, near the end, was one at which the kubelet acts, however short the run.

        A worker counts failures in a row, also over instances that end by themselves between
        (worker.go: a new container id does not reset resultRun), so without any success every
        `failureThreshold`-th failure is a kill. Seen on 1.37.
        """
        return (
            self.near_end
            and self.never_succeeded
            and self.newest
            and self.total % self.timing.failure_threshold == 0
        )

    @property
    def exact(self) -> bool:
        """Exactly the failures of one kill for each instance that ended, and it ran long enough.

        Failures that killed nobody would have to make up just that number. The instance that runs
        now may have failed as often as it takes to kill it, too.
        """
        left = self.total - max(1, self.ended) * self.timing.failure_threshold
        most = 0 if self.newest else self.timing.failure_threshold
        return self.fits_least and 0 <= left <= most

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
        inside = [instance.holds_stop(event.first), instance.holds_stop(event.last)]
        if not any(inside):
            continue
        dated += _attempts(event.seen, times, inside)
        seen = event.last if inside[1] else event.first
        last = max(filter(None, (last, seen)), default=None)
        words = f"{kind} probe failed {event.seen} times: {event.message}"
        moment = format_time(seen) if seen else None
        evidence.append(Evidence(source="event", text=words, time=moment))
    ended = max(0, entry.restart_count) + (1 if instance.current else 0)
    counter = counter_of(view, entry.name, kind)
    total = max(counter.failed if counter else 0, sum(event.seen for event in failed))
    if counter:
        words = f"{kind} probe: {counter.failed} attempts failed and {counter.successful} succeeded"
        evidence.append(
            Evidence(source="metrics", text=f"{words} since the pod began or the kubelet started")
        )
    drops = sum(event_count(event) for event in view.events) >= _BURST
    return ProbeWitness(
        kind,
        found.text,
        times,
        dated,
        last,
        total,
        cleared(view, entry, instance, Count(kind, times, total, ended)),
        _near_end(view, instance, times, last),
        total // max(1, times.failure_threshold),
        bool(counter and counter.failed and not counter.successful),
        _few(failed, times) and _events_reach_back(view, entry, instance),
        ended,
        sum(kill.seen for kill in kills_of(view, entry) if kill.kind == FIELDS[kind]),
        _fits_least(instance, times),
        instance.current,
        drops,
        not any(each.type == kind and each.reads for each in exec_probes(entry.spec)),
        not drops and _at_its_end(instance, last) and not _announced(view, entry, instance, kind),
        _fits(view, instance, times),
        tuple(evidence),
        next((event.output for event in reversed(failed) if event.output.strip()), ""),
    )


def _at_its_end(instance: Instance, last: datetime | None) -> bool:
    if last is None or instance.finished_at is None:
        return False
    return abs((instance.finished_at - last).total_seconds()) <= _SAME_MOMENT


def _announced(view: PodView, entry: ContainerEntry, instance: Instance, kind: ProbeType) -> bool:
    """Whether a Killing event of this probe, or a plain stop, is dated inside the instance."""
    return any(
        kill.kind in (FIELDS[kind], "stop") and instance.holds_stop(moment)
        for kill in kills_of(view, entry)
        for moment in (kill.first, kill.last)
    )


def _attempts(seen: int, times: Timing, inside: list[bool]) -> int:
    """How many attempts of a merged event were of this instance, at least.

    What it dates after the end is of the instance that runs now, which lives, and so has failed
    less often than it takes to kill it.
    """
    if all(inside):
        return seen
    return max(1, seen - times.failure_threshold + 1) if inside[0] else 1


def _few(failed: list[ProbeEvent], times: Timing) -> bool:
    return sum(event.seen for event in failed) < times.failure_threshold


def _events_reach_back(view: PodView, entry: ContainerEntry, instance: Instance) -> bool:
    """Whether some event of the container is dated inside the instance, or starts it."""
    return any(
        instance.holds(moment) for event in view.events_of(entry) for moment in event_span(event)
    )


def _near_end(view: PodView, instance: Instance, times: Timing, last: datetime | None) -> bool:
    if last is None or instance.finished_at is None:
        return False
    wait = (instance.finished_at - last).total_seconds()
    return wait <= _grace(view, times) + times.period + times.timeout + ROUNDING


def _fits_least(instance: Instance, times: Timing) -> bool:
    run = instance.duration
    return run is not None and run >= earliest_kill(times) - ROUNDING


def _fits(view: PodView, instance: Instance, times: Timing) -> bool:
    if instance.duration is None or not _fits_least(instance, times):
        return False
    longest = times.initial_delay + seconds_to_action(times) + _grace(view, times) + ROUNDING
    return instance.duration <= longest


def _grace(view: PodView, times: Timing) -> float:
    """Seconds between the stop signal and SIGKILL: the probe's own, else the pod's."""
    if times.termination_grace_period is not None:
        return times.termination_grace_period
    declared = number(view.pod, "spec", "terminationGracePeriodSeconds")
    return _DEFAULT_GRACE if declared is None else declared
