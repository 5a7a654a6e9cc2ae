"""What `Killing` events say: the kubelet's own word on why it stopped a container."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, NamedTuple

from kubectl_podx.facts.probe_events import event_span, strip_combined
from kubectl_podx.facts.view import PodView, event_count
from kubectl_podx.model.pod import ContainerEntry, text

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
