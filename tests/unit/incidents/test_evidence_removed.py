"""Taking any one piece of evidence away never makes a cause surer, nor another one proven."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from incidents.judge import RANK
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.capture import Capture
from kubectl_podx.sections.restarts.report import Restart

RECORDED = Path(__file__).resolve().parents[2] / "incidents" / "recorded"
PATHS = sorted(RECORDED.rglob("*.podx"))
_OF_AN_END = ("reason", "message", "startedAt", "finishedAt", "exitCode")
_OF_A_POD = ("conditions", "reason", "message", "startTime")


def rows(capture: Capture) -> dict[str, Restart]:
    """Of every pod: a workload's capture has several, or none."""
    reports = analyse(capture, frozenset({"restarts"})).items
    return {f"{one.pod.name} {row.container}": row for one in reports for row in one.restarts or []}


def pieces(capture: Capture) -> Iterator[tuple[str, Capture]]:
    """The capture without one piece of evidence, for every piece."""
    yield from _of_lists(capture)
    if not capture.pods:
        return
    yield from _of_the_look(capture)
    for key in capture.objects:
        if key not in {one.reference for one in capture.pods}:
            rest = {name: one for name, one in capture.objects.items() if name != key}
            yield f"object {key}", msgspec.structs.replace(capture, objects=rest)
    yield from _of_the_pod(capture)


def _of_lists(capture: Capture) -> Iterator[tuple[str, Capture]]:
    for key, stored in capture.lists.items():
        if not key.startswith("Event/"):
            continue
        for at, event in enumerate(stored.items):
            rest = [*stored.items[:at], *stored.items[at + 1 :]]
            lists = {**capture.lists, key: msgspec.structs.replace(stored, items=rest)}
            words = f"event {event.get('reason')}: {event.get('message')}"
            yield words, msgspec.structs.replace(capture, lists=lists)


def _of_the_look(capture: Capture) -> Iterator[tuple[str, Capture]]:
    pod = capture.pods[0]
    for field in ("observations", "logs", "probe_counters", "memory_usages"):
        found: list[Any] = getattr(pod, field) or []
        for at in range(len(found)):
            rest = [*found[:at], *found[at + 1 :]]
            less = msgspec.structs.replace(pod, **{field: rest})
            pods = [less, *capture.pods[1:]]
            yield f"{field}[{at}]", msgspec.structs.replace(capture, pods=pods)
    none = msgspec.structs.replace(pod, probe_counters=None)
    yield "all counters", msgspec.structs.replace(capture, pods=[none, *capture.pods[1:]])


def _of_the_pod(capture: Capture) -> Iterator[tuple[str, Capture]]:
    """Conditions and writers one by one, and every field of every end."""
    body = capture.objects[capture.pods[0].reference].body or {}
    for above, field in (("status", "conditions"), ("metadata", "managedFields")):
        for at in range(len(body.get(above, {}).get(field) or [])):
            less = copy.deepcopy(body)
            del less[above][field][at]
            yield f"{field}[{at}]", _with_pod(capture, less)
    for field in _OF_A_POD:
        if field in body.get("status", {}):
            less = copy.deepcopy(body)
            del less["status"][field]
            yield f"status.{field}", _with_pod(capture, less)
    for kind in ("containerStatuses", "initContainerStatuses"):
        for at, status in enumerate(body.get("status", {}).get(kind) or []):
            for where in ("state", "lastState"):
                for field in _OF_AN_END:
                    if field in (status.get(where) or {}).get("terminated", {}):
                        less = copy.deepcopy(body)
                        del less["status"][kind][at][where]["terminated"][field]
                        yield f"{kind}[{at}].{where}.{field}", _with_pod(capture, less)


def _with_pod(capture: Capture, body: dict[str, Any]) -> Capture:
    key = capture.pods[0].reference
    stored = msgspec.structs.replace(capture.objects[key], body=body)
    return msgspec.structs.replace(capture, objects={**capture.objects, key: stored})


@pytest.mark.parametrize("path", PATHS, ids=[path.stem for path in PATHS])
def test_no_piece_that_is_gone_makes_a_cause_surer(path: Path) -> None:
    whole = read_bundle(path)
    before = rows(whole)
    wrong = []
    for piece, part in pieces(whole):
        for name, row in rows(part).items():
            was = before[name]
            if RANK[row.confidence] > RANK[was.confidence]:
                wrong.append(
                    f"{piece}: {was.cause} {was.confidence} became {row.cause} {row.confidence}"
                )
            elif row.confidence == was.confidence == "proven" and row.cause != was.cause:
                wrong.append(f"{piece}: {was.cause} became {row.cause}, both proven")
    assert wrong == []
