"""Pods broken on a real node (Kubernetes 1.37, containerd 2.4): the cause, with and without parts
of the evidence. What takes evidence away may lower the confidence, never change the cause.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import kit
from kubectl_podx.model.capture import (
    LogTail,
)
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.restarts import facts as restarts

RECORDED = Path(__file__).parent / "recorded" / "restarts.jsonl"
CASES = [json.loads(line) for line in RECORDED.read_text().splitlines()]
RANK = {"proven": 3, "likely": 2, "possible": 1, None: 0}
Case = dict[str, Any]


def view(case: Case) -> PodView:
    counters = case["counters"]
    return kit.view(
        case["pod"],
        events=case.get("events", []),
        captured_at=case["captured_at"],
        probe_counters=None if counters is None else msgspec.convert(counters, list[ProbeCounter]),
        logs=msgspec.convert(case.get("logs", []), list[LogTail]),
    )


def found(case: Case) -> dict[str, tuple[str | None, str | None]]:
    rows = {row.container: row for row in restarts.build(view(case))}
    return {name: (rows[name].cause, rows[name].confidence) for name in case["expected"]}


def without_killing(case: Case) -> Case:
    return {**case, "events": [e for e in case.get("events", []) if e["reason"] != "Killing"]}


def without_counters(case: Case) -> Case:
    return {**case, "counters": None}


def without_logs(case: Case) -> Case:
    return {**case, "logs": []}


@pytest.fixture(params=CASES, ids=[case["name"] for case in CASES])
def case(request: pytest.FixtureRequest) -> Case:
    recorded: Case = {"counters": [], **request.param}
    return recorded


def test_the_cause_of_a_recorded_pod(case: Case) -> None:
    assert {name: cause for name, (cause, _) in found(case).items()} == case["expected"]


@pytest.mark.parametrize("less", [without_killing, without_counters, without_logs])
def test_less_evidence_lowers_the_confidence_and_keeps_the_cause(
    case: Case, less: Callable[[Case], Case]
) -> None:
    """Where what is left fits two causes alike, either may be named as possible."""
    whole, part = found(case), found(less(case))
    for name, (cause, confidence) in whole.items():
        assert part[name][0] == cause or part[name][1] == "possible"
        assert RANK[part[name][1]] <= RANK[confidence]


def test_a_sentence_for_every_end(case: Case) -> None:
    for row in restarts.build(view(case)):
        assert bool(row.summary) == (row.cause is not None)
        assert "\n" not in row.summary
