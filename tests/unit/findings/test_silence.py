"""Findings that are silenced: by whoever runs podx, and by the pod what is not critical."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kit
from kit.reason_cases import looping
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.silence import Silence
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.render.text import text
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.layout import Terminal


def judged(annotation: str = "", **silence: Any) -> PodReport:
    """A pod that loops, and of which a warning and a note are told as well."""
    body = looping()
    if annotation:
        body["metadata"]["annotations"] = {"podx.dev/ignore": annotation}
    capture = kit.view(body).capture
    return analyse(capture, silence=Silence(**silence)).items[0]


def codes(report: PodReport) -> set[str]:
    return {one.code for one in report.findings or ()}


def test_whoever_runs_podx_may_silence_anything_and_is_told() -> None:
    whole = judged()
    assert "RST006" in codes(whole)
    assert whole.silenced == []
    less = judged(codes=frozenset({"RST006"}))
    assert "RST006" not in codes(less)
    assert less.silenced == ["RST006"]
    assert less.verdict.summary.endswith("(1 critical finding ignored)")
    assert "Ignored: 1 finding: RST006" in text([less], Terminal())


def test_a_pod_cannot_make_itself_look_well() -> None:
    report = judged("RST006")
    assert "RST006" in codes(report)
    assert report.verdict == judged().verdict


def test_a_pod_may_silence_a_note() -> None:
    body = kit.pod(
        kit.container("app", status=kit.status(kit.running("2026-11-25T10:00:00Z"), ready=True)),
        nodeName="n1",
    )
    body["spec"]["containers"][0]["livenessProbe"] = {"exec": {"command": ["x"]}}
    body["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["x"]}}
    view = kit.view(body)
    (whole,) = analyse(view.capture).items
    assert "PRB007" in codes(whole)
    body["metadata"]["annotations"] = {"podx.dev/ignore": "PRB007, nonsense"}
    (less,) = analyse(kit.view(body).capture).items
    assert "PRB007" not in codes(less)
    assert less.silenced == ["PRB007"]


def test_what_is_mild_may_be_left_out() -> None:
    mild = judged(least="critical")
    assert {one.severity for one in mild.findings or ()} == {"critical"}


QUOTA = (
    Path(__file__).resolve().parents[2] / "incidents/recorded/workloads/deploy-quota-partial.podx"
)


def test_a_finding_about_a_workload_is_silenced_in_the_same_way() -> None:
    capture = read_bundle(QUOTA)
    whole = document(capture, analyse(capture))
    assert isinstance(whole, WorkloadReport)
    assert "WRK001" in {one.code for one in whole.findings}
    less = document(capture, analyse(capture), silence=Silence(frozenset({"WRK001"})))
    assert isinstance(less, WorkloadReport)
    assert "WRK001" not in {one.code for one in less.findings}
    assert less.silenced == ["WRK001"]
    assert less.verdict.summary.endswith("(1 critical finding ignored)")
