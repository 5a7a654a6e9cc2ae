"""Is a pod sick, and with what? What a person would call sick, by the pod's own status. Pure.

Sick is what keeps people awake: it does not start, goes down again and again, is not ready for
long, failed, or cannot end. A Job that has completed, a restart of long ago and a pod that has
been starting for some seconds are healthy.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import Symptom
from kubectl_podx.pod.backoff import RESET_SECONDS
from kubectl_podx.pod.containers import BEING_CREATED, IMAGE_FAILURES, LOOPING
from kubectl_podx.pod.gate import (
    ConditionGate,
    ContainerStatusGate,
    MetaGate,
    PodGate,
    SpecGate,
    StatusGate,
)
from kubectl_podx.pod.pod import STARTING_SECONDS

CREATING = 120
"""Seconds after which it takes too long to create the containers (volumes, images, network)."""
SLOW = 300
"""Seconds after which a startup probe takes too long."""
LONG_INIT = 600
"""Seconds after which an init container that still runs is stuck."""
LATELY = RESET_SECONDS
"""Seconds: a restart followed by ten minutes of running is past."""
PAST = 3600
"""Seconds after which a failed pod that its controller has replaced is litter and no incident."""
PAST_JOB = 86400
"""The same for a Job, which nobody may have looked at until the next morning."""
_OVERDUE = 60
_MANY_RESTARTS = 5

_NOBODY = MetaGate()
_NOTHING = SpecGate()
_NO_STATUS = StatusGate()


class Sick(NamedTuple):
    """What a pod suffers from."""

    symptom: Symptom
    since: str | None = None
    """RFC 3339: since when, as far as the status tells."""


def symptom(pod: PodGate, now: datetime | None) -> Sick | None:
    """The pod's symptom; None for a healthy one.

    `now` by the server's clock. Without it (a saved manifest) nothing counts as recent, and what
    is not ready counts as not ready for long.
    """
    meta, status = pod.metadata or _NOBODY, pod.status or _NO_STATUS
    if meta.deletion_timestamp is not None:
        # The timestamp has the grace period in it: it is the moment of the end.
        overdue = now is not None and _older(meta.deletion_timestamp, now, _OVERDUE)
        return Sick("terminating", meta.deletion_timestamp) if overdue else None
    if status.phase == "Succeeded":
        return None
    if status.phase == "Failed":
        return _failed(meta, status, now)
    if status.reason == "NodeLost" or status.phase == "Unknown":
        return Sick("nodeLost", _since(status, "Ready"))
    spec = pod.spec or _NOTHING
    return (
        _unscheduled(meta, spec, status, now)
        or _containers(spec, status, now)
        or _slow(spec, status, now)
        or _unready(meta, spec, status, now)
    )


def _older(moment: str | None, now: datetime | None, seconds: float) -> bool:
    """Whether that was longer ago; yes where one of the moments is not known."""
    then = parse_time(moment)
    return then is None or now is None or (now - then).total_seconds() > seconds


def _within(moment: str | None, now: datetime | None, seconds: float) -> bool:
    then = parse_time(moment)
    return then is not None and now is not None and (now - then).total_seconds() <= seconds


def _condition(status: StatusGate, kind: str) -> ConditionGate | None:
    return next((one for one in status.conditions or () if one.type == kind), None)


def _since(status: StatusGate, kind: str) -> str | None:
    found = _condition(status, kind)
    return found.last_transition_time if found else None


def _failed(meta: MetaGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """Nobody runs a failed pod again: bare ones stay sick, others until they are litter."""
    ends = [
        one.state.terminated.finished_at
        for one in status.container_statuses or ()
        if one.state and one.state.terminated and one.state.terminated.finished_at
    ]
    # A pod that was evicted before it ran has no end of a container.
    end = max(ends, default=None) or _since(status, "Ready") or status.start_time
    controller = next((one for one in meta.owner_references or () if one.controller), None)
    if controller is not None and now is not None:
        limit = PAST_JOB if controller.kind == "Job" else PAST
        if _older(end or meta.creation_timestamp, now, limit):
            return None
    return Sick("evicted" if status.reason == "Evicted" else "failed", end)


def _unscheduled(
    meta: MetaGate, spec: SpecGate, status: StatusGate, now: datetime | None
) -> Sick | None:
    if spec.node_name:
        return None
    judged = _condition(status, "PodScheduled")
    since = (judged.last_transition_time if judged else None) or meta.creation_timestamp
    gated = judged is not None and judged.reason == "SchedulingGated"
    if not _older(since, now, LONG_INIT if gated else STARTING_SECONDS):
        return None
    return Sick("unschedulable" if status.phase == "Pending" else "unknown", since)


def _every(spec: SpecGate, status: StatusGate) -> Iterator[tuple[ContainerStatusGate, bool]]:
    """Each status, init containers first, and whether it is one that has to end."""
    sidecars = {one.name for one in spec.init_containers or () if one.restart_policy == "Always"}
    for one in status.init_container_statuses or ():
        yield one, one.name not in sidecars
    for one in status.container_statuses or ():
        yield one, False


def _containers(spec: SpecGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """What a container is in: first what keeps it from running, then what it did lately."""
    lately: Sick | None = None
    for one, init in _every(spec, status):
        waiting = one.state.waiting if one.state else None
        ended = one.last_state.terminated if one.last_state else None
        reason = (waiting.reason or "") if waiting else ""
        if reason == LOOPING:
            return Sick("crashLoop", ended.finished_at if ended else None)
        if reason in IMAGE_FAILURES:
            return Sick("imagePull", _since(status, "ContainersReady") or status.start_time)
        if reason not in BEING_CREATED:
            return Sick("cannotStart", _since(status, "ContainersReady") or status.start_time)
        lately = lately or _went_down(one, spec, status, now, init=init)
    return lately


def _went_down(
    one: ContainerStatusGate,
    spec: SpecGate,
    status: StatusGate,
    now: datetime | None,
    *,
    init: bool,
) -> Sick | None:
    """A container that has just ended badly, or was restarted lately. The tempo counts."""
    at_rest = one.state.terminated if one.state else None
    if at_rest is not None and at_rest.exit_code not in (0, None):
        if spec.restart_policy == "Never":
            return Sick("failed", at_rest.finished_at)
        return Sick("restarting", at_rest.finished_at)
    ended = one.last_state.terminated if one.last_state else None
    count = one.restart_count or 0
    if ended is None or (init and at_rest is not None) or count < 1:
        return None
    ongoing = _within(ended.finished_at, now, LATELY)
    if not ongoing and count >= _MANY_RESTARTS and _within(ended.finished_at, now, PAST):
        # A slow loop: a container that lives for twenty minutes, again and again.
        begun = parse_time(status.start_time)
        ongoing = begun is not None and now is not None
        ongoing = ongoing and (now - begun).total_seconds() < PAST * count  # type: ignore[operator]
    if not ongoing:
        return None
    # A job that is restarted after it has ended well is no trouble of the moment.
    if ended.exit_code == 0 and spec.restart_policy != "Always":
        return None
    return Sick("oomKilled" if ended.reason == "OOMKilled" else "restarting", ended.finished_at)


def _slow(spec: SpecGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """It takes too long to start: an init container that does not end, containers not created."""
    for one, init in _every(spec, status):
        running = one.state.running if one.state else None
        if init and running is not None:
            stuck = now is not None and _older(running.started_at, now, LONG_INIT)
            return Sick("initStuck", running.started_at) if stuck else None
    if status.phase == "Pending" and spec.node_name and _older(status.start_time, now, CREATING):
        return Sick("stuckStarting", status.start_time or _since(status, "PodScheduled"))
    return None


def _unready(
    meta: MetaGate, spec: SpecGate, status: StatusGate, now: datetime | None
) -> Sick | None:
    """Running and not ready, for longer than a start takes; or without any status to go by."""
    if status.phase != "Running":
        told = status.phase == "Pending"
        old = _older(meta.creation_timestamp, now, STARTING_SECONDS)
        return Sick("unknown", meta.creation_timestamp) if old and not told else None
    ready = _condition(status, "Ready")
    if ready is None or ready.status == "True":
        return None
    if not _older(ready.last_transition_time, now, STARTING_SECONDS):
        return None
    within = _condition(status, "ContainersReady")
    gated = ready.reason == "ReadinessGatesNotReady"
    statuses = status.container_statuses or ()
    if not gated and within is not None and within.status == "True" and statuses:
        # The node controller writes Ready alone when a node falls silent (MarkPodsNotReady).
        return Sick("nodeLost", ready.last_transition_time)
    if spec.restart_policy not in (None, "Always") and _ended_well(statuses):
        return None
    for one in statuses:
        running = one.state.running if one.state else None
        if running is not None and not one.ready:
            patience = STARTING_SECONDS if one.started else SLOW
            if not _older(running.started_at, now, patience):
                return None
    return Sick("notReady", ready.last_transition_time)


def _ended_well(statuses: list[ContainerStatusGate] | tuple[()]) -> bool:
    """Every container that is not ready has ended with 0: a Job with a helper that still runs."""
    rest = [one.state.terminated if one.state else None for one in statuses if not one.ready]
    return bool(rest) and all(one is not None and one.exit_code == 0 for one in rest)
