"""Objects of a file that is not applied yet, and on which of its lines a field stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.model.raw import Json, dig
from kubectl_podx.start.fields import steps
from kubectl_podx.start.report import PodStart, StartProblem

Step = str | int
Locate = Callable[[int, Sequence[Step]], int]
"""The line of a path in a document; 0 where it is not known."""


class Made(Struct, frozen=True):
    """One object of the file that makes pods, or is one."""

    key: str
    """Of its pod in the Capture."""
    kind: str
    name: str
    body: Json
    document: int
    """Its place in the file, from 0."""
    within: tuple[Step, ...]
    """Its path in that document: of an item of a List."""
    template: tuple[str, ...]
    """The path of the pod in it; empty for a pod."""


def placed(start: PodStart, made: Made, locate: Locate) -> PodStart:
    """The same with the line of the object, and of each problem."""
    line = locate(made.document, made.within)
    problems = [_placed(one, made, locate, line) for one in start.problems]
    problems.sort(key=lambda one: (one.severity != "critical", one.line))
    name = made.name or start.name
    return msgspec.structs.replace(
        start, name=name, object=f"{made.kind}/{name}", line=line, problems=problems
    )


def _placed(problem: StartProblem, made: Made, locate: Locate, line: int) -> StartProblem:
    """The paths of problems are the pod's, or, below its template, the object's own."""
    path = _path(problem, made)
    if path is None:
        return msgspec.structs.replace(problem, line=line)
    found = locate(made.document, (*made.within, *path))
    return msgspec.structs.replace(problem, line=found or line, field=_written(path))


def _path(problem: StartProblem, made: Made) -> list[Step] | None:
    if not problem.field:
        return None
    own = steps(problem.field)
    of_object = tuple(own[: len(made.template)]) == made.template
    if made.template and (of_object or dig(made.body, *own) is not None):
        return own
    below: list[Step] = [*made.template, *own]
    name = problem.object.partition("/")[2]
    found = dig(made.body, *below)
    if found is not None and (not name or not isinstance(found, str) or name in found):
        return below
    # Admission has put something before it: the value itself tells where it is declared.
    if name:
        declared = dig(made.body, *made.template)
        known = next(_search(declared, name, own[-1]), None)
        if known is not None:
            return [*made.template, *known]
    return below


def _search(
    node: Any, name: str, leaf: Step, path: tuple[Step, ...] = ()
) -> Iterator[tuple[Step, ...]]:
    """The places of this value under a key of that name."""
    if len(path) > 20:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key == leaf and value == name:
                yield (*path, key)
            yield from _search(value, name, leaf, (*path, key))
    elif isinstance(node, list):
        for at, value in enumerate(node):
            yield from _search(value, name, leaf, (*path, at))


def _written(path: Sequence[Step]) -> str:
    """`spec.template.spec.containers[0].image`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")
