"""The timeline as a picture: a lane for the pod, each container, and who wrote what."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from kubectl_podx.render.html.svg import Scale, element, label, picture, tooltip, width_of
from kubectl_podx.sections.timeline.lanes import Chart, Lane, Mark, Span
from kubectl_podx.view.units import seconds

_LEFT, _RIGHT, _TOP, _ROW = 150.0, 944.0, 40.0, 42.0
_BAR = 14.0
_MOST_TICKS = 9
_LEGEND_LINE = 22.0

SPANS = {
    "ready": "ready",
    "running": "running",
    "notReady": "not ready",
    "waiting": "waiting",
    "completed": "completed",
    "untold": "not recorded",
}
"""The words for states of a span; each has its own look."""
MARKS = {
    "ended": "ended",
    "killing": "killed by the kubelet",
    "probe": "probe failed",
    "warning": "warning",
    "completed": "ended with 0",
    "started": "started",
    "source": "object written",
    "volume": "written by the kubelet",
    "certificate": "certificate expired",
    "node": "condition of the node",
    "pod": "about the pod",
}
"""The words for marks, the most important first."""


def timeline_picture(drawn: Chart, name: str) -> Markup:
    """The picture; `name` is the prefix of its identifiers."""
    bottom = _TOP + _ROW * len(drawn.lanes)
    legend, height = _legend(drawn, bottom + 14)
    scale = Scale(drawn.axis, _LEFT, _RIGHT)
    body = [
        *scale.grid(_MOST_TICKS, words=_TOP - 16, top=_TOP - 8, bottom=bottom),
        *(part for at, lane in enumerate(drawn.lanes) for part in _lane(lane, scale, at)),
        *_breaks(scale, bottom),
        *legend,
    ]
    return picture(f"{name}-timeline", "Timeline", _description(drawn), height, body)


def shape(kind: str, x: float, y: float) -> Markup:
    """The sign of a mark, about 12 px wide, its middle at this point."""
    paths = {
        "ended": "M-5,-5L5,5M5,-5L-5,5",
        "killing": "M0,-7L7,0L0,7L-7,0Z",
        "probe": "M0,-6L6.5,5.5L-6.5,5.5Z",
        "warning": "M-4.5,-4.5H4.5V4.5H-4.5Z",
        "completed": "M-5,0L-1.5,4L5.5,-4.5",
        "started": "M-4,-6L6,0L-4,6Z",
        "source": "M-5,-6H2L6,-2V6H-5Z",
        "volume": "M-6,-1L0,-7L6,-1V6H-6Z",
        "certificate": "M0,-7L6,-3V3L0,7L-6,3V-3Z",
        "node": "M-6,0L-3,-5.5H3L6,0L3,5.5H-3Z",
        "pod": "M-4,0A4,4 0 1 0 4,0A4,4 0 1 0 -4,0Z",
    }
    return element(
        "path", d=paths[kind], transform=f"translate({x:.1f},{y:.1f})", class_=f"mark {kind}"
    )


def _breaks(scale: Scale, bottom: float) -> Iterator[Markup]:
    for each in scale.axis.breaks():
        left, right = scale.across(each.left), scale.across(each.right)
        said = f"{seconds(each.seconds)} in which nothing is recorded are left out"
        yield element(
            "g",
            tooltip(said),
            element(
                *("rect",),
                x=left + 2,
                y=_TOP - 8,
                width=right - left - 4,
                height=bottom - _TOP + 8,
                class_="break",
            ),
            label(
                (left + right) / 2,
                (_TOP + bottom) / 2,
                f"{seconds(each.seconds)} left out",
                class_="tick",
                text_anchor="middle",
                transform=f"rotate(-90 {(left + right) / 2:.1f} {(_TOP + bottom) / 2:.1f})",
            ),
        )


def _lane(lane: Lane, scale: Scale, at: int) -> Iterator[Markup]:
    middle = _TOP + _ROW * at + _ROW / 2
    yield element(
        "line", x1=16.0, x2=_RIGHT, y1=middle + _ROW / 2, y2=middle + _ROW / 2, class_="rule"
    )
    yield label(16, middle + 4, lane.name, _LEFT - 30, class_="lane")
    for span in lane.spans:
        yield from _span(span, scale, middle)
    for mark in sorted(lane.marks, key=lambda mark: -mark.rank):
        yield _mark(mark, scale, middle)
    for below in (False, True):
        yield from _how_often([m for m in lane.marks if _is_below(m) is below], scale, middle)


def _is_below(mark: Mark) -> bool:
    """Kills run below the bar: those of a liveness probe go together with its failures."""
    return mark.kind == "killing"


def _how_often(marks: list[Mark], scale: Scale, middle: float) -> Iterator[Markup]:
    """One number for all that happened several times on this side of the bar."""
    merged = [(mark, mark.first) for mark in marks if mark.first is not None]
    if not merged:
        return
    start = min(scale.at(first) for _, first in merged)
    end = max(scale.at(mark.time) for mark, _ in merged)
    words = f"x{sum(mark.times for mark, _ in merged)}"
    if end - start > 3 * width_of(words):
        y = middle + (_BAR / 2 + 15 if _is_below(merged[0][0]) else -_BAR / 2 - 7)
        yield label((start + end) / 2, y, words, class_="often", text_anchor="middle")


def _span(span: Span, scale: Scale, middle: float) -> Iterator[Markup]:
    left, right = scale.at(span.start), scale.at(span.end)
    width = max(2.0, right - left)
    yield element(
        "rect",
        tooltip(f"{span.label}, {span.start:%H:%M:%S} to {span.end:%H:%M:%S}"),
        x=left,
        y=middle - _BAR / 2,
        width=width,
        height=_BAR,
        rx=3.0,
        class_=f"span {span.state}",
    )


def _mark(mark: Mark, scale: Scale, middle: float) -> Markup:
    x = scale.at(mark.time)
    parts = [tooltip(f"{mark.time:%H:%M:%S} {mark.label}")]
    if mark.first is not None and mark.first < mark.time:
        start = scale.at(mark.first)
        y = middle + (_BAR / 2 + 4) * (1 if _is_below(mark) else -1)
        parts.append(
            element("path", d=f"M{start:.1f},{y:.1f}H{x:.1f}", class_=f"often {mark.kind}")
        )
        parts.append(shape(mark.kind, start, middle))
    parts.append(shape(mark.kind, x, middle))
    return element("g", *parts)


def _legend(drawn: Chart, top: float) -> tuple[list[Markup], float]:
    """What is in this picture, and where the picture ends."""
    states = {span.state for lane in drawn.lanes for span in lane.spans}
    kinds = {mark.kind for lane in drawn.lanes for mark in lane.marks}
    entries: list[tuple[str, str, bool]] = [
        *((key, words, True) for key, words in SPANS.items() if key in states),
        *((key, words, False) for key, words in MARKS.items() if key in kinds),
    ]
    x, y = 16.0, top + 12
    parts: list[Markup] = []
    for key, words, is_span in entries:
        room = 24 + width_of(words) + 18
        if x + room > _RIGHT:
            x, y = 16.0, y + _LEGEND_LINE
        if is_span:
            parts.append(
                element("rect", x=x, y=y - 9, width=18.0, height=10.0, rx=2.0, class_=f"span {key}")
            )
        else:
            parts.append(shape(key, x + 9, y - 4))
        parts.append(label(x + 24, y, words, class_="legend"))
        x += room
    return parts, y + 16


def _description(drawn: Chart) -> str:
    """The picture in words: every mark of trouble, in order."""
    told = sorted(
        (mark for lane in drawn.lanes for mark in lane.marks if mark.rank <= 3),
        key=lambda mark: mark.time,
    )
    lines = [f"{mark.time:%H:%M:%S} {mark.label}" for mark in told[:20]]
    span = seconds((drawn.axis.end - drawn.axis.start).total_seconds())
    head = f"{len(drawn.lanes)} lanes over {span}, from {drawn.axis.start:%Y-%m-%d %H:%M:%S} UTC."
    return " ".join([head, *(f"{line}." for line in lines)])
