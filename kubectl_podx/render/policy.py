"""Manifests that a person reads before applying them: comments first, expressions as blocks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

from kubectl_podx.render.yaml import to_yaml
from kubectl_podx.view.escape import clean

_WIDTH = 96


def manifest(document: dict[str, Any], title: str = "", comments: Iterable[str] = ()) -> str:
    """One YAML document, without the line that divides it from others; title and comments first.

    Every `expression` is printed as a block; it must be plain ASCII.
    """
    blocks: list[str] = []
    lines = to_yaml(_with_marks(document, blocks)).splitlines()
    head = textwrap.wrap(clean(title), _WIDTH, initial_indent="# ", subsequent_indent="# ")
    head += [line for comment in comments for line in _comment(comment)]
    return "\n".join([*head, *(_opened(line, blocks) for line in lines)]) + "\n"


def _comment(text: str) -> list[str]:
    words = clean(text)
    return textwrap.wrap(words, _WIDTH, initial_indent="# - ", subsequent_indent="#   ")


def _mark(expression: str, blocks: list[str]) -> str:
    blocks.append(expression)
    return f"podx/block/{len(blocks) - 1}"


def _with_marks(value: Any, blocks: list[str]) -> Any:
    """A copy in which each expression is a mark; the expressions go to `blocks`."""
    if isinstance(value, dict):
        return {
            key: _mark(inner, blocks)
            if key == "expression" and isinstance(inner, str)
            else _with_marks(inner, blocks)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_with_marks(inner, blocks) for inner in value]
    return value


def _opened(line: str, blocks: list[str]) -> str:
    """The line with its mark replaced by the block that it stands for."""
    head, colon, mark = line.partition("expression: podx/block/")
    if not colon or not mark.isdigit() or int(mark) >= len(blocks):
        return line
    # The block stands to the right of its key, which may follow the dash of a list.
    indent = " " * (len(head) + 2)
    return f"{head}expression: |-\n{textwrap.indent(blocks[int(mark)], indent)}"
