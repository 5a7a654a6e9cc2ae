"""`-f` with everything that makes pods: saved from a cluster, or never applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kit.cli_runs import Run, web
from kubectl_podx.pod.workload import TEMPLATES

_CONTAINER = {"name": "app", "image": "busybox", "command": ["sleep", "60"]}


def _workload(kind: str, **spec: Any) -> dict[str, Any]:
    template: dict[str, Any] = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [_CONTAINER], **spec},
    }
    inner: Any = template
    for step in reversed(TEMPLATES[kind]):
        inner = {step: inner}
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web"}, **inner}


@pytest.fixture
def written(tmp_path: Path) -> Any:
    """Writes objects into a file and gives its path."""

    def write(*bodies: dict[str, Any]) -> str:
        path = tmp_path / "made.json"
        path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": list(bodies)}))
        return str(path)

    return write


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_kind_that_makes_pods(run: Run, written: Any, kind: str) -> None:
    result = run("describe", "-f", written(_workload(kind)), "-o", "json")
    document = json.loads(result.out)
    assert (result.status, document["kind"]) == (0, "PodReport")
    assert document["pod"]["owners"] == [{"kind": kind, "name": "web", "controller": True}]
    assert document["verdict"]["severity"] == "ok"
    assert document["verdict"]["summary"].startswith("not applied; nothing in it would fail")


def test_a_name_for_the_server_to_make(run: Run, written: Any) -> None:
    pod = {**web("x"), "metadata": {"generateName": "batch-"}}
    pod.pop("status", None)
    document = json.loads(run("describe", "-f", written(pod), "-o", "json").out)
    assert document["pod"]["name"] == "batch"


def test_what_in_it_would_fail(run: Run, written: Any) -> None:
    """By itself and what stands beside it: a key that its ConfigMap of the same file lacks."""
    settings = {"kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"LEVEL": "1"}}
    key = {"configMapKeyRef": {"name": "settings", "key": "NOPE"}}
    container = {**_CONTAINER, "env": [{"name": "X", "valueFrom": key}]}
    broken = _workload("Deployment", containers=[container])
    document = json.loads(run("describe", "-f", written(settings, broken), "-o", "json").out)
    assert document["verdict"]["severity"] == "critical"
    assert document["verdict"]["summary"] == (
        'not applied; would not start: ConfigMap "settings" has no key "NOPE": variable X of app '
        "needs it"
    )


def test_what_is_not_in_the_file_is_not_missing(run: Run, written: Any) -> None:
    container = {**_CONTAINER, "envFrom": [{"secretRef": {"name": "elsewhere"}}]}
    document = json.loads(
        run("describe", "-f", written(_workload("Job", containers=[container])), "-o", "json").out
    )
    assert document["verdict"]["severity"] == "ok"


def test_an_image_that_no_registry_can_have(run: Run, written: Any) -> None:
    broken = _workload("CronJob", containers=[{**_CONTAINER, "image": "Busy Box"}])
    document = json.loads(run("describe", "-f", written(broken), "-o", "json").out)
    assert "is not a valid image name" in document["verdict"]["summary"]


def test_workloads_of_one_name_are_two_pods(run: Run, written: Any) -> None:
    path = written(_workload("Deployment"), _workload("CronJob"))
    document = json.loads(run("describe", "-f", path, "-o", "json").out)
    assert [one["pod"]["name"] for one in document["items"]] == ["web", "web-cronjob"]


def test_a_workload_with_its_pods_declares_nothing_of_its_own(run: Run, written: Any) -> None:
    """`kubectl get deploy,rs,pod -o json`: the pods are there."""
    owned = {"ownerReferences": [{"kind": "Deployment", "name": "web", "controller": True}]}
    replica_set = {**_workload("ReplicaSet"), "metadata": {"name": "web-5f", **owned}}
    pod = web("web-5f-x")
    pod["metadata"]["ownerReferences"] = [
        {"kind": "ReplicaSet", "name": "web-5f", "controller": True}
    ]
    path = written(_workload("Deployment"), replica_set, pod)
    document = json.loads(run("describe", "-f", path, "-o", "json").out)
    assert (document["kind"], document["pod"]["name"]) == ("PodReport", "web-5f-x")


def test_triage_calls_sick_what_would_fail(run: Run, written: Any) -> None:
    broken = _workload("CronJob", containers=[{**_CONTAINER, "image": "Busy Box"}])
    path = written(_workload("Deployment"), broken)
    document = json.loads(run("triage", "-f", path, "-o", "json").out)
    assert (document["scanned"], document["healthy"], document["sick"]) == (2, 1, 1)
    assert [row["severity"] for row in document["rows"]] == ["critical"]


def test_a_file_without_pods(run: Run, written: Any) -> None:
    result = run("describe", "-f", written({"kind": "Service", "metadata": {"name": "web"}}))
    assert result.status == 1
    assert "no Pod in 'made.json', nor anything that makes pods" in result.err
