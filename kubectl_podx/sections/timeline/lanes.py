"""The timeline as lanes on an axis, as text and page draw it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.words import TimelineKind
from kubectl_podx.pod.pod import of_type
from kubectl_podx.sections.timeline.report import TimelineEntry

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport

_MOST_BREAKS = 3
_BREAK_SHARE = 0.04

# Leaving something out is worth its price where what stays can be drawn four times as large.
_WORTH_IT = 0.75
_SHORTEST_CHART = 600.0

_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(3600, 7200, 10800, 21600, 43200),
    *(86400, 172800, 604800, 2419200, 7776000, 31536000, 157680000),
)

_DAY = 86400


class Piece(Struct, frozen=True):
    """A stretch that is drawn to scale: seconds since 1970, and its place from 0 to 1."""

    start: float
    end: float
    left: float
    right: float


class Break(Struct, frozen=True):
    """What is left out between two pieces: its seconds, and the place of the sign for it."""

    seconds: float
    left: float
    right: float


class Tick(Struct, frozen=True):
    """A moment that is written below the axis."""

    place: float
    label: str


class Axis(Struct, frozen=True):
    """Where moments stand, from 0 to 1."""

    pieces: tuple[Piece, ...]

    @property
    def start(self) -> datetime:
        """The first moment."""
        return datetime.fromtimestamp(self.pieces[0].start, UTC)

    @property
    def end(self) -> datetime:
        """The last moment."""
        return datetime.fromtimestamp(self.pieces[-1].end, UTC)

    def place(self, moment: datetime) -> float:
        """From 0 to 1; what is before or behind stands at the end, what is left out at its sign."""
        at = moment.timestamp()
        for piece in self.pieces:
            if at <= piece.end:
                share = max(0.0, at - piece.start) / ((piece.end - piece.start) or 1.0)
                return piece.left + share * (piece.right - piece.left)
        return 1.0

    def breaks(self) -> list[Break]:
        """What is left out."""
        pairs = zip(self.pieces, self.pieces[1:], strict=False)
        return [Break(b.start - a.end, a.right, b.left) for a, b in pairs]

    def ticks(self, most: int) -> list[Tick]:
        """At most about `most` round moments, in UTC; a day is named where it is another one."""
        found: list[Tick] = []
        day = None
        several_days = self.pieces[-1].end - self.pieces[0].start > _DAY
        for piece in self.pieces:
            room = max(1, round(most * (piece.right - piece.left)))
            step = next(
                (step for step in _STEPS if (piece.end - piece.start) / step <= room), _STEPS[-1]
            )
            for second in _rounds(piece, step):
                moment = datetime.fromtimestamp(second, UTC)
                text = moment.strftime("%H:%M" if step >= 60 and second % 60 == 0 else "%H:%M:%S")
                if several_days and moment.date() != day:
                    text = f"{moment:%m-%d} {text}"
                day = moment.date()
                share = (second - piece.start) / ((piece.end - piece.start) or 1.0)
                found.append(Tick(piece.left + share * (piece.right - piece.left), text))
        return found


def _rounds(piece: Piece, step: int) -> Iterator[float]:
    """The round moments of a piece; its start where there is none."""
    first = -(-piece.start // step) * step
    if first > piece.end:
        yield piece.start
        return
    while first <= piece.end:
        yield first
        first += step


def axis(moments: Iterable[datetime], start: datetime, end: datetime) -> Axis:
    """An axis from `start` to `end` on which these moments can be told apart.

    The longest stretches without any moment are left out where they would fill three quarters of
    it, three at most, and only on an axis of ten minutes or more.
    """
    first, last = start.timestamp(), max(end, start).timestamp()
    inside = {at for moment in moments if first < (at := moment.timestamp()) < last}
    edges = [first, *sorted(inside), last]
    left_out = _left_out(edges) if last - first >= _SHORTEST_CHART else frozenset()
    bounds: list[tuple[float, float]] = []
    begin = first
    for at in range(1, len(edges)):
        if at in left_out:
            bounds.append((begin, edges[at - 1]))
            begin = edges[at]
    bounds.append((begin, last))
    return Axis(tuple(_pieces(bounds)))


def _left_out(edges: list[float]) -> frozenset[int]:
    """Which stretches, by the place of their end among the edges."""
    lengths = {at: edges[at] - edges[at - 1] for at in range(1, len(edges))}
    longest = sorted(lengths, key=lambda at: (-lengths[at], at))[:_MOST_BREAKS]
    total = edges[-1] - edges[0]
    taken = 0.0
    for count, at in enumerate(longest, start=1):
        taken += lengths[at]
        if taken >= _WORTH_IT * total and count < len(lengths):
            return frozenset(longest[:count])
    return frozenset()


def _pieces(bounds: list[tuple[float, float]]) -> Iterator[Piece]:
    """A piece of one moment has a little room, too: a mark stands there."""
    shown = sum(end - start for start, end in bounds)
    least = 0.05
    room = 1.0 - _BREAK_SHARE * (len(bounds) - 1) - least * len(bounds)
    left = 0.0
    for start, end in bounds:
        width = least + room * ((end - start) / shown if shown else 1 / len(bounds))
        yield Piece(start, end, left, left + width)
        left += width + _BREAK_SHARE


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


class Span(Struct, frozen=True):
    """A state that lasted."""

    start: datetime
    end: datetime
    state: SpanState
    label: str


class Mark(Struct, frozen=True):
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


class Lane(Struct, frozen=True):
    """One line of the picture."""

    name: str
    kind: str
    """`pod`, `container`, `objects`, `kubelet` or `node`."""
    spans: list[Span]
    marks: list[Mark]


class Chart(Struct, frozen=True):
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
