"""What PodPresets do to a pod, in words and as a unified diff."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from kubectl_podx.render.yaml import to_yaml
from kubectl_podx.view.escape import clean, clean_json

_CONTEXT = 3
_LONGEST_ENTRY = 400


class Side(NamedTuple):
    """One of the two entries that do not agree."""

    owner: str
    """`PodPreset NAME` or `the pod`."""
    entry: object


class Disagreement(NamedTuple):
    """An entry with both of its sides."""

    path: str
    sides: tuple[Side, Side]
    certain: bool = True


class Shown(NamedTuple):
    """What is said of one pod."""

    title: str
    summary: str
    details: tuple[str, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    before: object = None
    after: object = None
    """The pod; the same object as `before` where nothing changes."""


def text(shown: Shown, *, diff: bool = True, color: bool = False) -> str:
    """The verdict, its details, both sides of each conflict, and the diff unless told not to."""
    lines = [f"{clean(shown.title)}: {shown.summary}"]
    lines += [f"  {clean(detail)}" for detail in shown.details]
    for each in shown.disagreements:
        lines += _sides(each)
    if diff and shown.after is not shown.before:
        lines += _diff(shown, color=color)
    return "\n".join(lines) + "\n"


def _sides(each: Disagreement) -> Iterator[str]:
    told = "" if each.certain else "   (a hidden value: they may be the same)"
    yield f"  {clean(each.path)}{told}"
    width = max(len(side.owner) for side in each.sides) + 1
    for side in each.sides:
        entry = clean(clean_json(json.dumps(side.entry, ensure_ascii=False)), _LONGEST_ENTRY)
        yield f"    {clean(side.owner) + ':':<{width}} {entry}"


def _diff(shown: Shown, *, color: bool) -> Iterator[str]:
    before, after = (to_yaml(body).splitlines() for body in (shown.before, shown.after))
    titles = ("as it is written", "as it is created")
    yield from (
        _colored(line) if color else line
        for line in difflib.unified_diff(before, after, *titles, n=_CONTEXT, lineterm="")
    )


def _colored(line: str) -> str:
    if line.startswith(("---", "+++")):
        return f"\x1b[1m{line}\x1b[0m"
    tone = {"+": "32", "-": "31", "@": "36"}.get(line[:1])
    return f"\x1b[{tone}m{line}\x1b[0m" if tone else line


def documents(bodies: Sequence[object], output: str) -> str:
    """The pods as yaml or json: one alone, several as a List."""
    from kubectl_podx.render.document import to_json  # noqa: PLC0415 - only for -o

    whole = bodies[0] if len(bodies) == 1 else _list(bodies)
    return to_json(whole) if output == "json" else to_yaml(whole)


def _list(bodies: Iterable[object]) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "List", "items": list(bodies)}
