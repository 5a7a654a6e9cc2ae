"""What can be wrong with a document from outside: kinds of mutations, for the fuzz tests.

Each takes its choices from the generator it is given, so that a run can be made again.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

# `spoiled` nests up to eight times, up to 900 levels each.
_DEEPEST = 10_000
LIMITLESS = (10**30, -(2**63), 1e308, 2**31, -1, 0)
TIMES = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "2026-13-45T99:99:99Z", "now", "")
TEXTS = (
    "\x1b[2J",
    "../../secrets/x",
    "\u202e",
    "a" * 70_000,
    "\ud83d",
    "null",
    "{{.}}",
    "x\ny",
    "",
)
NAMES = ("__class__", "<script>", "a.b/c", "", "\x00", "metadata", "items", "password")


class Place(NamedTuple):
    """One value within a document."""

    within: Any
    key: Any


def places(value: Any) -> Iterator[Place]:
    """Each below the one that holds it. Without recursion: what is nested deeply would cost its
    depth for each of its values.
    """
    open_ = [_pairs(value)]
    while open_:
        found = next(open_[-1], None)
        if found is None:
            open_.pop()
            continue
        yield found
        each = found.within[found.key]
        if isinstance(each, dict | list):
            open_.append(_pairs(each))


def _pairs(within: Any) -> Iterator[Place]:
    keys = list(within) if isinstance(within, dict) else range(len(within))
    return (Place(within, key) for key in keys)


def gone(at: Place, _: random.Random) -> None:
    del at.within[at.key]


def another_type(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice((None, True, 7, 1.5, "x", [], {}, [[]], {"": None}, [None]))


def without_bounds(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(LIMITLESS)


def another_time(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(TIMES)


def another_text(at: Place, chance: random.Random) -> None:
    at.within[at.key] = chance.choice(TEXTS)


def nested(at: Place, chance: random.Random) -> None:
    value = at.within[at.key]
    for _ in range(chance.choice((3, 60, 900))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    at.within[at.key] = value


def very_many(at: Place, chance: random.Random) -> None:
    value, count = at.within[at.key], chance.choice((3, 50, 2000))
    if isinstance(value, dict):
        at.within[at.key] = {**value, **{f"key-{number}": "v" for number in range(count)}}
    else:
        at.within[at.key] = [*(value if isinstance(value, list) else [value])] * count


def renamed(at: Place, chance: random.Random) -> None:
    if isinstance(at.within, dict):
        at.within[chance.choice(NAMES)] = at.within.pop(at.key)
    else:
        at.within.insert(0, at.within[at.key])


def swapped(at: Place, chance: random.Random) -> None:
    other = chance.choice(list(at.within) if isinstance(at.within, dict) else range(len(at.within)))
    at.within[at.key], at.within[other] = at.within[other], at.within[at.key]


def encoded(document: Any) -> bytes:
    """The document as JSON: what was nested twice is deeper than Python calls itself."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(_DEEPEST)
    try:
        return json.dumps(document).encode()
    finally:
        sys.setrecursionlimit(limit)


KINDS: tuple[Callable[[Place, random.Random], None], ...] = (
    *(gone, another_type, without_bounds, another_time, another_text, nested, very_many),
    *(renamed, swapped),
)


def bytes_lost(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 5, 200, 1 << 20)) :]


def bytes_doubled(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[: start + 100] + data[start:]


def bytes_flipped(data: bytes, chance: random.Random) -> bytes:
    several = bytearray(data)
    for _ in range(min(len(several), chance.choice((1, 8, 100)))):
        several[chance.randrange(len(several))] = chance.randrange(256)
    return bytes(several)


def another_page(_: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"", b"null", b"[]", b"<html>", b'"x"', b"7", b"{" * 5000, b"\xff" * 90))


RAW: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(bytes_lost, bytes_doubled, bytes_flipped, another_page),
)


def spoiled(document: Any, chance: random.Random) -> None:
    """Spoils one to eight of its values, in place."""
    for _ in range(chance.choice((1, 1, 3, 8))):
        several = list(places(document))
        if several:
            chance.choice(KINDS)(chance.choice(several), chance)
