"""What a hostile or unlucky container puts in the way of the script, on a real node.

Each of these made an earlier script run for minutes, leave the mount that it was to list, or cost
more memory than it says.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from e2e.inside import command_lines, memory_peak, memory_usage, script_runs
from e2e.manifests import DEBIAN, pod, shell
from e2e.support import ROOT, Bench

pytestmark = pytest.mark.cluster


def paths(report: Any) -> set[str]:
    return {row["path"] for row in report["files"]}


@pytest.fixture(scope="module")
def nested(bench: Bench) -> str:
    """A ConfigMap's mount with an emptyDir below it, which the container fills with traps."""
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings"},
            "data": {"level": "debug", "traps": "is mounted over"},
        }
    )
    traps = (
        "truncate -s 200G /etc/app/traps/sparse; ln -s / /etc/app/traps/root; "
        "ln -s /proc/kpageflags /etc/app/traps/flags; mkfifo /etc/app/traps/pipe; "
        "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"
    )
    bench.start(
        pod(
            "nested",
            shell(
                traps,
                image=DEBIAN,
                volumeMounts=[
                    {"name": "settings", "mountPath": "/etc/app"},
                    {"name": "scratch", "mountPath": "/etc/app/traps"},
                ],
            ),
            volumes=[
                {
                    "name": "settings",
                    "configMap": {
                        "name": "settings",
                        "items": [
                            {"key": "level", "path": "level"},
                            {"key": "traps", "path": "traps/none"},
                        ],
                    },
                },
                {"name": "scratch", "emptyDir": {}},
            ],
        )
    )
    return "nested"


def test_what_is_mounted_below_a_config_mount_is_not_walked(bench: Bench, nested: str) -> None:
    report = bench.report(nested)
    (one,) = report["containers"]
    assert one["observation"]["state"] == "observed"
    found = paths(report)
    assert "/etc/app/level" in found
    assert not [path for path in found if path.startswith("/etc/app/traps/") and "none" not in path]
    levels = [row for row in report["files"] if row["path"] == "/etc/app/level"]
    assert [row["state"] for row in levels] == ["current"]


def test_a_hosts_file_of_one_endless_line_costs_nobody_anything(bench: Bench) -> None:
    """A shell that reads it byte by byte would be at it for minutes, and so would its pipe."""
    command = (
        "head -c 3000000 /dev/zero | tr '\\0' x >> /etc/hosts; "
        "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"
    )
    bench.start(pod("endless", shell(command, image=DEBIAN)))
    for _ in range(3):
        report = bench.report("endless")
        (one,) = report["containers"]
        assert one["observation"]["state"] == "observed"
    assert not script_runs(bench, "endless")


def test_a_digest_that_takes_long_ends_with_its_client(bench: Bench) -> None:
    """The container has its own sha256sum, which never ends."""
    bench.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "slow"},
            "data": {"level": "debug"},
        }
    )
    command = (
        "mv /usr/bin/sha256sum /usr/bin/other 2>/dev/null; "
        "printf '#!/bin/sh\\nexec sleep 3000\\n' > /usr/bin/sha256sum; "
        "chmod 755 /usr/bin/sha256sum; trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; done"
    )
    bench.start(
        pod(
            "slow-digest",
            shell(
                command,
                image=DEBIAN,
                volumeMounts=[{"name": "slow", "mountPath": "/etc/slow"}],
            ),
            volumes=[{"name": "slow", "configMap": {"name": "slow"}}],
        )
    )
    words = [sys.executable, "-m", "kubectl_podx", "describe", "slow-digest"]
    words += ["-n", bench.namespace, "--deadline", "60s"]

    def sleeping() -> bool:
        lines = command_lines(bench, "slow-digest")
        return any(line.startswith("sleep 3000") for line in lines)

    process = subprocess.Popen(
        words,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ),
    )
    bench.wait_for(sleeping, "the digest to be under way")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    bench.wait_for(
        lambda: not sleeping() and not script_runs(bench, "slow-digest"),
        "nothing of it to run any more",
        timeout=10,
    )
    # And a look that is cut off by the deadline says just that.
    report = bench.report("slow-digest", "--deadline", "5s")
    (one,) = report["containers"]
    assert one["observation"]["reason"] == "the exec did not finish before the deadline"
    assert "capabilities" not in str(report["coverage"])


def test_nineteen_thousand_descriptors_cost_no_memory(bench: Bench) -> None:
    """A glob of their names kept 20 MiB in the shell."""
    source = (
        "ulimit -n 20000; i=10; "
        'while [ $i -lt 19000 ]; do eval "exec $i</dev/null" || break; i=$((i+1)); done; '
        "echo ready > /tmp/ready; sleep 100000"
    )
    bench.start(
        pod(
            "descriptors",
            {
                "name": "app",
                "image": DEBIAN,
                "imagePullPolicy": "IfNotPresent",
                "command": ["bash", "-c", source],
                "resources": {"limits": {"memory": "96Mi"}},
                "readinessProbe": {
                    "exec": {"command": ["test", "-e", "/tmp/ready"]},
                    "periodSeconds": 1,
                    "failureThreshold": 120,
                },
            },
        ),
        timeout=120,
    )
    before = memory_peak(bench, "descriptors")
    report = bench.report("descriptors")
    (one,) = report["containers"]
    assert one["observation"]["state"] in ("observed", "partial")
    after = memory_peak(bench, "descriptors")
    now = memory_usage(bench, "descriptors")
    assert after <= max(before, now + (4 << 20))
