"""What events say of probes: each Unhealthy or ProbeWarning event read into a small typed value."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

from msgspec import Struct

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.model.parts import ProbeFailure
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, one_line, text
from kubectl_podx.model.words import ProbeType
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView, event_count, event_time, per_view

COMBINED = "(combined from similar events): "
"""Put before a message after ten distinct ones of one source, object, type and reason in ten
minutes (client-go tools/record/events_cache.go); the fieldPath is not part of that key."""

FIELDS: dict[ProbeType, str] = {
    "startup": "startupProbe",
    "liveness": "livenessProbe",
    "readiness": "readinessProbe",
}
"""Probe type -> the container's field."""

# pkg/kubelet/prober/prober.go: up to 1.32 `X probe errored: E`, from 1.33 on
# `X probe errored and resulted in unknown state: E`.
_MESSAGE = lazy(
    r"(Liveness|Readiness|Startup) probe "
    r"(failed|errored and resulted in unknown state|errored|warning): ?(.*)",
    re.DOTALL,
)

# An exec's error names the program only at its end.
_LONGEST = 600


class ProbeEvent(Struct, frozen=True):
    """One event about one probe."""

    type: ProbeType
    kind: Literal["failed", "errored", "warning"]
    seen: int
    first: datetime | None
    last: datetime | None
    message: str
    """The probe's output, on one line."""
    combined: bool
    """Events of several messages, and perhaps of several containers, were merged into it."""
    output: str = ""
    """The same with its line breaks."""


def strip_combined(message: str) -> tuple[str, bool]:
    """The message without the aggregator's prefix, and whether it had one."""
    if message.startswith(COMBINED):
        return message[len(COMBINED) :], True
    return message, False


def event_span(event: Json) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment of an event. A merged event dates only these two."""
    last = parse_time(event_time(event))
    first = (
        parse_time(text(event, "firstTimestamp")) or parse_time(text(event, "eventTime")) or last
    )
    return first, last


def probe_event(event: Json) -> ProbeEvent | None:
    """The event read as one about a probe; None for any other."""
    if text(event, "reason") not in ("Unhealthy", "ProbeWarning"):
        return None
    message, combined = strip_combined(text(event, "message"))
    match = _MESSAGE.match(message)
    if match is None:
        return None
    kind: Literal["failed", "errored", "warning"] = "errored"
    if match[2] == "failed":
        kind = "failed"
    elif match[2] == "warning":
        kind = "warning"
    first, last = event_span(event)
    types: dict[str, ProbeType] = {
        "Liveness": "liveness",
        "Readiness": "readiness",
        "Startup": "startup",
    }
    return ProbeEvent(
        types[match[1]],
        kind,
        event_count(event),
        first,
        last,
        one_line(match[3], _LONGEST),
        combined,
        match[3],
    )


def probe_events(view: PodView, entry: ContainerEntry, kind: ProbeType) -> list[ProbeEvent]:
    """The events about this probe, oldest first.

    A combined event may hold other containers' failures, so it counts only where no other
    container of the pod has a probe of this type.
    """
    alone = _probed(view)[kind] <= {entry.name}
    found = (probe_event(event) for event in view.events_of(entry))
    return [each for each in found if each and each.type == kind and (alone or not each.combined)]


@per_view
def _probed(view: PodView) -> dict[ProbeType, set[str]]:
    """The containers that have a probe of each type."""
    return {
        kind: {entry.name for entry in view.containers if dig(entry.spec, field)}
        for kind, field in FIELDS.items()
    }


def failure_rows(events: list[ProbeEvent]) -> list[ProbeFailure]:
    """The events as rows of the report, oldest first."""
    return [
        ProbeFailure(
            kind=event.kind,
            count=event.seen,
            first=format_time(event.first) if event.first else None,
            last=format_time(event.last) if event.last else None,
            message=event.message,
        )
        for event in events
    ]


def counter_of(view: PodView, container: str, kind: ProbeType) -> ProbeCounter | None:
    """The kubelet's counter of this probe; None where there is none or none could be read."""
    return next(
        (
            counter
            for counter in view.captured.probe_counters or []
            if counter.container == container and counter.type.lower() == kind
        ),
        None,
    )
