"""When the kubelet tries again: the delay now, the next start, and when the delay resets."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from kubectl_podx.model.clock import format_time, seconds_after
from kubectl_podx.model.parts import BackOff
from kubectl_podx.pod.containers import LOOPING, PULLED_AGAIN, ContainerEntry

RESET_SECONDS = 600
"""A run of more than ten minutes resets the delay (pkg/kubelet/kubelet.go, fixed)."""

_DELAY = re.compile(r"back-off ((?:\d+(?:\.\d+)?(?:h|ms|m|s))+) restarting failed container")
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
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
