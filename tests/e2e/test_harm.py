"""A look does no harm: a container at its limit lives on, and nothing of the look stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from e2e.inside import command_lines, is_cgroup_v1, memory_peak, memory_usage, script_runs
from e2e.manifests import BUSYBOX, DEBIAN, container, pod, shell
from e2e.support import ROOT, Bench, container_status

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
    for _ in range(10 if is_cgroup_v1(bench, name) else 0):
        report = bench.report(name, "--force-exec")
        (one,) = report["containers"]
        assert one["observation"]["state"] == "partial"
        assert "16 MiB" in one["observation"]["reason"]
        assert one["resources"]["oomKills"] in (0, None)
    found = bench.get("pod", name)
    assert found is not None
    assert container_status(found, "app")["restartCount"] == 0
    assert container_status(found, "app")["ready"]


def endless_look(bench: Bench, name: str) -> list[str]:
    """The command line of a look that goes on until somebody ends it."""
    words = ["describe", name, "-n", bench.namespace, "--deadline", "90s"]
    return [sys.executable, "-m", "kubectl_podx", *words]


@pytest.fixture(scope="module")
def endless(bench: Bench) -> str:
    """A container whose PID 1 never reaps, and whose own sha256sum never ends: so the moment at
    which a look is interrupted is no race with its end.
    """
    digest = "printf '#!/bin/sh\\nexec sleep 3000\\n' > /usr/bin/sha256sum"
    script = "trap 'exit 0' TERM; while :; do read -r line < /pipe; done"
    bench.start(pod("endless", shell(f"mkfifo /pipe; {digest}; {script}", image=DEBIAN)))
    return "endless"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_when_podx_is_ended_in_the_middle_nothing_stays(
    bench: Bench, endless: str, number: signal.Signals
) -> None:
    def digests() -> bool:
        lines = command_lines(bench, endless)
        return any(line.startswith("sleep 3000") for line in lines)

    process = subprocess.Popen(
        endless_look(bench, endless),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    bench.wait_for(
        lambda: digests() or process.poll() is not None,
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
            for line in processes(bench, endless)
            if line.split()[1] == "Z" or (line.split()[0] != "1" and "podx" in line)
        ]
        return not left and not digests() and not script_runs(bench, endless)

    bench.wait_for(gone, "no process and no zombie of the look", timeout=30)
    assert foreign(bench, endless, ["1 S sh"]) == []


def test_a_look_writes_no_file(bench: Bench) -> None:
    bench.start(pod("clean"))
    find = "find / -xdev -newer /etc/hostname -type f 2>/dev/null | grep -v '^/proc\\|^/sys'"
    bench.exec("clean", "sh", "-c", "touch /tmp/marker")
    before = bench.exec("clean", "sh", "-c", f"{find}; true")
    bench.report("clean")
    assert bench.exec("clean", "sh", "-c", f"{find}; true") == before


@pytest.mark.parametrize("image", [BUSYBOX, DEBIAN], ids=["busybox", "dash"])
def test_a_look_costs_at_most_3_mib_of_memory(bench: Bench, image: str) -> None:
    name = f"idle-{'busybox' if image == BUSYBOX else 'debian'}"
    limits = {"limits": {"memory": "64Mi"}}
    bench.start(pod(name, container("app", image, command=["sleep", "100000"], resources=limits)))

    started = memory_peak(bench, name)
    for _ in range(3):
        report = bench.report(name)
        assert report["containers"][0]["observation"]["state"] == "observed"
    assert memory_peak(bench, name) <= max(started, memory_usage(bench, name) + (3 << 20))
