"""A time axis that leaves out what is long and empty, and says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

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


class Piece(NamedTuple):
    """A stretch that is drawn to scale: seconds since 1970, and its place from 0 to 1."""

    start: float
    end: float
    left: float
    right: float


class Break(NamedTuple):
    """What is left out between two pieces: its seconds, and the place of the sign for it."""

    seconds: float
    left: float
    right: float


class Tick(NamedTuple):
    """A moment that is written below the axis."""

    place: float
    label: str


class Axis(NamedTuple):
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
