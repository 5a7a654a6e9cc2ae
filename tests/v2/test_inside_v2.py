"""What the report says of containers on cgroup v2, where every process sees itself at the root."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.manifests import DEBIAN, config_map, pod, shell
from e2e.support import container_status, restarted
from v2.patient import PatientBench

pytestmark = pytest.mark.cluster

SMALL = {"requests": {"cpu": "10m"}}
LIMITED = {**SMALL, "limits": {"memory": "64Mi", "cpu": "500m"}}
DEADLINE = ("--deadline", "120s")


@pytest.fixture(autouse=True)
def _the_node_is_quiet_again(bench: PatientBench) -> Iterator[None]:
    """It has one emulated processor: what loops or stalls slows every test after it."""
    yield
    bench.kubectl("delete", "pods", "--all", "--wait=false", "--grace-period=1", check=False)


def report(bench: PatientBench, name: str, *words: str) -> Any:
    """Of a container with a limit: the kubelet's first readings are of its first minute."""
    found: dict[str, Any] = {}

    def inside() -> bool:
        found.update(bench.report(name, *DEADLINE, *words))
        return all(
            one["observation"]["state"] != "unobservable"
            for one in found["containers"]
            if one["state"] == "running"
        )

    bench.wait_for(inside, f"a look into {name}")
    return found


def test_an_ordinary_pod(bench: PatientBench) -> None:
    """Processes, listeners and zombies are the container's, PID 1 is named, limits are read."""
    bench.apply(config_map("settings", {"level": "debug"}))
    serve = "httpd -p 8080; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"
    bench.start(
        pod(
            "ordinary",
            shell(
                serve,
                resources=LIMITED,
                env=[{"name": "COLOUR", "value": "blue"}],
                volumeMounts=[{"name": "settings", "mountPath": "/etc/app"}],
            ),
            volumes=[{"name": "settings", "configMap": {"name": "settings"}}],
        )
    )
    found = report(bench, "ordinary")
    assert found["verdict"]["severity"] in ("ok", "info"), found["verdict"]
    rows = found["namespaces"]["processes"]
    assert {row["container"] for row in rows} == {"app"}
    assert [row["executable"] for row in rows if row["main"]] == ["sh"]
    assert found["namespaces"]["pidOne"] == "app: sh"
    (listener,) = [row for row in found["namespaces"]["listeners"] if row["port"] == 8080]
    assert (listener["container"], listener["pid"] is not None) == ("app", True)
    (one,) = found["containers"]
    memory = one["resources"]["memory"]
    assert memory["observedLimit"] == 64 << 20
    assert 0 < memory["observedUsage"] < 32 << 20
    assert one["resources"]["cpu"]["observedLimit"] == 0.5
    assert one["resources"]["stalled"]["memory"]["some"] is not None
    assert (one["resources"]["swapLimit"], one["resources"]["oomKills"]) == (0, 0)
    assert [row["state"] for row in found["files"] if row["path"] == "/etc/app/level"] == [
        "current"
    ]
    colours = [row["state"] for row in found["environment"] if row["name"] == "COLOUR"]
    assert colours == ["current"]
    assert found["coverage"] == [] or {row["section"] for row in found["coverage"]} <= {"probes"}


def test_a_shared_pid_namespace(bench: PatientBench) -> None:
    two = (shell(resources=SMALL), shell(name="neighbour", resources=SMALL))
    bench.start(pod("shared", *two, shareProcessNamespace=True))
    found = report(bench, "shared")
    rows = found["namespaces"]["processes"]
    assert {row["container"] for row in rows} == {"app", "neighbour", "pause"}
    assert {row["container"] for row in rows if row["main"]} == {"app", "neighbour"}
    assert found["namespaces"]["pidOne"] == "pause"
    assert found["namespaces"]["pid"]["mode"] == "pod"


def test_a_privileged_container_reads_its_own_group(bench: PatientBench) -> None:
    bench.start(pod("privileged", shell(resources=LIMITED, securityContext={"privileged": True})))
    found = report(bench, "privileged")
    (one,) = found["containers"]
    assert one["resources"]["memory"]["observedLimit"] == 64 << 20
    assert {row["container"] for row in found["namespaces"]["processes"]} == {"app"}


def test_zombies_belong_to_their_container(bench: PatientBench) -> None:
    # The shell becomes a program that waits for nobody; its children end meanwhile.
    source = "for i in 1 2 3 4 5 6 7 8; do true & done; exec sleep 100000"
    bench.start(pod("zombies", shell(source, image=DEBIAN, resources=SMALL)))
    found = report(bench, "zombies")
    (finding,) = [one for one in found["findings"] if one["code"] == "CON012"]
    assert finding["container"] == "app"
    assert finding["title"].startswith("app has ")


EAT = "v=x; while :; do v=$v$v$v; done"


def test_a_main_process_that_runs_out_of_memory(bench: PatientBench) -> None:
    bench.apply(pod("main-oom", shell(f"sleep 5; {EAT}", resources=LIMITED)))
    bench.wait_for_pod("main-oom", restarted("app"), "restarted")
    found = bench.report("main-oom", *DEADLINE)
    (row,) = found["restarts"]
    assert row["cause"] == "oomKilled"


def test_a_child_that_runs_out_of_memory(bench: PatientBench) -> None:
    """With memory.oom.group the container ends with its child."""
    child = f"sleep 5; sh -c '{EAT}'; echo survived; sleep 100000"
    bench.apply(pod("child-oom", shell(child, resources=LIMITED)))

    def told() -> bool:
        status = container_status(bench.get("pod", "child-oom") or {}, "app")
        logs = bench.kubectl("logs", "child-oom", check=False).stdout
        return status.get("restartCount", 0) > 0 or "survived" in logs

    bench.wait_for(told, "the child to be killed")
    status = container_status(bench.get("pod", "child-oom") or {}, "app")
    found = bench.report("child-oom", *DEADLINE)
    if status.get("restartCount", 0):
        (row,) = found["restarts"]
        assert row["cause"] == "oomKilled"
    else:
        assert any(one["code"] == "CON011" for one in found["findings"])


def test_memory_high_stalls_and_is_said(bench: PatientBench) -> None:
    """Nobody is killed, nothing is logged, and everything takes for ever."""
    stall = (
        "echo 8388608 > /sys/fs/cgroup/memory.high && trap 'exit 0' TERM; "
        "while :; do dd if=/dev/zero of=/ballast/x bs=1M count=24 2>/dev/null; done"
    )
    bench.start(
        pod(
            "stalled",
            shell(
                # Only a privileged container may write there; its group is at its own path.
                stall.replace("/sys/fs/cgroup/", "/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/"),
                resources={**SMALL, "limits": {"memory": "512Mi"}},
                securityContext={"privileged": True},
                volumeMounts=[{"name": "ballast", "mountPath": "/ballast"}],
            ),
            volumes=[{"name": "ballast", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}],
        )
    )

    def stalled() -> Any:
        found = bench.report("stalled", *DEADLINE)
        return next((one for one in found["findings"] if one["code"] == "CON015"), None)

    finding = bench.wait_for(stalled, "the stall to be found")
    assert "stalled on memory" in finding["title"]
    # By the kubelet: podx adds no exec to it, or has one that does not end.
    found = bench.report("stalled", *DEADLINE)
    (one,) = found["containers"]
    assert one["observation"]["state"] == "unobservable"


def test_an_exec_that_ends_its_container_is_owned_up_to(bench: PatientBench) -> None:
    """`--force-exec` on a full container: what podx did is not the app's doing."""
    from v2.test_exec_trials import full, is_full

    bench.apply(full(2))
    bench.wait_for(lambda: is_full(bench, "full-2"), "full-2 to be full")
    found = bench.report("full-2", *DEADLINE, "--force-exec")
    assert found["verdict"]["severity"] == "unknown", found["verdict"]
    assert "the exec may have ended it" in found["verdict"]["summary"]
    assert any(one["code"] == "POD005" for one in found["findings"])
    shown = str(found)
    assert "runtime refused" not in shown
    (row,) = found["restarts"]
    assert row["cause"] is None
