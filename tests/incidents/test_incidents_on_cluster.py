"""Every incident of the catalogue, brought about on the real cluster: `make incidents`."""

from __future__ import annotations

import pytest

from incidents.catalogue import EVERY, WORKLOADS
from incidents.incident import Incident
from incidents.judge import mistakes, workload_mistakes
from incidents.stage import Stage
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.sections.report import PodReport

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize("incident", EVERY, ids=[each.name for each in EVERY])
def test_what_the_report_says(incident: Incident, report: PodReport, stage: Stage) -> None:
    assert not mistakes(incident.on(stage.where), report)
    assert not stage.refused[incident.name]


@pytest.mark.parametrize("incident", WORKLOADS, ids=[each.name for each in WORKLOADS])
def test_what_the_report_on_a_workload_says(
    incident: Incident, workload_report: WorkloadReport, stage: Stage
) -> None:
    assert not workload_mistakes(incident, workload_report)
    assert not stage.refused[incident.name]
