"""Answers of a bounded size: what does not fit is left out, said, and can be asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

CHARACTERS = 3
"""Of JSON with names and numbers in it, for one token of a model: an estimate on the safe side."""
_LONGEST_TEXT = 400
_LAST = ("findings", "restarts", "rows", "verdict")
"""What is cut only when nothing else is left to cut."""
_ELLIPSIS = "…"


class Cut(Struct, frozen=True):
    """Items of a list that were left out."""

    path: str
    kept: int
    of: int


class Bounded(Struct, frozen=True):
    """What fits, and what was left out of it."""

    document: Any
    cuts: list[Cut]
    shortened: int
    """How many texts were cut."""


class _Place(Struct, frozen=True):
    """A list within the document, and where it stands."""

    path: str
    items: list[Any]
    size: int


def size(document: Any) -> int:
    """Characters of the document as JSON."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def bounded(document: Any, tokens: int) -> Bounded:
    """The plain document within this many tokens, by its longest lists cut in half.

    The document that was given is changed.
    """
    room = tokens * CHARACTERS
    shortened = 0
    whole: dict[str, int] = {}
    kept: dict[str, int] = {}
    if size(document) > room:
        shortened = _shorten(document)
    while (left := size(document)) > room:
        place = _longest(document)
        if place is None:
            break
        whole.setdefault(place.path, len(place.items))
        spare = max(1, left - room)
        # In half, or as few as what is too much is worth: the last step must not cut too deep.
        worth = max(1, place.size // max(1, len(place.items)))
        fewer = min(max(1, len(place.items) // 2), max(1, spare // worth))
        del place.items[len(place.items) - fewer :]
        kept[place.path] = len(place.items)
    return Bounded(document, [Cut(p, kept[p], n) for p, n in whole.items()], shortened)


def _longest(document: Any) -> _Place | None:
    """The list that takes most room and has something to cut."""
    found = [place for place in _lists(document, "") if place.items]
    return max(found, key=_weight, default=None)


def _weight(place: _Place) -> tuple[bool, int]:
    top = place.path.partition(".")[0].partition("[")[0]
    return top not in _LAST, place.size


def _lists(node: Any, path: str) -> Iterator[_Place]:
    """Every list that holds no longer list."""
    if isinstance(node, dict):
        for key, inner in node.items():
            yield from _lists(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        yield _Place(path, node, size(node))
        for at, inner in enumerate(node):
            if isinstance(inner, dict | list):
                yield from _lists(inner, f"{path}[{at}]")


def _shorten(node: Any) -> int:
    """Cuts every long text; how many there were."""
    count = 0
    pairs: list[tuple[Any, Any]] = []
    if isinstance(node, dict):
        pairs = list(node.items())
    elif isinstance(node, list):
        pairs = list(enumerate(node))
    for key, inner in pairs:
        if isinstance(inner, str) and len(inner) > _LONGEST_TEXT:
            node[key] = inner[: _LONGEST_TEXT - 1] + _ELLIPSIS
            count += 1
        elif isinstance(inner, dict | list):
            count += _shorten(inner)
    return count
