"""Pictures of the page: what they are made of, and a time axis at its place in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from markupsafe import Markup, escape
from msgspec import Struct

from kubectl_podx.sections.timeline.lanes import Axis
from kubectl_podx.view.escape import clean

_LONGEST_TEXT = 300

# About the width of a character of the page's 12 px font.
_CHARACTER = 6.6


def element(name: str, /, *children: str | Markup, **attributes: object) -> Markup:
    """One element. Children are escaped unless they are markup; `class_` is the attribute class.

    No style attribute: the page's policy forbids them, its sheet gives every class its look.
    """
    words = [name]
    for key, value in attributes.items():
        if value is not None:
            text = f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
            words.append(f'{key.rstrip("_").replace("_", "-")}="{safe(text)}"')
    inner = "".join(safe(child) for child in children)
    return Markup(f"<{' '.join(words)}>{inner}</{name}>")  # noqa: S704 - escaped above


def safe(text: str | Markup, limit: int = _LONGEST_TEXT) -> Markup:
    """The text cleaned and escaped; markup as it is."""
    return text if isinstance(text, Markup) else escape(clean(text, limit))


def label(x: float, y: float, content: str, width: float | None = None, **more: object) -> Markup:
    """A line of text, cut where it is longer than `width` pixels; its whole then is a tooltip."""
    shown = fitted(content, width) if width is not None else content
    children: list[str | Markup] = [shown]
    if shown != content:
        children.append(tooltip(content))
    return element("text", *children, x=float(x), y=float(y), **more)


def fitted(content: str, width: float) -> str:
    """The text cut to about `width` pixels."""
    most = max(1, int(width / _CHARACTER))
    return content if len(content) <= most else content[: most - 1] + "…"


def width_of(content: str) -> float:
    """About how wide a text is, in pixels."""
    return len(content) * _CHARACTER


def tooltip(content: str) -> Markup:
    """What a pointer that rests on the element is told, and a screen reader."""
    return element("title", content)


def picture(
    name: str, title: str, description: str, height: float, body: Iterable[Markup]
) -> Markup:
    """The whole picture, 960 wide, with a title and a description for who cannot see it."""
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", Markup("").join([safe(description, 4000)]), id=f"{name}-desc"),
        *body,
        viewBox=f"0 0 960 {height:.0f}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        class_="picture",
    )


_APART = 8.0


class Scale(Struct, frozen=True):
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
