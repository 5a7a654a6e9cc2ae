"""Every trouble that was reported in public is an incident with words of its own, and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from incidents.catalogue import EVERY, WORKLOADS
from incidents.catalogue.reports import REPORTS

RECORDED = Path(__file__).resolve().parents[2] / "incidents" / "recorded"
INCIDENTS = {each.name: each for each in (*EVERY, *WORKLOADS)}
SHOWN = [(report, name) for report, names in REPORTS.items() for name in names]


@pytest.mark.parametrize(("report", "name"), SHOWN, ids=[f"{one}-{two}" for one, two in SHOWN])
def test_a_report_is_an_incident_that_is_recorded(report: str, name: str) -> None:
    incident = INCIDENTS[name]
    folder = RECORDED / "workloads" if incident.target else RECORDED
    assert (folder / f"{name}.podx").is_file(), f"{report}: make incident NAME={name} RECORD=1"


@pytest.mark.parametrize(("report", "name"), SHOWN, ids=[f"{one}-{two}" for one, two in SHOWN])
def test_what_must_be_said_of_it_is_written_down(report: str, name: str) -> None:
    incident, expected = INCIDENTS[name], INCIDENTS[name].expected
    told = (*expected.words, *expected.codes, *expected.never)
    assert told or incident.healthy, report
