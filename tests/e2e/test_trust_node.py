"""The node and the API server have a bad day: what arrived is reported, and the deadline holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.faulty_proxy import Fault, FaultyProxy, Request
from e2e.manifests import config_map, pod, shell
from e2e.node_control import paused, restart_api_server, wait_for_api_server
from e2e.support import Bench

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module", autouse=True)
def pods(bench: Bench) -> None:
    bench.apply(config_map("settings", {"level": "very"}))
    bench.start(*(looked_at(name) for name in ("evicted", "frozen-node", "restarted-server")))


@pytest.fixture
def proxy(bench: Bench, tmp_path: Path) -> Iterator[FaultyProxy]:
    with FaultyProxy(bench, tmp_path) as running:
        yield running


def looked_at(name: str) -> Any:
    """Ends only when it is killed, so that its grace period is spent."""
    return pod(
        name,
        shell("while :; do sleep 1; done", volumeMounts=[{"name": "c", "mountPath": "/c"}]),
        volumes=[{"name": "c", "configMap": {"name": "settings"}}],
        terminationGracePeriodSeconds=30,
    )


def is_exec(request: Request) -> bool:
    return request.path.endswith("/exec")


def through(proxy: FaultyProxy, *words: str) -> tuple[str, ...]:
    return ("--kubeconfig", proxy.kubeconfig(), *words)


def test_evicted_while_being_looked_at(bench: Bench, proxy: FaultyProxy) -> None:
    def evict() -> None:
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": "evicted", "namespace": bench.namespace},
            "deleteOptions": {"gracePeriodSeconds": 30},
        }
        path = f"/api/v1/namespaces/{bench.namespace}/pods/evicted/eviction"
        bench.kubectl("create", f"--raw={path}", "-f", "-", input=json.dumps(eviction))

    def again(request: Request) -> bool:
        return request.path.endswith("/pods/evicted") and any(map(is_exec, proxy.seen))

    proxy.rules.append((again, Fault(first=evict, once=True)))
    found = bench.report("evicted", *through(proxy))
    # It ends in half a minute and still runs: what was seen inside is of this very instance.
    assert found["containers"][0]["observation"]["state"] in ("observed", "unobservable")
    assert [one for one in found["files"] if one["state"] in ("missing", "orphaned")] == []
    after = bench.report("evicted")
    assert after["pod"]["deletionTimestamp"] or after["pod"]["status"] == "Terminating"
    conditions = {one["type"]: one for one in after["pod"]["conditions"]}
    assert conditions["DisruptionTarget"]["reason"] == "EvictionByEvictionAPI"


def test_a_node_that_answers_no_more_costs_what_is_inside(bench: Bench) -> None:
    with paused("kubelet"):
        found = bench.report("frozen-node", "--deadline", "4s")
    (container,) = found["containers"]
    assert container["observation"]["state"] == "unobservable"
    assert container["state"] == "running"
    rows = {row["section"]: row for row in found["coverage"]}
    assert rows["files"]["state"] == "timedOut"
    assert found["pod"]["node"]
    # What the API holds is all there, and nothing is called different for want of a look.
    assert [one["code"] for one in found["findings"] if one["severity"] == "critical"] == []
    assert {one["state"] for one in found["files"]} <= {"unknown", "unreadable"}
    again = bench.wait_for(
        lambda: [one for one in [bench.report("frozen-node")] if one["coverage"] == []],
        "a full report after the kubelet goes on",
    )
    assert again[0]["containers"][0]["observation"]["state"] == "observed"


def test_an_api_server_that_restarts_in_the_middle(bench: Bench, proxy: FaultyProxy) -> None:
    proxy.rules.append((is_exec, Fault(first=restart_api_server, once=True)))
    try:
        found = bench.report("restarted-server", *through(proxy, "--deadline", "10s"))
    finally:
        wait_for_api_server(bench)
    # The look is tried once more on a fresh connection: by then the server may be back.
    seen = found["containers"][0]["observation"]["state"]
    lost = {row["state"] for row in found["coverage"]}
    assert lost or seen == "observed"
    assert lost <= {"unobservable", "timedOut", "partial"}
    assert [one for one in found["files"] if one["state"] in ("missing", "orphaned")] == []
    assert bench.report("restarted-server")["coverage"] == []


def test_without_an_api_server_there_is_one_error(bench: Bench) -> None:
    restart_api_server()
    try:
        answer = bench.podx("describe", "restarted-server", "--deadline", "3s", check=False)
    finally:
        wait_for_api_server(bench)
    # It may be back in time; else the error is kubectl's, and one line.
    assert answer.status in (0, 1)
    assert "Traceback" not in answer.stderr
    if answer.status == 1:
        assert not answer.stdout
        assert len(answer.stderr.strip().splitlines()) == 1
