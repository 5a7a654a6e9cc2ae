"""Containers: who starts after whom, what each has and uses, and what it runs into."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import BUSYBOX, FOREVER, container, pod, shell
from e2e.reports import assert_healthy, finding, row
from e2e.support import Bench, container_status, waiting

pytestmark = pytest.mark.cluster

RESIZES, RULES = 33, 35
LIMITS = {
    "requests": {"cpu": "50m", "memory": "32Mi"},
    "limits": {"cpu": "500m", "memory": "64Mi"},
}
# A parent that never waits for its children leaves each of them as a zombie.
ZOMBIES = "sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0 & done; exec sleep 1000'"
MISSING = [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "not-there", "key": "a"}}}]


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench, server: int) -> None:
    """Every pod of the module, started together."""
    ruled = pod(
        "ruled",
        shell(
            FOREVER,
            restartPolicy="Never",
            restartPolicyRules=[
                {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
            ],
        ),
    )
    bench.apply(
        [
            pod("init-blocks", initContainers=[shell("sleep 1000", "slow"), shell("true", "next")]),
            pod(
                "sidecar-blocks",
                initContainers=[
                    shell(
                        FOREVER,
                        "proxy",
                        restartPolicy="Always",
                        startupProbe={
                            "tcpSocket": {"port": 15000},
                            "periodSeconds": 1,
                            "failureThreshold": 600,
                        },
                    )
                ],
            ),
            pod("no-config", shell(env=MISSING)),
            pod("not-root", shell(securityContext={"runAsNonRoot": True})),
            pod("no-command", container(command=["/no/such/program"])),
        ]
    )
    bench.start(
        pod(
            "ordered",
            shell(FOREVER, resources=LIMITS, securityContext={"runAsUser": 1000}),
            initContainers=[
                shell("true", "prepare"),
                shell(FOREVER, "proxy", restartPolicy="Always"),
            ],
        ),
        pod("debugged", shell()),
        pod("zombies", shell(ZOMBIES)),
        pod(
            "throttled",
            shell("while :; do :; done", resources={"limits": {"cpu": "50m", "memory": "32Mi"}}),
        ),
        pod(
            "child-killed",
            shell(
                "while :; do (head -c 100m /dev/zero | tail -c 90m >/dev/null); sleep 600; done",
                resources={"limits": {"memory": "24Mi"}},
            ),
        ),
        *([ruled] if server >= RULES else []),
    )


def test_order_resources_and_user_of_a_healthy_pod(bench: Bench, server: int) -> None:
    report = bench.report("ordered")
    assert [(one["name"], one["kind"]) for one in report["containers"]] == [
        ("prepare", "init"),
        ("proxy", "sidecar"),
        ("app", "app"),
    ]
    assert report["pod"]["ready"] == "2/2"
    app = row(report, "containers", name="app")
    assert (app["user"], app["waitsFor"], app["started"]) == (1000, "", True)
    memory, cpu = app["resources"]["memory"], app["resources"]["cpu"]
    allocated = "32Mi" if server >= RESIZES else None
    assert (memory["request"], memory["limit"], memory["allocated"]) == ("32Mi", "64Mi", allocated)
    assert (memory["observedLimit"], cpu["observedLimit"]) == (64 << 20, 0.5)
    assert 0 < memory["observedUsage"] < 64 << 20
    assert app["pids"]["used"] >= 1
    assert app["files"]["used"] >= 3
    assert "runAsUser 1000" in app["security"]
    assert_healthy(report)


def test_an_init_container_holds_the_others_back(bench: Bench) -> None:
    bench.wait_for_pod(
        "init-blocks", lambda p: "running" in container_status(p, "slow").get("state", {}), "slow"
    )
    report = bench.report("init-blocks")
    assert {one["name"]: one["waitsFor"] for one in report["containers"]} == {
        "slow": "",
        "next": "slow",
        "app": "slow",
    }
    assert row(report, "containers", name="app")["waitsSince"]
    found = finding(report, "CON006")
    assert "slow" in found["title"]
    assert "next, app" in " ".join([found["title"], *found["evidence"]])


def test_a_sidecar_that_does_not_start_holds_the_app_back(bench: Bench) -> None:
    bench.wait_for_pod(
        "sidecar-blocks",
        lambda p: "running" in container_status(p, "proxy").get("state", {}),
        "the sidecar",
    )
    report = bench.report("sidecar-blocks")
    assert row(report, "containers", name="app")["waitsFor"] == "proxy"
    assert "proxy" in finding(report, "CON006")["title"]


@pytest.mark.parametrize(
    ("name", "reason", "code", "word"),
    [
        ("no-config", "CreateContainerConfigError", "CON001", "ConfigMap not-there"),
        ("not-root", "CreateContainerConfigError", "CON002", "root"),
        ("no-command", "", "", "/no/such/program"),
    ],
)
def test_a_container_that_cannot_be_made(
    bench: Bench, name: str, reason: str, code: str, word: str
) -> None:
    if reason:
        bench.wait_for_pod(name, waiting("app", reason), reason)
    else:
        bench.wait_for_pod(
            name, lambda p: container_status(p, "app").get("restartCount", 0) >= 1, "restarted"
        )
    report = bench.report(name)
    assert report["verdict"]["severity"] == "critical"
    assert word in report["verdict"]["summary"] + str(report["findings"])
    if code:
        assert word in finding(report, code)["title"]
    # One problem is told once.
    blocking = [one for one in report["findings"] if one["blocking"]]
    assert len(blocking) == 1, blocking


def test_an_ephemeral_container_beside_the_others(bench: Bench) -> None:
    bench.kubectl(
        "debug", "debugged", f"--image={BUSYBOX}", "--target=app", "--container=debugger",
        "--profile=general", "--", "sleep", "1000",
    )  # fmt: skip
    bench.wait_for_pod(
        "debugged",
        lambda p: "running" in container_status(p, "debugger").get("state", {}),
        "the debugger",
    )
    report = bench.report("debugged")
    debugger = row(report, "containers", name="debugger")
    assert (debugger["kind"], debugger["state"]) == ("ephemeral", "running")
    assert report["pod"]["ready"] == "1/1"
    groups = report["namespaces"]["pid"]["groups"]
    assert [(one["containers"], one["basis"]) for one in groups] == [
        (["app", "debugger"], "proven")
    ]
    assert report["verdict"]["severity"] == "ok"


def test_zombies(bench: Bench) -> None:
    report = bench.report("zombies")
    zombies = [one for one in report["namespaces"]["processes"] if one["state"].startswith("Z")]
    assert len(zombies) == 8
    assert "8 zombie" in finding(report, "CON012")["title"]


def test_throttling_by_the_cpu_limit(bench: Bench) -> None:
    def measured() -> Any:
        report = bench.report("throttled")
        share = row(report, "containers", name="app")["resources"]["throttledShare"]
        periods = [one for one in report["findings"] if one["code"] == "CON010"]
        return report if share and periods else None

    report = bench.wait_for(measured, "a hundred periods")
    assert row(report, "containers", name="app")["resources"]["cpu"]["observedLimit"] == 0.05
    found = finding(report, "CON010")
    assert found["severity"] == "warning"
    assert "50m" in " ".join(found["evidence"])


def test_a_child_that_was_killed_for_memory(bench: Bench) -> None:
    def killed() -> Any:
        report = bench.report("child-killed")
        found = row(report, "containers", name="app")["resources"]["oomKills"]
        return report if found else None

    report = bench.wait_for(killed, "an OOM kill of a child")
    assert "OOM-killed" in finding(report, "CON011")["title"]


@pytest.mark.needs_server("1.35", "restartPolicyRules of a container")
def test_a_container_with_restart_rules_of_its_own(bench: Bench) -> None:
    app = row(bench.report("ruled"), "containers", name="app")
    assert app["restartPolicy"] == "Never"
    assert app["restartRules"] == ["Restart on exit code 42"]
