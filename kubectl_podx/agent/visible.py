"""Hostile characters made visible in plain data: in JSON they would reach the model as they are."""

from __future__ import annotations

from typing import Any

from kubectl_podx.view.escape import clean

_LONGEST = 20_000


def visible(node: Any) -> Any:
    """The same data; characters that hide, turn round or move text stand as escapes in it."""
    if isinstance(node, str):
        return "\n".join(clean(line, _LONGEST) for line in node.split("\n"))
    if isinstance(node, dict):
        return {visible(key): visible(inner) for key, inner in node.items()}
    if isinstance(node, list):
        return [visible(inner) for inner in node]
    return node
