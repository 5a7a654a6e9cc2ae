"""What `Killing` events say: the kubelet's own word on why it stopped a container."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from kubectl_podx.model.raw import number, text
from kubectl_podx.pod.containers import ContainerEntry
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
    (re.compile(r"(?:Init c|C)ontainer (\S+) failed liveness probe"), "livenessProbe"),
    (re.compile(r"(?:Init c|C)ontainer (\S+) failed startup probe"), "startupProbe"),
    (re.compile(r"(?:Init c|C)ontainer (\S+) definition changed"), "definitionChanged"),
    (re.compile(r"(?:Init c|C)ontainer (\S+) resize requires restart"), "resize"),
    (re.compile(r"FailedPostStartHook()"), "postStartHook"),
    (re.compile(r"killing()$"), "restartAllContainers"),
    (re.compile(r"Stopping container (\S+)"), "stop"),
)


class Kill(NamedTuple):
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


class Stop(NamedTuple):
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
