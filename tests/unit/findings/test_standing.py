"""What `wait` ends on: healthy is not between two crashes, and a cause excludes all others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.standing import standing
from kubectl_podx.analysis.workloads import document
from kubectl_podx.capture.bundle import read_bundle
from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.parts import Condition
from kubectl_podx.sections.report import PodReport, PodReportList
from kubectl_podx.workload.report import Workload

RECORDED = Path(__file__).resolve().parents[2] / "incidents/recorded"
INCIDENTS = sorted(RECORDED.glob("*.podx"))
HEALTHY = [path for path in INCIDENTS if path.stem.startswith("fine-")]
# Ready, and in trouble that no end and no probe tells of: a warning, and not what one waits for.
READY = {
    "oom-child-lives",
    "probe-leaves-zombies",
    "resize-below-use",
    "resize-in-force",
    # The pod is well, its Service leads past it.
    "service-to-another-port",
    "service-to-loopback",
}


def report_of(path: Path) -> PodReport | PodReportList | WorkloadReport:
    capture = read_bundle(path)
    reports = analyse(capture)
    return document(capture, reports, single=len(reports.items) == 1 and not capture.workloads)


def one(name: str) -> PodReport:
    report = report_of(RECORDED / f"{name}.podx")
    assert isinstance(report, PodReport)
    return report


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.stem)
def test_a_healthy_pod_is_healthy(path: Path) -> None:
    found = standing(report_of(path))
    assert found.state == "healthy"
    assert found.lasted >= 0


@pytest.mark.parametrize("path", INCIDENTS, ids=lambda path: path.stem)
def test_an_incident_is_never_healthy(path: Path) -> None:
    if path in HEALTHY or path.stem in READY:
        return
    report = report_of(path)
    found = standing(report)
    assert found.state != "healthy"
    if found.state == "diagnosed":
        assert found.codes == tuple(report.verdict.codes)
        assert found.what


@pytest.mark.parametrize(
    "name", ["config-map-missing", "claim-missing", "claim-class-missing", "devices-class-missing"]
)
def test_a_cause_that_blocks_is_known(name: str) -> None:
    found = standing(report_of(RECORDED / f"{name}.podx"))
    assert (found.state, found.blocks) == ("diagnosed", True)


def test_a_cause_with_a_rival_is_not_known() -> None:
    report = one("config-map-missing")
    assert standing(report).state == "diagnosed"
    (first, *rest) = report.findings or []
    assert first.code in report.verdict.codes
    doubtful = msgspec.structs.replace(first, rivals=["something else"])
    found = standing(msgspec.structs.replace(report, findings=[doubtful, *rest]))
    assert found.state == "open"


def test_an_end_that_is_only_likely_is_not_known() -> None:
    report = next(
        report
        for path in INCIDENTS
        if isinstance(report := report_of(path), PodReport)
        and standing(report).state == "diagnosed"
        and any(row.confidence == "proven" for row in report.restarts or ())
        and report.verdict.codes[0].startswith("RST")
    )
    likely = [msgspec.structs.replace(row, confidence="likely") for row in report.restarts or ()]
    assert standing(msgspec.structs.replace(report, restarts=likely)).state == "open"


@pytest.mark.parametrize(("seconds", "state"), [(59, "open"), (60, "healthy"), (3600, "healthy")])
def test_what_went_down_once_is_well_after_a_minute(seconds: int, state: str) -> None:
    """A crash while it waited for its database must not fail a rollout for ten minutes."""
    report = one("sandbox-changed")
    assert report.verdict.severity == "warning"
    now = parse_time(report.metadata.captured_at)
    assert now is not None
    since = format_time(now - timedelta(seconds=seconds))
    ready = Condition(type="Ready", status="True", since=since)
    calm = [msgspec.structs.replace(row, looping=False) for row in report.restarts or ()]
    pod = msgspec.structs.replace(report.pod, conditions=[ready])
    later = msgspec.structs.replace(report, pod=pod, restarts=calm)
    assert standing(later).state == state
    loops = [msgspec.structs.replace(row, looping=True) for row in calm]
    assert standing(msgspec.structs.replace(later, restarts=loops)).state == "open"


def test_a_pod_that_is_being_deleted_is_not_healthy() -> None:
    report = one("fine-plain")
    going = msgspec.structs.replace(report.pod, deletion_timestamp="2026-11-25T00:00:00Z")
    assert standing(msgspec.structs.replace(report, pod=going)).state == "open"


def test_one_pod_in_trouble_is_enough_and_the_youngest_counts() -> None:
    fine, two = one("fine-plain"), one("fine-two")
    bad = one("config-map-missing")
    listed = PodReportList(metadata=fine.metadata, verdict=fine.verdict, items=[fine, two])
    both = standing(listed)
    assert both.state == "healthy"
    assert both.lasted == min(standing(fine).lasted, standing(two).lasted)
    worse = msgspec.structs.replace(listed, items=[fine, bad])
    assert standing(worse).state == "diagnosed"
    assert standing(msgspec.structs.replace(listed, items=[])).state == "open"


def workload(**counts: int | bool | None) -> WorkloadReport:
    """A Deployment whose one pod is healthy."""
    fine = one("fine-plain")
    plain = Workload(kind="Deployment", namespace="shop", name="web")
    found = msgspec.structs.replace(plain, **counts)
    return WorkloadReport(
        metadata=fine.metadata, verdict=fine.verdict, workload=found, items=[fine]
    )


@pytest.mark.parametrize(
    ("counts", "state"),
    [
        ({"wanted": 1, "ready": 1, "updated": 1}, "healthy"),
        ({"wanted": 2, "ready": 1, "updated": 2}, "open"),
        ({"wanted": 1, "ready": 1, "updated": 0}, "open"),
        ({"wanted": 1, "ready": 1, "updated": 1, "behind": True}, "open"),
        ({"wanted": None, "ready": 1, "updated": 1}, "open"),
    ],
)
def test_a_workload_has_all_its_pods_of_its_current_template(
    counts: dict[str, int | bool | None], state: str
) -> None:
    """Old pods that are ready say nothing of a rollout that has just begun."""
    assert standing(workload(**counts)).state == state
