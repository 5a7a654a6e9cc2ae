"""Raw JSON of the API, read tolerantly: missing, null and unknown fields are no error.

Kubernetes adds fields faster than a typed client follows, so a pod stays plain JSON and every
access goes through these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_podx.model.patterns import lazy

Json = Mapping[str, Any]


def dig(value: Any, *path: str | int) -> Any:
    """The value below `path`, or None as soon as a step is missing or of another shape."""
    for step in path:
        # The most frequent call of an analysis: an object of JSON is a dict.
        if type(value) is dict:
            value = value.get(step)
        elif value is None:
            return None
        elif isinstance(value, list) and isinstance(step, int):
            if not -len(value) <= step < len(value):
                return None
            value = value[step]
        elif isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """The string below `path`; empty for anything else."""
    # By far the most frequent call, so that it has a loop of its own.
    for step in path:
        if type(value) is dict:
            value = value.get(step)
        elif value is None:
            return ""
        else:
            value = dig(value, step)
    return value if isinstance(value, str) else ""


def number(value: Any, *path: str | int) -> int | None:
    """The whole number below `path`; None for anything else (True is not a number)."""
    found = _below(value, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def items(value: Any, *path: str | int) -> list[Json]:
    """The objects of the list below `path`; what is not an object is left out."""
    found = _below(value, path)
    if not isinstance(found, list):
        return []
    # The test for the abstract class takes ten times as long, and JSON has dicts.
    return [item for item in found if type(item) is dict or isinstance(item, Mapping)]


def mapping(value: Any, *path: str | int) -> dict[str, Any]:
    """The object below `path`; empty for anything else."""
    found = _below(value, path)
    if type(found) is dict:
        return found.copy()
    return dict(found) if found is not None and isinstance(found, Mapping) else {}


def _below(value: Any, path: tuple[str | int, ...]) -> Any:
    """As `dig`, for those that have the path in one piece: to spread it takes as long as a step."""
    for step in path:
        value = value.get(step) if type(value) is dict else dig(value, step)
    return value


_LONGEST = 200
_SPACE = lazy(r"\s+")


def one_line(words: str, longest: int = _LONGEST) -> str:
    """The text on one line and not longer than that."""
    line = _SPACE.sub(" ", words).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"
