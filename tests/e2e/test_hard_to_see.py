"""Containers that cannot be looked into as others can: what is known is there, the rest is said."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import (
    NOSHELL,
    ROOTDROP,
    account,
    allow,
    config_map,
    container,
    pod,
    shell,
)
from e2e.support import Bench, container_status, restarted

pytestmark = pytest.mark.cluster

MOUNT = {"name": "c", "mountPath": "/config"}


def observation(report: Any, name: str) -> Any:
    return next(one["observation"] for one in report["containers"] if one["name"] == name)


def not_seen(report: Any, name: str) -> list[Any]:
    return [one for one in report["coverage"] if one["container"] == name]


@pytest.fixture(scope="module", autouse=True)
def settings(bench: Bench) -> None:
    bench.apply(config_map("settings", {"level": "very"}))


def volume() -> list[Any]:
    return [{"name": "c", "configMap": {"name": "settings"}}]


def test_an_image_without_a_shell_is_unobservable_with_its_reason(bench: Bench) -> None:
    bench.start(pod("no-shell", container("app", NOSHELL, volumeMounts=[MOUNT]), volumes=volume()))
    report = bench.report("no-shell")
    assert observation(report, "app")["state"] == "unobservable"
    assert "no shell" in observation(report, "app")["reason"]
    assert all(one["state"] == "unobservable" for one in not_seen(report, "app"))
    assert not_seen(report, "app")
    (file,) = [one for one in report["files"] if one["source"]["name"] == "settings"]
    assert file["state"] == "unknown"
    assert report["verdict"]["severity"] in ("ok", "info")


def test_a_neighbour_with_the_rights_brings_the_facts(bench: Bench) -> None:
    bench.start(
        pod(
            "neighbour-root",
            container("app", NOSHELL, args=["9090"], volumeMounts=[MOUNT]),
            shell(name="helper"),
            volumes=volume(),
            shareProcessNamespace=True,
        )
    )
    report = bench.report("neighbour-root")
    seen = observation(report, "app")
    assert (seen["state"], seen["method"]) == ("observed", "neighbour")
    (file,) = [one for one in report["files"] if one["source"]["name"] == "settings"]
    assert (file["container"], file["state"]) == ("app", "current")


def test_a_neighbour_without_the_rights_says_which_are_missing(bench: Bench) -> None:
    bench.start(
        pod(
            "neighbour-other",
            container("app", NOSHELL, args=["9090"], volumeMounts=[MOUNT]),
            shell(name="helper", securityContext={"runAsUser": 1000}),
            volumes=volume(),
            shareProcessNamespace=True,
        )
    )
    seen = observation(bench.report("neighbour-other"), "app")
    assert seen["state"] == "unobservable"
    assert "uid 1000" in seen["reason"]
    assert "uid 0" in seen["reason"]
    assert "SYS_PTRACE" in seen["needs"]


def test_a_crash_looping_container_is_told_by_what_the_api_holds(bench: Bench) -> None:
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}}
    ]
    script = "echo starting; echo 'panic: no database' >&2; exit 3"
    bench.apply(pod("crashing", shell(script, env=env)))

    def looping(found: Any) -> bool:
        # The second wait lasts twenty seconds: on a busy machine the report may take some.
        status = container_status(found, "app")
        return bool(
            status.get("restartCount", 0) >= 2
            and status.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
        )

    bench.wait_for_pod("crashing", looping, "in CrashLoopBackOff")
    report = bench.report("crashing")
    (restart,) = report["restarts"]
    assert (restart["cause"], restart["exitCode"]) == ("exitCode", 3)
    assert "panic: no database" in restart["previousLogs"]
    assert restart["looping"]
    assert restart["backoff"]["delay"] >= 10
    assert restart["backoff"]["next"]
    assert not_seen(report, "app")
    # What the next start would get is known without looking inside.
    (level,) = [one for one in report["environment"] if one["name"] == "LEVEL"]
    assert (level["declared"], level["injected"]) == ("very", None)
    assert report["verdict"]["severity"] == "critical"
    assert "app" in report["verdict"]["summary"]


def test_an_entrypoint_that_drops_root_hides_its_process_but_not_what_was_injected(
    bench: Bench,
) -> None:
    env = [
        {"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}}
    ]
    bench.start(
        pod(
            "dropping",
            container("app", ROOTDROP, env=env, volumeMounts=[MOUNT]),
            volumes=volume(),
        )
    )
    report = bench.report("dropping")
    seen = observation(report, "app")
    assert seen["state"] == "partial"
    assert "uid 1000" in seen["reason"]
    (level,) = [one for one in report["environment"] if one["name"] == "LEVEL"]
    assert (level["injected"], level["process"], level["state"]) == ("very", None, "current")
    (file,) = [one for one in report["files"] if one["source"]["name"] == "settings"]
    assert (file["state"], file["readable"]) == ("current", True)
    main = next(one for one in report["namespaces"]["processes"] if one["main"])
    assert main["uid"] == 1000
    assert report["verdict"]["severity"] == "ok"


def test_a_completed_pod_and_a_pod_that_waits_are_reported(bench: Bench) -> None:
    bench.apply(
        [
            pod("done", shell("exit 0"), restartPolicy="Never"),
            pod("choosy", nodeSelector={"disktype": "ssd"}),
        ]
    )
    bench.wait_for_pod("done", lambda p: p["status"].get("phase") == "Succeeded", "Succeeded")
    bench.wait_for_pod("choosy", lambda p: p["status"].get("conditions"), "judged by the scheduler")
    done = bench.report("done")
    assert done["pod"]["status"] == "Completed"
    assert done["verdict"]["severity"] in ("ok", "info")
    choosy = bench.report("choosy")
    assert choosy["pod"]["status"] == "Pending"
    assert choosy["verdict"]["severity"] == "critical"
    assert "disktype=ssd" in str(choosy["scheduling"])


def test_without_the_right_to_exec_the_rest_is_there_and_the_right_is_named(bench: Bench) -> None:
    bench.start(pod("watched"))
    bench.apply(account("viewer", allow("get list", "pods pods/log events configmaps")))
    user = f"system:serviceaccount:{bench.namespace}:viewer"
    report = bench.report("watched", "--as", user)
    assert observation(report, "app")["state"] == "unobservable"
    needs = {one["needs"] for one in report["coverage"] if one["state"] == "denied"}
    assert any("pods/exec" in each for each in needs)
    assert any("nodes/proxy" in each for each in needs) or not report["probes"]
    assert report["pod"]["ready"] == "1/1"
    words = [one["reason"].lower() for one in report["coverage"]]
    assert not [each for each in words if "not found" in each or "missing" in each]


def test_no_exec_skips_the_look_and_says_so(bench: Bench) -> None:
    bench.start(pod("left-alone"))
    report = bench.report("left-alone", "--no-exec")
    assert any(one["state"] == "skipped" for one in not_seen(report, "app"))
    forbidden = bench.report("left-alone", env={"KUBECTL_PODX_NO_EXEC": "1"})
    assert any(one["state"] == "skipped" for one in not_seen(forbidden, "app"))


def test_a_restart_under_our_eyes_is_no_difference(bench: Bench) -> None:
    bench.apply(pod("short-lived", shell("sleep 1; exit 1")))
    bench.wait_for_pod("short-lived", restarted("app"), "restarted")
    report = bench.report("short-lived")
    (restart,) = report["restarts"]
    assert restart["cause"] == "exitCode"
    assert observation(report, "app")["state"] in ("observed", "partial", "unobservable")
