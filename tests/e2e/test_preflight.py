"""Manifests before they are applied: public ones without an alarm, broken ones by their line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.fresh import namespace_of, own_namespace
from e2e.manifests import config_map, deployment, pod, shell
from e2e.report_schema import check
from e2e.support import Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

_FOLDER = Path(__file__).parent / "preflight"
PUBLIC = sorted((_FOLDER / "public").glob("*.yaml"))
BROKEN = sorted((_FOLDER / "broken").glob("*.yaml"))


def _name(path: Path) -> str:
    return path.stem


def _report(bench: Bench, path: Path, *words: str) -> Any:
    return check(bench.podx("preflight", "-f", str(path), "-o", "json", *words).json)


def test_there_are_enough_of_them() -> None:
    assert len(PUBLIC) >= 25
    assert len(BROKEN) >= 15


@pytest.mark.parametrize("path", PUBLIC, ids=_name)
def test_a_public_manifest_raises_no_alarm(bench: Bench, path: Path) -> None:
    report = _report(bench, path)
    assert [one["problems"] for one in report["items"]] == [[] for _ in report["items"]], report
    assert {one["state"] for one in report["items"]} == {"wouldStart"}, report
    assert report["verdict"]["severity"] == "ok"


@pytest.fixture(scope="module")
def applied(kubectl_binary: str) -> Iterator[Bench]:
    """A namespace in which the public manifests really are applied, one after the other."""
    with own_namespace(Bench(kubectl_binary, namespace_of("preflight-applied"))) as bench:
        yield bench


@pytest.mark.parametrize("path", PUBLIC, ids=_name)
def test_what_raised_no_alarm_is_accepted_and_scheduled(applied: Bench, path: Path) -> None:
    """Its images are of no registry that this cluster reaches: no more than that can be seen."""
    applied.kubectl("apply", "-f", str(path))
    try:
        applied.wait_for(lambda: _scheduled(applied), f"the pods of {path.stem} on a node")
    finally:
        applied.kubectl("delete", "-f", str(path), "--wait=false", "--cascade=foreground")
        applied.kubectl("delete", "pods", "--all", "--force", "--grace-period=0")
        applied.wait_for(lambda: not _pods(applied), f"the pods of {path.stem} to be gone", 120)


def _pods(bench: Bench) -> list[Manifest]:
    found = bench.get("pods") or {}
    items: list[Manifest] = found["items"]
    return items


def _scheduled(bench: Bench) -> bool:
    pods = _pods(bench)
    return bool(pods) and all(one["spec"].get("nodeName") for one in pods)


@pytest.mark.parametrize("path", BROKEN, ids=_name)
def test_a_broken_manifest_is_told_by_its_line(bench: Bench, path: Path) -> None:
    marked = [
        (at, line.partition("# <- ")[2].strip())
        for at, line in enumerate(path.read_text().splitlines(), 1)
        if "# <- " in line
    ]
    report = _report(bench, path)
    found = [
        (problem["line"], problem["kind"])
        for one in report["items"]
        for problem in one["problems"]
        if problem["severity"] == "critical"
    ]
    assert found == marked, report
    line = marked[0][0]
    text = bench.podx("preflight", "-f", str(path), "--exit-code", check=False)
    assert text.status == 4
    assert f"{path}:{line}: critical: " in text.stdout


def test_nothing_was_created(bench: Bench) -> None:
    for path in (*PUBLIC, *BROKEN):
        bench.podx("preflight", "-f", str(path))
    kinds = "pods,deployments,statefulsets,daemonsets,replicasets,jobs,cronjobs,rc,configmaps"
    found = bench.get(kinds) or {}
    names = {one["metadata"]["name"] for one in found["items"]}
    assert names <= {"kube-root-ca.crt"}


def test_what_a_file_makes_itself_is_there(bench: Bench) -> None:
    """An account, a ConfigMap and a namespace of the same file, on standard input."""
    bodies = [
        {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "not-there-yet"}},
        {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "robot"}},
        config_map("own", {"LEVEL": "info"}),
        deployment(
            "web",
            pod(
                "web",
                shell(envFrom=[{"configMapRef": {"name": "own"}}]),
                serviceAccountName="robot",
            ),
        ),
    ]
    text = "---\n".join(_yaml(body) for body in bodies)
    answer = _stdin(bench, text)
    (one,) = check(answer)["items"]
    assert (one["state"], one["problems"], one["object"]) == ("wouldStart", [], "Deployment/web")
    assert one["line"] > 10


def _yaml(body: Manifest) -> str:
    # Without aliases for what is the same object here.
    text: str = yaml.safe_dump(json.loads(json.dumps(body)))
    return text


def _stdin(bench: Bench, text: str) -> Any:
    words = ["preflight", "-f", "-", "-o", "json", "-n", bench.namespace]
    done = subprocess.run(
        [sys.executable, "-m", "kubectl_podx", *words],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_what_is_applied_already_raises_no_alarm(bench: Bench, tmp_path: Path) -> None:
    """Its own pods hold the host port, and are the ones whose place it takes."""
    port = {"containerPort": 18080, "hostPort": 18080}
    made = deployment("holder", pod("holder", shell(ports=[port])))
    bench.apply(made)

    def running() -> bool:
        found = bench.kubectl("get", "pods", "-l", "app=holder", "-o", "json").json["items"]
        return any(is_ready(one) for one in found)

    try:
        bench.wait_for(running, "the pod of holder")
        path = tmp_path / "holder.yaml"
        path.write_text(_yaml(made))
        (one,) = _report(bench, path)["items"]
        assert (one["state"], one["problems"]) == ("wouldStart", [])
        made["metadata"]["name"] = "other"
        labels = {"app": "other"}
        made["spec"]["selector"]["matchLabels"] = labels
        made["spec"]["template"]["metadata"]["labels"] = labels
        path.write_text(_yaml(made))
        (one,) = _report(bench, path)["items"]
        assert one["problems"][0]["title"] == (
            "No node fits: host port 18080/TCP is taken on 1 of 1 nodes"
        )
    finally:
        bench.kubectl("delete", "deploy", "holder")
