"""A look does no harm: a container at its limit lives on, and nothing of the look stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from manifests import BUSYBOX, DEBIAN, container, pod, shell
from support import ROOT, Bench, container_status

pytestmark = pytest.mark.cluster

# A tmpfs counts as the container's memory, so filling it leaves exactly what is wanted.
FILL = """
v2=/sys/fs/cgroup v1=/sys/fs/cgroup/memory
limit=$(cat $v2/memory.max 2>/dev/null || cat $v1/memory.limit_in_bytes)
while :; do
  used=$(cat $v2/memory.current 2>/dev/null || cat $v1/memory.usage_in_bytes)
  [ $(( (limit - used) / 1024 )) -gt 1400 ] || break
  dd if=/dev/zero bs=64k count=1 >> /ballast/x 2>/dev/null
done
touch /tmp/full
trap 'exit 0' TERM
while :; do sleep 1000 & wait $!; done
"""


def processes(bench: Bench, name: str) -> list[str]:
    """`PID STATE NAME` of every process of the container, without our own exec."""
    listing = bench.exec(
        name, "sh", "-c", "for p in /proc/[0-9]*; do cat $p/stat 2>/dev/null; done; true"
    )
    found = []
    for line in listing.splitlines():
        head, _, rest = line.rpartition(") ")
        pid, _, command = head.partition(" (")
        found.append(f"{pid} {rest.split()[0]} {command}")
    return found


def foreign(bench: Bench, name: str, before: list[str]) -> list[str]:
    """What runs now and did not before; the exec that lists ends with its own processes."""
    now = processes(bench, name)
    known = {line.split()[0] for line in before}
    return [
        line
        for line in now
        if line.split()[0] not in known and line.split()[2] not in ("cat", "sh", "sleep")
    ]


def is_v1(bench: Bench, name: str) -> bool:
    """Only there may an exec be forced on a full container: on v2 it ends all of it."""
    found = bench.exec(name, "sh", "-c", "[ -e /sys/fs/cgroup/cgroup.controllers ] || echo v1")
    return found.strip() == "v1"


@pytest.mark.parametrize("image", [BUSYBOX, DEBIAN], ids=["busybox", "dash"])
def test_a_container_with_1_mib_to_spare_is_left_alone(bench: Bench, image: str) -> None:
    name = f"tight-{'busybox' if image == BUSYBOX else 'debian'}"
    bench.start(
        pod(
            name,
            shell(
                FILL,
                image=image,
                resources={"limits": {"memory": "32Mi"}},
                readinessProbe={
                    "exec": {"command": ["test", "-e", "/tmp/full"]},
                    "periodSeconds": 30,
                    "failureThreshold": 1,
                    "initialDelaySeconds": 0,
                },
                startupProbe={
                    "exec": {"command": ["test", "-e", "/tmp/full"]},
                    "periodSeconds": 1,
                    "failureThreshold": 60,
                },
                volumeMounts=[{"name": "ballast", "mountPath": "/ballast"}],
            ),
            volumes=[{"name": "ballast", "emptyDir": {"medium": "Memory"}}],
        )
    )
    for _ in range(10):
        report = bench.report(name)
        (one,) = report["containers"]
        assert one["observation"]["state"] == "unobservable"
        assert one["observation"]["reason"].startswith("skipped: ")
        assert "--force-exec" in one["observation"]["needs"]
        assert {row["state"] for row in report["coverage"]} == {"skipped"}
    for _ in range(10 if is_v1(bench, name) else 0):
        report = bench.report(name, "--force-exec")
        (one,) = report["containers"]
        assert one["observation"]["state"] == "partial"
        assert "16 MiB" in one["observation"]["reason"]
        assert one["resources"]["oomKills"] in (0, None)
    found = bench.get("pod", name)
    assert found is not None
    assert container_status(found, "app")["restartCount"] == 0
    assert container_status(found, "app")["ready"]


def slow_look(bench: Bench, name: str) -> list[str]:
    """The command line of a look that takes long, as the container has little CPU."""
    words = ["describe", name, "-n", bench.namespace, "--deadline", "90s"]
    # To see it run takes an exec of the same starved container.
    return [sys.executable, "-m", "kubectl_podx", *words]


@pytest.fixture(scope="module")
def throttled(bench: Bench) -> str:
    """A container with PID 1 that never reaps, and with 10 millicores, so that a look is slow."""
    script = "trap 'exit 0' TERM; while :; do read -r line < /pipe; done"
    bench.start(
        pod(
            "throttled",
            shell(f"mkfifo /pipe; {script}", resources={"limits": {"cpu": "10m"}}),
        ),
        timeout=120,
    )
    return "throttled"


def looking(bench: Bench, name: str) -> bool:
    """Whether a look runs in the container at this moment."""
    command = "for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $p; echo; done 2>/dev/null"
    return "podx-observe" in bench.exec(name, "sh", "-c", command)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_when_podx_is_ended_in_the_middle_nothing_stays(
    bench: Bench, throttled: str, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        slow_look(bench, throttled),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    bench.wait_for(
        lambda: looking(bench, throttled) or process.poll() is not None,
        "the look to run in the container",
    )
    assert process.poll() is None, "the look ended before it could be interrupted"
    begun = time.monotonic()
    process.send_signal(number)
    status = process.wait(30)
    if number == signal.SIGINT:
        assert status == 130
        # A second is the promise; the margin is for a loaded machine.
        assert time.monotonic() - begun < 5

    def gone() -> bool:
        left: list[Any] = [
            line
            for line in processes(bench, throttled)
            if line.split()[1] == "Z" or (line.split()[0] != "1" and "podx" in line)
        ]
        return not left and not looking(bench, throttled)

    bench.wait_for(gone, "no process and no zombie of the look", timeout=30)
    assert foreign(bench, throttled, ["1 S sh"]) == []


def test_a_look_writes_no_file(bench: Bench) -> None:
    bench.start(pod("clean"))
    find = "find / -xdev -newer /etc/hostname -type f 2>/dev/null | grep -v '^/proc\\|^/sys'"
    bench.exec("clean", "sh", "-c", "touch /tmp/marker")
    before = bench.exec("clean", "sh", "-c", f"{find}; true")
    bench.report("clean")
    assert bench.exec("clean", "sh", "-c", f"{find}; true") == before


PEAK = (
    "cat /sys/fs/cgroup/memory.peak 2>/dev/null"
    " || cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes"
)
USAGE = (
    "cat /sys/fs/cgroup/memory.current 2>/dev/null"
    " || cat /sys/fs/cgroup/memory/memory.usage_in_bytes"
)


@pytest.mark.parametrize("image", [BUSYBOX, DEBIAN], ids=["busybox", "dash"])
def test_a_look_costs_at_most_3_mib_of_memory(bench: Bench, image: str) -> None:
    name = f"idle-{'busybox' if image == BUSYBOX else 'debian'}"
    limits = {"limits": {"memory": "64Mi"}}
    bench.start(pod(name, container("app", image, command=["sleep", "100000"], resources=limits)))

    def bytes_of(command: str) -> int:
        return int(bench.exec(name, "sh", "-c", command))

    started = bytes_of(PEAK)
    for _ in range(3):
        report = bench.report(name)
        assert report["containers"][0]["observation"]["state"] == "observed"
    assert bytes_of(PEAK) <= max(started, bytes_of(USAGE) + (3 << 20))
