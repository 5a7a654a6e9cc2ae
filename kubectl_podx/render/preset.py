"""What PodPresets do to a pod, in words and as a diff, and the manifests that do the same."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from kubectl_podx.render.document import to_yaml
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
