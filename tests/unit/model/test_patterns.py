"""Patterns that are compiled when they are used: all of them can be, and they do as `re` does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

import kubectl_podx
from kubectl_podx.model.patterns import lazy


def kept(value: Any) -> Iterator[Any]:
    """The late patterns in a constant of a module, which may be a table of them."""
    if type(value).__name__ == "_Lazy":
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from kept(each)
    elif isinstance(value, dict):
        yield from kept(list(value.values()))


def every_pattern() -> list[Any]:
    found: dict[int, Any] = {}
    for module in pkgutil.walk_packages(kubectl_podx.__path__, "kubectl_podx."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                found |= {id(each): each for each in kept(value)}
    return list(found.values())


def test_every_pattern_of_the_package_compiles() -> None:
    patterns = every_pattern()
    assert len(patterns) > 150
    for each in patterns:
        assert isinstance(each.pattern, str | bytes)


def test_it_is_the_pattern_that_re_makes() -> None:
    late, now = lazy(r"(?P<word>b+)", re.IGNORECASE), re.compile(r"(?P<word>b+)", re.IGNORECASE)
    text = "aBBa b"
    assert late.sub("-", text) == now.sub("-", text)
    assert late.findall(text) == now.findall(text) == ["BB", "b"]
    found = late.search(text)
    assert found is not None
    assert found["word"] == "BB"
    assert late.groupindex == {"word": 1}
    assert lazy(rb"\d+").split(b"a1b") == [b"a", b"b"]


def test_what_is_wrong_in_it_shows_with_its_first_use() -> None:
    broken = lazy("(")
    with pytest.raises(re.error):
        broken.search("")
