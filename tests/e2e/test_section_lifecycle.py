"""Lifecycle: hooks and their failures, the grace budget, and what keeps a pod Terminating."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import FOREVER, pod, shell
from e2e.reports import assert_healthy, codes, finding, row, rows
from e2e.support import Bench, Manifest, restarted

pytestmark = pytest.mark.cluster

FINALIZER = "podx.test/hold"


def hook(*command: str) -> Manifest:
    return {"exec": {"command": list(command)}}


def deleted(found: Manifest) -> bool:
    return bool(found["metadata"].get("deletionTimestamp"))


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    """Every pod of the module, started together; two of them are being deleted."""
    bench.apply(
        pod(
            "fails-after-start",
            shell(lifecycle={"postStart": hook("sh", "-c", "echo no such queue >&2; exit 4")}),
        )
    )
    held = pod("held", shell("exit 0"), restartPolicy="Never")
    held["metadata"]["finalizers"] = [FINALIZER]
    bench.apply(held)
    calm = {"postStart": hook("true"), "preStop": {"sleep": {"seconds": 2}}}
    bench.start(
        pod("calm", shell(lifecycle=calm), terminationGracePeriodSeconds=30),
        pod(
            "sleepy",
            shell(lifecycle={"preStop": hook("sh", "-c", "sleep 20")}),
            terminationGracePeriodSeconds=10,
        ),
        pod(
            "leaving",
            shell(lifecycle={"preStop": hook("sh", "-c", "sleep 55")}),
            terminationGracePeriodSeconds=60,
        ),
        pod(
            "stop-hook-fails",
            shell(
                f"touch /tmp/ok; (sleep 3; rm /tmp/ok) & {FOREVER}",
                lifecycle={"preStop": hook("sh", "-c", "exit 9")},
                livenessProbe={
                    "exec": {"command": ["cat", "/tmp/ok"]},
                    "periodSeconds": 1,
                    "failureThreshold": 1,
                    "initialDelaySeconds": 1,
                },
            ),
        ),
        pod("deaf", shell("sleep 1000"), terminationGracePeriodSeconds=30),
    )
    bench.wait_for_pod("held", lambda p: p["status"].get("phase") == "Succeeded", "Succeeded")
    bench.kubectl("delete", "pod", "held", "leaving", "--wait=false")


def test_hooks_of_a_healthy_pod_and_their_share_of_the_grace_period(bench: Bench) -> None:
    report = bench.report("calm")
    after, before = rows(report, "lifecycle", container="app")
    assert (after["type"], after["state"]) == ("postStart", "declared")
    assert (before["type"], before["gracePeriod"]) == ("preStop", 30)
    assert "2" in before["handler"]["text"]
    assert_healthy(report)


def test_a_post_start_hook_that_fails_kills_its_container(bench: Bench) -> None:
    bench.wait_for_pod("fails-after-start", restarted("app"), "killed for its hook")
    report = bench.report("fails-after-start")
    assert row(report, "lifecycle", type="postStart")["state"] == "failed"
    assert "postStart hook" in report["verdict"]["summary"]
    assert report["verdict"]["severity"] == "critical"


def test_a_pre_stop_hook_that_fails(bench: Bench) -> None:
    def failed() -> Any:
        report = bench.report("stop-hook-fails")
        return report if row(report, "lifecycle", type="preStop")["state"] == "failed" else None

    report = bench.wait_for(failed, "the event of the hook")
    assert "preStop hook of app failed" in finding(report, "LIF002")["title"]


def test_a_pre_stop_hook_that_leaves_nothing_of_the_grace_period(bench: Bench) -> None:
    found = finding(bench.report("sleepy"), "LIF003")
    assert "sleeps 20 s of a grace period of 10 s" in found["title"]


def test_a_main_process_that_does_not_hear_term(bench: Bench) -> None:
    report = bench.report("deaf")
    found = finding(report, "NSP003")
    assert "30 s" in found["title"]
    assert found["severity"] == "info"


def test_a_finalizer_keeps_a_deleted_pod(bench: Bench) -> None:
    bench.wait_for_pod("held", deleted, "deleted")
    try:
        report = bench.report("held")
        assert FINALIZER in finding(report, "LIF004")["title"]
        assert report["pod"]["deletionTimestamp"]
    finally:
        patch = '{"metadata":{"finalizers":null}}'
        bench.kubectl("patch", "pod", "held", "--type=merge", "--patch", patch)


def test_a_pod_that_is_being_deleted_within_its_grace_period(bench: Bench) -> None:
    report = bench.report("leaving")
    assert report["pod"]["status"] == "Terminating"
    assert report["verdict"]["severity"] == "info"
    assert "being deleted" in report["verdict"]["summary"]
    assert "LIF005" not in codes(report)
    assert "preStop hook of app" in finding(report, "LIF007")["title"]
    bench.kubectl("delete", "pod", "leaving", "--force", "--grace-period=0", check=False)
