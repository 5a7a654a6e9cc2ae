"""Triage of a namespace in which workloads lack pods: each has a row, and how bad it is does not
depend on how many are asked about.
"""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import deployment, pod, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest

pytestmark = pytest.mark.cluster

_QUOTA: Manifest = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "few"},
    "spec": {"hard": {"pods": "2"}},
}


def _job(name: str, script: str, **spec: Any) -> Manifest:
    template = {"spec": pod(name, shell(script), restartPolicy="Never")["spec"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {**spec, "template": template},
    }


def _set(kind: str, name: str, **spec: Any) -> Manifest:
    made = deployment(name, pod(name))
    body = {key: value for key, value in made["spec"].items() if key != "replicas"}
    return {**made, "kind": kind, "spec": {**body, **spec}}


@pytest.fixture(scope="module")
def lacking(bench: Bench) -> Bench:
    """A Deployment, a StatefulSet, a DaemonSet and a Job that the quota refuses pods, a Job that
    ran too long, and two that are fine.
    """
    bench.apply([deployment("fine", pod("fine")), _job("done", "exit 0")])
    bench.wait_for(
        lambda: ((bench.get("job", "done") or {}).get("status") or {}).get("succeeded"), "the Job"
    )
    bench.apply([_job("late", "sleep 600", activeDeadlineSeconds=2)])
    bench.wait_for(
        lambda: ((bench.get("job", "late") or {}).get("status") or {}).get("conditions"),
        "the deadline of the Job",
    )
    # A pod that is being deleted uses the quota too: what it leaves would be had by one of those
    # that are to be refused.
    bench.wait_for(lambda: not _pods_of_job(bench, "late"), "its pod to be gone")
    bench.apply(_QUOTA)
    bench.apply([deployment("web", pod("web"), replicas=3)])
    # Whatever asks for a pod from now on is refused.
    bench.wait_for(lambda: _used(bench) == "2", "the quota to be used up")
    bench.apply(
        [
            _set("StatefulSet", "db", serviceName="db", replicas=1),
            _set("DaemonSet", "agent"),
            _job("blocked", "exit 0"),
        ]
    )
    bench.wait_for(lambda: len(_rows(bench)) >= 5, "five rows", 120)
    return bench


def _pods_of_job(bench: Bench, name: str) -> Any:
    return bench.kubectl("get", "pods", f"--selector=job-name={name}", "-o", "json").json["items"]


def _used(bench: Bench) -> str:
    used = ((bench.get("resourcequota", "few") or {}).get("status") or {}).get("used") or {}
    return str(used.get("pods", ""))


def _rows(bench: Bench, *words: str) -> dict[str, Any]:
    report = check(bench.podx("triage", "-o", "json", *words).json)
    return {row["name"]: row for row in report["rows"] if not row["names"]}


def test_five_workloads_that_lack_pods_are_named_with_the_reason(lacking: Bench) -> None:
    rows = _rows(lacking)
    assert set(rows) == {"web", "db", "agent", "blocked", "late"}
    for name in ("web", "db", "agent", "blocked"):
        assert rows[name]["severity"] == "critical"
        assert "ResourceQuota few" in rows[name]["summary"]
        assert rows[name]["cause"] == "quota"
    assert "DeadlineExceeded" in rows["late"]["summary"]
    assert rows["late"]["symptom"] == "jobFailed"


def test_how_bad_it_is_does_not_depend_on_how_deep_it_is_looked_at(lacking: Bench) -> None:
    deep, shallow = _rows(lacking), _rows(lacking, "--deep", "0")
    assert {name: row["severity"] for name, row in deep.items()} == {
        name: row["severity"] for name, row in shallow.items()
    }
    assert {row["basis"] for row in shallow.values()} == {"status"}


def test_the_text_names_them_though_nearly_no_pod_is_there(lacking: Bench) -> None:
    text = lacking.podx("triage").stdout
    assert "5 workloads lack pods or runs" in text
    assert "deployment/web" in text
    assert lacking.podx("triage", "--exit-code", check=False).status == 4
