"""Every recorded incident of a workload, judged again."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from incidents.catalogue import WORKLOADS
from incidents.incident import Incident
from incidents.judge import workload_mistakes
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.capture import Capture

RECORDED = Path(__file__).resolve().parents[2] / "incidents" / "recorded" / "workloads"
CAPTURES = {path.stem: read_bundle(path) for path in sorted(RECORDED.glob("*.podx"))}
KNOWN = [each for each in WORKLOADS if each.name in CAPTURES]


def report_of(capture: Capture) -> WorkloadReport:
    made = document(capture, analyse(capture))
    assert isinstance(made, WorkloadReport)
    return made


def without_events(capture: Capture) -> Capture:
    lists = {
        key: msgspec.structs.replace(stored, items=[] if key.startswith("Event/") else stored.items)
        for key, stored in capture.lists.items()
    }
    return msgspec.structs.replace(capture, lists=lists)


def test_every_recording_is_of_an_incident() -> None:
    assert len(KNOWN) == len(CAPTURES) >= 25


@pytest.mark.parametrize("incident", KNOWN, ids=[each.name for each in KNOWN])
def test_what_the_report_says(incident: Incident) -> None:
    assert workload_mistakes(incident, report_of(CAPTURES[incident.name])) == []


@pytest.mark.parametrize("incident", KNOWN, ids=[each.name for each in KNOWN])
def test_without_events_nothing_is_invented(incident: Incident) -> None:
    """The events have expired: what was bad is not fine now, and what was fine is not bad."""
    whole = report_of(CAPTURES[incident.name])
    part = report_of(without_events(CAPTURES[incident.name]))
    if whole.verdict.severity == "ok":
        assert part.verdict.severity == "ok"
    if whole.verdict.severity == "critical":
        # Of one that was made seconds ago the missing pods may still come.
        assert part.verdict.severity in ("critical", "info")
    assert not [words for words in incident.expected.never if words in part.verdict.summary]
