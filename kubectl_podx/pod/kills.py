"""Killing events and who they are about, the grace period, and when a container starts again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from kubectl_podx.model.clock import format_time, seconds_after
from kubectl_podx.model.parts import BackOff
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import number, text
from kubectl_podx.pod.pod import LOOPING, PULLED_AGAIN, ContainerEntry
from kubectl_podx.pod.probe_events import event_span, strip_combined
from kubectl_podx.pod.view import PodView, event_count

KillKind = Literal[
    "livenessProbe",
    "startupProbe",
    "definitionChanged",
    "resize",
    "postStartHook",
    "restartAllContainers",
    "stop",
]

# pkg/kubelet/kuberuntime: regular containers, init containers and sidecars differ in the first
# word and in the suffix `, will be restarted`, which is also left out where no policy restarts it.
_MESSAGES: tuple[tuple[re.Pattern[str], KillKind], ...] = (
    (lazy(r"(?:Init c|C)ontainer (\S+) failed liveness probe"), "livenessProbe"),
    (lazy(r"(?:Init c|C)ontainer (\S+) failed startup probe"), "startupProbe"),
    (lazy(r"(?:Init c|C)ontainer (\S+) definition changed"), "definitionChanged"),
    (lazy(r"(?:Init c|C)ontainer (\S+) resize requires restart"), "resize"),
    (lazy(r"FailedPostStartHook()"), "postStartHook"),
    (lazy(r"killing()$"), "restartAllContainers"),
    (lazy(r"Stopping container (\S+)"), "stop"),
)


class Kill(Struct, frozen=True):
    """One Killing event of one container."""

    kind: KillKind
    seen: int
    first: datetime | None
    last: datetime | None
    """A merged event dates only its first and its last."""
    message: str


def kills_of(view: PodView, entry: ContainerEntry) -> list[Kill]:
    """The container's Killing events, oldest first.

    A combined event may be about another container (the fieldPath is not part of its key), so
    there the message must name this one.
    """
    found = []
    for event in view.events_of(entry):
        if text(event, "reason") != "Killing":
            continue
        message, combined = strip_combined(text(event, "message"))
        for pattern, kind in _MESSAGES:
            match = pattern.match(message)
            if match and (not combined or match[1].rstrip(",") == entry.name):
                first, last = event_span(event)
                found.append(Kill(kind, event_count(event), first, last, message))
                break
    return found


class Stop(Struct, frozen=True):
    """A container that the kubelet is stopping now."""

    kill: Kill
    grace: int
    """Seconds that the kubelet gives it, preStop hook included."""
    left: float | None
    """Of them; negative if they are over; None where the time is not known."""


def stop_in_progress(view: PodView, entry: ContainerEntry) -> Stop | None:
    """The stop of this very instance that has begun and not ended: it runs, and the kubelet's
    Killing event is newer than its start. Of the start's own second it may be the stop of the
    instance before, so that is none.
    """
    started = entry.started_at
    if started is None:
        return None
    second = started + timedelta(seconds=1)
    newer = [kill for kill in kills_of(view, entry) if kill.last and kill.last >= second]
    if not newer:
        return None
    kill = newer[-1]
    # A kill by a probe has the probe's field for its kind.
    own = number(entry.spec, kill.kind, "terminationGracePeriodSeconds")
    grace = grace_period(view) if own is None else own
    left = None
    if view.now is not None and kill.last is not None:
        left = grace - (view.now - kill.last).total_seconds()
    return Stop(kill, grace, left)


DEFAULT_GRACE = 30
"""`terminationGracePeriodSeconds` where none is written (pkg/apis/core/v1/defaults.go)."""


def grace_period(view: PodView) -> int:
    """The seconds that preStop, TERM and the stop of sidecars share."""
    seconds = number(view.pod, "spec", "terminationGracePeriodSeconds")
    return DEFAULT_GRACE if seconds is None else seconds


RESET_SECONDS = 600
"""A run of more than ten minutes resets the delay (pkg/kubelet/kubelet.go, fixed)."""

_MANY_RESTARTS = 5
_HOUR = 3600


def slow_loop(
    count: int, began: datetime | None, ended: datetime | None, now: datetime | None
) -> bool:
    """Whether a container lives for some time, again and again: it went down in the last hour, five
    times or more since the pod began, and once an hour or more often.
    """
    if count < _MANY_RESTARTS or None in (began, ended, now):
        return False
    lately = (now - ended).total_seconds() <= _HOUR  # type: ignore[operator]
    return lately and (now - began).total_seconds() < _HOUR * count  # type: ignore[operator]


_DELAY = lazy(r"back-off ((?:\d+(?:\.\d+)?(?:h|ms|m|s))+) restarting failed container")
_PART = lazy(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNIT = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def delay_of(message: str) -> float | None:
    """The whole delay, in seconds, that a CrashLoopBackOff message names; None without one.

    `back-off 1m20s restarting failed container=C pod=POD_NS(UID)`: a Go duration.
    """
    match = _DELAY.search(message)
    if match is None:
        return None
    return sum(float(amount) * _UNIT[unit] for amount, unit in _PART.findall(match[1]))


def backoff(entry: ContainerEntry, now: datetime | None) -> BackOff | None:
    """The container's back-off; None where it has none now.

    The wait counts from `finishedAt` (KRM doBackOff), the message has the whole delay. Image pulls
    double from 10 s to 300 s, and no field says where they are.
    """
    reason = entry.waiting_reason
    if reason == LOOPING:
        delay = delay_of(entry.waiting_message)
        before = entry.terminated_before
        ended = before.finished_at if before else None
        due = format_time(seconds_after(ended, delay)) if ended and delay is not None else None
        return BackOff(
            delay=delay,
            next=due,
            resets="after a run of more than 10 min, or when image or resources change",
        )
    if reason in PULLED_AGAIN:
        return BackOff(
            resets="after a successful pull; between pulls it doubles from 10 s to 300 s"
        )
    started = entry.started_at
    if started and now and entry.restart_count:
        reset = started + timedelta(seconds=RESET_SECONDS)
        if now < reset:
            return BackOff(resets=f"at {format_time(reset)}, when this run has lasted 10 min")
    return None
