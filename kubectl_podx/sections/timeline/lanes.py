"""The timeline's entries as lanes: one of the pod, one per container, one for writes.

A lane has spans, which last, and marks, which happen. Between what is recorded nothing is made up:
a stretch of which the API keeps no record is a span of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import TimelineKind
from kubectl_podx.pod.pod import of_type
from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.view.axis import Axis, axis

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport

SpanState = Literal["running", "waiting", "untold", "ready", "notReady", "completed"]

_LANE_OF: dict[str, str] = {"source": "objects", "volume": "kubelet", "node": "node"}
"""The lanes besides pod and containers: writes of ConfigMaps and Secrets, the kubelet's writes."""
_SHOWN: tuple[TimelineKind, ...] = (
    "ended",
    "killing",
    "probe",
    "warning",
    "completed",
    "started",
    "source",
    "volume",
    "certificate",
    "node",
    "pod",
)
"""What is drawn, the most important first; the list has everything."""


class Span(NamedTuple):
    """A state that lasted."""

    start: datetime
    end: datetime
    state: SpanState
    label: str


class Mark(NamedTuple):
    """Something that happened; `first` where it happened several times from then on."""

    time: datetime
    first: datetime | None
    kind: TimelineKind
    label: str
    times: int

    @property
    def rank(self) -> int:
        """Smaller is more important."""
        return _SHOWN.index(self.kind) if self.kind in _SHOWN else len(_SHOWN)


class Lane(NamedTuple):
    """One line of the picture."""

    name: str
    kind: str
    """`pod`, `container`, `objects`, `kubelet` or `node`."""
    spans: list[Span]
    marks: list[Mark]


class Chart(NamedTuple):
    """The picture, without its look."""

    axis: Axis
    lanes: list[Lane]
    gaps: list[Mark]
    """What is known to be missing, in words."""


def chart(report: PodReport) -> Chart | None:
    """The lanes of a report's timeline; None where it has no dated fact."""
    entries = [(entry, at) for entry in report.timeline or [] if (at := parse_time(entry.time))]
    if not entries:
        return None
    start, end = entries[0][1], entries[-1][1]
    now = parse_time(report.metadata.captured_at)
    end = max(end, now) if now else end
    lanes = [_pod_lane(report, entries, start, end)]
    lanes += [_container_lane(report, name, entries, end) for name in _containers(report, entries)]
    for kind, name in _LANE_OF.items():
        marks = list(_marks(entries, (kind,)))
        lanes += [Lane(name, name, [], marks)] if marks else []
    moments = [moment for lane in lanes for moment in _moments(lane)]
    gaps = [_mark(entry, at) for entry, at in entries if entry.kind == "gap"]
    return Chart(axis(moments, start, end), lanes, gaps)


_Entries = Sequence[tuple[TimelineEntry, datetime]]


def _moments(lane: Lane) -> Iterator[datetime]:
    for span in lane.spans:
        yield span.start
        yield span.end
    for mark in lane.marks:
        yield mark.first or mark.time
        yield mark.time


def _containers(report: PodReport, entries: _Entries) -> list[str]:
    """In the order they start, as far as that is known."""
    names = [container.name for container in report.containers or []]
    names += [entry.container for entry, _ in entries if entry.container]
    return list(dict.fromkeys(names))


def _mark(entry: TimelineEntry, at: datetime) -> Mark:
    label = f"{entry.what} (x{entry.count})" if entry.count > 1 else entry.what
    return Mark(at, parse_time(entry.first), entry.kind, label, entry.count)


def _marks(entries: _Entries, kinds: Sequence[str]) -> Iterator[Mark]:
    """Marks of these kinds. The first time of a merged event belongs to its last one."""
    kept = [(entry, at) for entry, at in entries if entry.kind in kinds]
    merged = {(entry.first, entry.kind) for entry, _ in kept if entry.first}
    for entry, at in kept:
        if entry.count > 1 or (entry.time, entry.kind) not in merged:
            yield _mark(entry, at)


def _pod_lane(report: PodReport, entries: _Entries, start: datetime, end: datetime) -> Lane:
    """Ready or not, since its condition says so; before that the API keeps nothing."""
    spans: list[Span] = []
    ready = of_type(report.pod.conditions, "Ready")
    since = parse_time(ready.since) if ready else None
    if ready is not None and since is not None:
        since = min(max(since, start), end)
        if since > start:
            spans.append(Span(start, since, "untold", "whether it was ready is not recorded"))
        reason = f" ({ready.reason})" if ready.reason else ""
        state: SpanState = "ready" if ready.status == "True" else "notReady"
        if ready.reason == "PodCompleted":
            state = "completed"
        spans.append(Span(since, end, state, f"Ready is {ready.status}{reason}"))
    elif report.pod.phase == "Pending" and start < end:
        spans.append(Span(start, end, "waiting", "Pending"))
    own = [(entry, at) for entry, at in entries if not entry.container]
    marks = _marks(own, ("pod", "warning", "probe", "killing"))
    return Lane("pod", "pod", spans, list(marks))


def _container_lane(report: PodReport, name: str, entries: _Entries, end: datetime) -> Lane:
    own = [(entry, at) for entry, at in entries if entry.container == name]
    kinds = [kind for kind in _SHOWN if kind not in _LANE_OF]
    spans = list(_spans(report, name, own, end))
    return Lane(name, "container", spans, list(_marks(own, kinds)))


def _spans(report: PodReport, name: str, own: _Entries, end: datetime) -> Iterator[Span]:
    """Runs as the status dates them, what lies between them, and what is not recorded."""
    began: datetime | None = None
    down: datetime | None = None
    untold = _untold(report, name, own)
    for entry, at in own:
        match entry.kind:
            case "started":
                if began is None and down is None and untold and own[0][1] < at:
                    yield Span(own[0][1], at, "untold", untold)
                if down is not None and down < at:
                    yield Span(down, at, "waiting", "not running")
                began, down = at, None
            case "ended" | "completed":
                if began is not None and began < at:
                    yield Span(began, at, "running", f"ran, {entry.what}")
                began, down = None, at
            case _:
                pass
    yield from _last(report, name, began, down or (own[0][1] if own else None), end)


def _untold(report: PodReport, name: str, own: _Entries) -> str:
    """What is said of earlier runs: the status dates the last one that ended, and this one."""
    gap = next((entry.what for entry, _ in own if entry.kind == "gap"), "")
    row = next((each for each in report.restarts or [] if each.container == name), None)
    ended = sum(entry.kind in ("ended", "completed") for entry, _ in own)
    if gap or row is None or row.count <= ended:
        return gap
    return "earlier runs: the status dates only the last one that ended"


def _last(
    report: PodReport, name: str, began: datetime | None, down: datetime | None, end: datetime
) -> Iterator[Span]:
    """What lasts until the moment of the capture."""
    if began is not None:
        yield Span(began, end, "running", "runs")
        return
    row = next((each for each in report.containers or [] if each.name == name), None)
    if row is None or row.state != "waiting":
        return
    down = down or parse_time(report.pod.started_at)
    if down is not None and down < end:
        yield Span(down, end, "waiting", f"waits: {row.reason or 'no reason is given'}")
