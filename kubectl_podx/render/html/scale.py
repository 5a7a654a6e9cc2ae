"""A time axis at its place in a picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from kubectl_podx.render.html.svg import element, label, width_of
from kubectl_podx.view.axis import Axis

_APART = 8.0


class Scale(NamedTuple):
    """The axis between two x."""

    axis: Axis
    left: float
    right: float

    def across(self, place: float) -> float:
        """The x of a place on the axis."""
        return self.left + place * (self.right - self.left)

    def at(self, moment: datetime) -> float:
        """The x of a moment."""
        return self.across(self.axis.place(moment))

    def grid(self, most: int, *, words: float, top: float, bottom: float) -> Iterator[Markup]:
        """About `most` lines from `top` to `bottom`, each with its time at the y `words`, where it
        has room beside the one before.
        """
        free = 0.0
        for tick in self.axis.ticks(most):
            x = self.across(tick.place)
            yield element("line", x1=x, x2=x, y1=top, y2=bottom, class_="grid")
            half = width_of(tick.label) / 2
            at = min(max(x, self.left + half), self.right - half)
            if at - half >= free:
                yield label(at, words, tick.label, class_="tick", text_anchor="middle")
                free = at + half + _APART
