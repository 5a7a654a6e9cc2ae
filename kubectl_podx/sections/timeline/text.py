"""The timeline as a table, and as a compact chart of characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.escape import clean
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import ago, seconds, text_or_none

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport
    from kubectl_podx.sections.timeline.lanes import Axis, Lane, Mark


def times(row: TimelineEntry) -> str:
    """The fact, and how often it happened where that was more than once."""
    return f"{row.what} (x{row.count})" if row.count > 1 else row.what


TIMELINE: tuple[Column, ...] = (
    Column("TIME", lambda row, _: row.time),
    Column("AGE", lambda row, now: ago(row.time, now)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("WHAT", lambda row, _: times(row), prose=True),
    Column("SOURCE", lambda row, _: text_or_none(row.source), wide=True),
)


def grids(found: Sequence[TimelineEntry]) -> list[Grid]:
    """Its tables."""
    return [Grid(TIMELINE, found)]


def block(found: Sequence[TimelineEntry], page: Page) -> list[str]:
    """All dated facts, only where all is wanted: the other blocks are made of them."""
    if not page.everything:
        return []
    return ["Timeline:", *page.table(TIMELINE, found)] if found else ["Timeline: empty"]


_WIDEST = 110
_NARROWEST = 24
_LONGEST_NAME = 24
_TICK = 14

_SPANS: dict[str, tuple[str, str]] = {
    "running": ("=", "running"),
    "ready": ("=", "ready"),
    "completed": ("=", "completed"),
    "notReady": ("-", "not ready"),
    "waiting": (".", "waiting"),
    "untold": ("?", "not recorded"),
}

_MARKS: dict[str, tuple[str, str, str]] = {
    "ended": ("X", "ended", "red"),
    "killing": ("K", "killed by the kubelet", "red"),
    "probe": ("!", "probe failed", "yellow"),
    "warning": ("*", "warning", "yellow"),
    "completed": ("0", "ended with 0", ""),
    "started": ("|", "started", ""),
    "source": ("W", "object written", ""),
    "volume": ("w", "written by the kubelet", ""),
    "certificate": ("C", "certificate expired", "red"),
    "node": ("N", "node's condition", ""),
}

_TROUBLE = ("ended", "killing", "probe")
_LEFT_OUT = ":"
_TITLE = "Timeline, UTC:"


def timeline_chart(report: PodReport, page: Page) -> list[str]:
    """The chart with its axis and a legend of what is in it; empty without a dated fact.

    In the incident view only where something ended or failed: it shows nothing else.
    """
    troubled = any(entry.kind in _TROUBLE for entry in report.timeline or [])
    if not (troubled or page.everything):
        return []
    from kubectl_podx.sections.timeline.lanes import chart  # noqa: PLC0415 - most pods have no trouble

    drawn = chart(report)
    if drawn is None:
        return []
    names = [clean(lane.name, _LONGEST_NAME) for lane in drawn.lanes]
    indent = max(INDENT + max(map(len, names)) + INDENT, len(_TITLE) + 1)
    width = max(_NARROWEST, min(page.terminal.width or _WIDEST, _WIDEST) - indent)
    used: dict[str, str] = {}
    lines = [_TITLE.ljust(indent) + _scale(drawn.axis, width)]
    for name, lane in zip(names, drawn.lanes, strict=True):
        line = _line(lane, drawn.axis, width, page, used)
        lines.append(" " * INDENT + name.ljust(indent - INDENT) + line)
    legend = "   ".join(f"{sign} {meaning}" for sign, meaning in used.items())
    return [line.rstrip() for line in lines] + page.say(legend, INDENT, 0)


def _column(place: float, width: int) -> int:
    return min(width - 1, int(place * width))


def _scale(axis: Axis, width: int) -> str:
    """The labels of the axis that have room."""
    cells = [" "] * (width + _TICK)
    free = 0
    for tick in axis.ticks(max(1, width // _TICK)):
        at = _column(tick.place, width)
        if at >= free and at + len(tick.label) <= width:
            cells[at : at + len(tick.label)] = tick.label
            free = at + len(tick.label) + 1
    return "".join(cells).rstrip()


def _line(lane: Lane, axis: Axis, width: int, page: Page, used: dict[str, str]) -> str:
    """The spans, and the marks upon them; what is used is put into the legend."""
    cells = [" "] * width
    tones = [""] * width
    for span in lane.spans:
        sign, meaning = _SPANS[span.state]
        first, last = (_column(axis.place(moment), width) for moment in (span.start, span.end))
        cells[first : last + 1] = sign * (last + 1 - first)
        used.setdefault(sign, meaning)
    for each in axis.breaks():
        first, last = _column(each.left, width), _column(each.right, width)
        cells[first : last + 1] = _LEFT_OUT * (last + 1 - first)
        spans = " and ".join(seconds(one.seconds) for one in axis.breaks())
        used.setdefault(_LEFT_OUT, f"{spans} without a record, left out")
    for mark in sorted(lane.marks, key=lambda mark: -mark.rank):
        _put(mark, axis, cells, tones, used)
    return "".join(page.paint(cell, tone) for cell, tone in zip(cells, tones, strict=True)).rstrip()


def _put(mark: Mark, axis: Axis, cells: list[str], tones: list[str], used: dict[str, str]) -> None:
    if mark.kind not in _MARKS:
        return
    sign, meaning, tone = _MARKS[mark.kind]
    used.setdefault(sign, meaning)
    for moment in (mark.first, mark.time):
        if moment is not None:
            at = _column(axis.place(moment), len(cells))
            cells[at], tones[at] = sign, tone
