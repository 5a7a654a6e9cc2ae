"""Whether the pod's sandbox was made anew: then every container ends, whatever its exit code."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.raw import dig, items, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.view import PodView, per_view
from kubectl_podx.sections.restarts.termination.exit_codes import stop_signal
from kubectl_podx.sections.restarts.termination.instance import Instance

_SECOND = timedelta(seconds=1)
_FIRST = timedelta(seconds=7)
_BEFORE = timedelta(seconds=5)
_AFTER = timedelta(seconds=60)


class SandboxWitness(NamedTuple):
    """What speaks for a new sandbox at the end of one instance."""

    event: bool
    """A SandboxChanged event at that moment; else only what the status dates."""
    evidence: tuple[Evidence, ...]


def sandbox_witness(
    view: PodView, entry: ContainerEntry, instance: Instance
) -> SandboxWitness | None:
    """A SandboxChanged event between this end and the next start, or init containers that ran
    again after it, or a condition that dates one. None without any.

    Completed init containers run again only in a new sandbox (or with RestartAllContainers), not
    after a restart of an app container or of the kubelet.
    """
    ended = instance.finished_at
    if ended is None or entry.kind == "ephemeral":
        return None
    evidence = []
    end = max(instance.next_start or ended, ended) + _BEFORE
    end = min(end, ended + _AFTER) if instance.next_start is None else end
    for event in view.events:
        if text(event, "reason") != "SandboxChanged":
            continue
        for moment in event_span(event):
            if moment and ended - _BEFORE <= moment <= end:
                words = text(event, "message")
                evidence.append(Evidence(source="event", text=words, time=format_time(moment)))
                break
    seen = bool(evidence)
    evidence += [*_init_again(view, entry, instance), *_ready_to_start(view, instance, end)]
    return SandboxWitness(seen, tuple(evidence)) if evidence else None


def sandbox_kept(view: PodView, entry: ContainerEntry, instance: Instance) -> bool:
    """Whether the sandbox that this instance ran in is still there: then no new one ended it.

    A new sandbox dates PodReadyToStartContainers anew, ends every container, and lets the init
    containers run again. Servers before 1.29 have no such condition: there an exit code that a
    stop does not leave behind must do.
    """
    ended, began = instance.finished_at, instance.started_at
    if ended is None:
        return False
    for name, kind, since, running, done in _lives(view):
        lived_on = since and since < ended and (running or (done and done > ended))
        if name != entry.name and lived_on:
            return True
        if kind == "init" and entry.kind != "init" and done and began and done <= began:
            return True
    for condition in items(view.pod, "status", "conditions"):
        if text(condition, "type") == "PodReadyToStartContainers":
            since = parse_time(dig(condition, "lastTransitionTime"))
            return text(condition, "status") == "True" and since is not None and since < ended
    if not view.older_than(1, 29):
        return False
    code = instance.exit_code
    return code not in (0, 255) and not stop_signal(code)


class _Life(NamedTuple):
    """When a container's newest instance ran."""

    name: str
    kind: str
    since: datetime | None
    running: datetime | None
    done: datetime | None


@per_view
def _lives(view: PodView) -> list[_Life]:
    found: list[_Life] = []
    for other in view.containers:
        running = other.started_at
        end = other.terminated
        since = running or (end.started_at if end else None)
        done = end.finished_at if end else None
        found.append(_Life(other.name, other.kind, since, running, done))
    return found


def _init_again(view: PodView, entry: ContainerEntry, instance: Instance) -> list[Evidence]:
    """Init containers before this one that ran after it: they had all ended before it started."""
    found: list[Evidence] = []
    if entry.kind == "init" or instance.finished_at is None or instance.started_at is None:
        return found
    for other in view.containers:
        if other.name == entry.name:
            break
        began = other.terminated.started_at if other.terminated else None
        if other.kind == "init" and began and began >= instance.finished_at:
            words = f"init container {other.name} ran again after this end"
            found.append(Evidence(source="status", text=words, time=format_time(began)))
    return found


def _ready_to_start(view: PodView, instance: Instance, end: datetime) -> list[Evidence]:
    """The condition that a sandbox with network is there turned True at this end.

    A new sandbox comes after the old one's containers have ended. The kubelet writes the condition
    a few seconds late (seen on 1.37): soon after the start it may still be the first sandbox's.
    """
    ended, started = instance.finished_at, instance.started_at
    if ended is None or started is None:
        return []
    begin = max(ended - _SECOND, started + _FIRST)
    for condition in items(view.pod, "status", "conditions"):
        since = parse_time(dig(condition, "lastTransitionTime"))
        if (
            text(condition, "type") == "PodReadyToStartContainers"
            and text(condition, "status") == "True"
            and since
            and begin <= since <= end
        ):
            words = "PodReadyToStartContainers turned True again: a new sandbox"
            return [Evidence(source="status", text=words, time=format_time(since))]
    return []
