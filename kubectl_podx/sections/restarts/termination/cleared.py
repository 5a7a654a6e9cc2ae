"""What excludes a probe as the end of one instance: never that an event is missing."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.model.parts import Timing
from kubectl_podx.model.raw import dig
from kubectl_podx.model.words import ProbeType
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.kills import kills_of
from kubectl_podx.pod.probe_events import FIELDS, counter_of
from kubectl_podx.pod.probes import earliest_kill
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.view.units import spell_seconds

ROUNDING = 2
"""Start and end are cut to whole seconds, and a ticker may come a little early."""


class Count(NamedTuple):
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
