"""Scheduling and node: what a pod asks for against what the node has, and why no node takes it."""

from __future__ import annotations

import pytest

from e2e.manifests import pod, shell
from e2e.reports import assert_healthy, codes, finding, row
from e2e.support import Bench, Manifest

pytestmark = pytest.mark.cluster

AFFINITY = "requiredDuringSchedulingIgnoredDuringExecution"


def node_affinity(*expressions: Manifest) -> Manifest:
    terms = [{"matchExpressions": list(expressions)}]
    return {"nodeAffinity": {AFFINITY: {"nodeSelectorTerms": terms}}}


def judged(found: Manifest) -> bool:
    return any(
        one["type"] == "PodScheduled" and one["status"] == "False"
        for one in found["status"].get("conditions", [])
    )


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    """Every pod of the module, made together."""
    linux = {"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}
    gpu = {"key": "gpu", "operator": "Exists"}
    huge = {"requests": {"cpu": "999"}}
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "no-such-claim"}}
    bench.apply(
        [
            pod("choosy", nodeSelector={"disktype": "ssd", "kubernetes.io/os": "linux"}),
            pod("needs-gpu", affinity=node_affinity(linux, gpu)),
            pod("huge", shell(resources=huge)),
            pod("gated", schedulingGates=[{"name": "podx.test/quota"}]),
            pod("foreign", schedulerName="nobody"),
            pod(
                "no-claim",
                shell(volumeMounts=[{"name": "data", "mountPath": "/data"}]),
                volumes=[claim],
            ),
            pod("lost", nodeName="no-such-node"),
        ]
    )
    bench.start(
        pod("content", affinity=node_affinity(linux), nodeSelector={"kubernetes.io/os": "linux"})
    )
    for name in ("choosy", "needs-gpu", "huge", "no-claim"):
        bench.wait_for_pod(name, judged, "judged by the scheduler")


def test_a_pod_on_a_node_that_fits(bench: Bench, node: str) -> None:
    report = bench.report("content")
    scheduling = report["scheduling"]
    assert (scheduling["state"], scheduling["reasons"]) == ("scheduled", [])
    assert {one["kind"]: one["satisfied"] for one in scheduling["requirements"]} == {
        "nodeSelector": True,
        "nodeAffinity": True,
    }
    found = report["node"]
    assert (found["name"], found["state"], found["cordoned"]) == (node, "ready", False)
    assert found["kubeletVersion"].startswith("v1.")
    assert found["heartbeatAge"] < 420
    assert_healthy(report)


def test_a_node_selector_that_no_node_satisfies(bench: Bench) -> None:
    report = bench.report("choosy")
    assert report["scheduling"]["reasons"] == [
        "1 node(s) didn't match Pod's node affinity/selector"
    ]
    found = finding(report, "SCH001")
    assert found["blocking"]
    # Of two terms the one that no node has is named, not the one that every node has.
    assert "nodeSelector disktype=ssd" in " ".join(found["evidence"])
    assert "no node has the label disktype" in " ".join(found["evidence"])
    assert not any("kubernetes.io/os" in one and "no node" in one for one in found["evidence"])
    assert report["verdict"]["severity"] == "critical"


def test_a_required_affinity(bench: Bench) -> None:
    report = bench.report("needs-gpu")
    requirement = row(report["scheduling"], "requirements", kind="nodeAffinity")
    assert "gpu" in requirement["text"]
    assert finding(report, "SCH001")["blocking"]


def test_no_room(bench: Bench) -> None:
    report = bench.report("huge")
    assert report["scheduling"]["reasons"] == ["1 Insufficient cpu"]
    assert "no room left" in " ".join(finding(report, "SCH001")["evidence"])


def test_a_scheduling_gate(bench: Bench) -> None:
    report = bench.report("gated")
    assert report["scheduling"]["state"] == "gated"
    assert "podx.test/quota" in finding(report, "SCH002")["title"]
    assert "podx.test/quota" in report["verdict"]["summary"]


def test_a_scheduler_that_nobody_runs(bench: Bench) -> None:
    def told() -> bool:
        return "SCH003" in codes(bench.report("foreign"))

    bench.wait_for(told, "half a minute of silence")
    report = bench.report("foreign")
    assert "nobody" in finding(report, "SCH003")["title"]
    assert row(report["scheduling"], "requirements", kind="schedulerName")["text"] == "nobody"


def test_a_claim_that_does_not_exist(bench: Bench) -> None:
    report = bench.report("no-claim")
    assert "no-such-claim" in finding(report, "VOL007")["title"]
    blocking = [one for one in report["findings"] if one["blocking"]]
    assert len(blocking) == 1, blocking
    assert "no-such-claim" in report["verdict"]["summary"]


def test_a_node_that_does_not_exist(bench: Bench) -> None:
    if bench.get("pod", "lost") is None:
        pytest.skip("the garbage collector was quicker")
    report = bench.report("lost")
    assert report["node"]["state"] == "missing"
    assert "no-such-node" in finding(report, "NOD002")["title"]


def test_a_cordoned_node_and_a_taint_that_came_later(bench: Bench, node: str) -> None:
    bench.kubectl("cordon", node)
    try:
        report = bench.report("content")
        assert report["node"]["cordoned"] is True
        assert report["verdict"]["severity"] in ("ok", "info")
    finally:
        bench.kubectl("uncordon", node)
    bench.kubectl("taint", "node", node, "podx.test/late=yes:NoSchedule")
    try:
        report = bench.report("content")
        assert report["node"]["taints"] == ["podx.test/late=yes:NoSchedule"]
        assert finding(report, "SCH005")["severity"] == "info"
    finally:
        bench.kubectl("taint", "node", node, "podx.test/late-")
