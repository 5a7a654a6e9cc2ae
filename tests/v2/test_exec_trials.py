"""The promise of docs/SECURITY.md: no look with default flags ends a container.

Containers with a limit of 64Mi are filled until so many MiB are free, and looked at with each
source of readings. `PODX_TRIALS=full` (`make e2e-v2 TRIALS=full`) makes 216 looks; without it a
part of them is made. The table of the documentation is written to .build/trials.md.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from e2e.manifests import pod, shell
from e2e.support import ROOT
from kubectl_podx.model.clock import parse_time
from v2.patient import PatientBench, serve_metrics

pytestmark = pytest.mark.cluster

FULL = os.environ.get("PODX_TRIALS") == "full"
LIMIT = 64 << 20
FREE = (1, 2, 3, 4, 6, 8, 12, 16, 24)
LOOKS = 6 if FULL else 1
BATCH = 3
SOURCES = ("kubelet", "metrics.k8s.io", "both", "neither")
Rows = dict[tuple[str, int], tuple[int, int, int]]
"""Source and MiB free -> looks, how many of them got inside, how often the container ended."""

# Nothing is forked once it is full: by then a fork is what kills.
FILL = """
trap 'exit 0' TERM
mkfifo /tmp/never
chunk=x
while [ ${#chunk} -lt 65536 ]; do chunk=$chunk$chunk; done
i=0
while read -r used < /sys/fs/cgroup/memory.current; [ $((LIMIT - used)) -gt $((FREE * 1048576)) ]
do i=$((i + 1)); eval "v$i=\\$chunk"; done
echo "full: $((LIMIT - used)) bytes are free"
while :; do read -r line < /tmp/never; done
"""
USER = "trial-user"


def full(free: int) -> dict[str, Any]:
    script = FILL.replace("LIMIT", str(LIMIT)).replace("FREE", str(free))
    resources = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": str(LIMIT)}}
    return pod(f"full-{free}", shell(script, resources=resources))


@pytest.fixture(scope="module")
def user(bench: PatientBench) -> str:
    """Somebody with the rights of `edit` and of pod metrics, and none on nodes."""
    bench.kubectl("create", "rolebinding", "trial", "--clusterrole=edit", f"--user={USER}")
    # kubectl looks the resource up, and it is not always served.
    bench.apply(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": "metrics"},
            "rules": [{"apiGroups": ["metrics.k8s.io"], "resources": ["pods"], "verbs": ["get"]}],
        }
    )
    bench.kubectl("create", "rolebinding", "metrics", "--role=metrics", f"--user={USER}")
    return USER


def nearly_full(free: int) -> int:
    """What a reading shows at least: the kernel takes back a part of what the shell has read."""
    return LIMIT - (free + 3) * (1 << 20)


def is_full(bench: PatientBench, name: str) -> bool:
    return "full: " in bench.kubectl("logs", name, check=False).stdout


def reading(bench: PatientBench, node: str, name: str) -> tuple[int, str]:
    """What the kubelet says that the container uses, and of when."""
    path = f"/api/v1/nodes/{node}/proxy/stats/summary"
    for each in bench.kubectl("get", f"--raw={path}").json["pods"]:
        where = each["podRef"]
        if (where["namespace"], where["name"]) == (bench.namespace, name):
            memory = each["containers"][0].get("memory", {})
            return memory.get("workingSetBytes", 0), memory.get("time", "")
    return 0, ""


def measured(bench: PatientBench, name: str) -> int:
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{bench.namespace}/pods/{name}"
    answer = bench.kubectl("get", f"--raw={path}", check=False)
    if answer.status != 0:
        return 0
    (one,) = answer.json["containers"]
    return int(one["usage"]["memory"].removesuffix("Ki")) * 1024


def ends(bench: PatientBench, name: str) -> int:
    """How often the container has ended since the pod was made."""
    (status,) = (bench.get("pod", name) or {})["status"]["containerStatuses"]
    running = "running" in status["state"]
    return int(status["restartCount"]) + (0 if running else 1)


def looks(bench: PatientBench, name: str, *words: str) -> tuple[int, int, int]:
    """Looks at the pod; how many, how many of them got inside, how often the container ended."""
    inside, before = 0, ends(bench, name)
    for _ in range(LOOKS):
        report = bench.report(name, "--deadline", "120s", *words)
        (one,) = report["containers"]
        observation = one["observation"]
        inside += observation["state"] != "unobservable"
        if observation["state"] == "unobservable":
            assert observation["reason"].startswith("skipped: "), observation
            assert "--force-exec" in observation["needs"]
    return LOOKS, inside, ends(bench, name) - before


def test_no_look_ends_a_container(bench: PatientBench, node: str, user: str) -> None:
    """And what gets inside does so where there is room."""
    rows: Rows = {}
    for start in range(0, len(FREE), BATCH):
        tried(bench, node, user, FREE[start : start + BATCH], rows)
    lines = [f"{sum(made for made, _, _ in rows.values())} looks, "]
    lines[0] += f"{sum(ended for _, _, ended in rows.values())} containers ended"
    lines += [f"| MiB free | {' | '.join(SOURCES)} |", "|---" * (1 + len(SOURCES)) + "|"]
    for free in FREE:
        cells = [_cell(rows.get((source, free))) for source in SOURCES]
        lines.append(f"| {free} | {' | '.join(cells)} |")
    table = ROOT / ".build" / "trials.md"
    table.parent.mkdir(exist_ok=True)
    table.write_text("\n".join(lines) + "\n")
    assert {row: counts for row, counts in rows.items() if counts[2]} == {}
    assert sum(made for made, _, _ in rows.values()) >= (200 if FULL else 20)
    for (source, free), (made, inside, _) in rows.items():
        if source == "neither" or free < 15:
            assert inside == 0, (source, free)
        if source != "neither" and free > 17:
            assert inside == made, (source, free)


def _cell(row: tuple[int, int, int] | None) -> str:
    return "not made" if row is None else f"{row[1]} of {row[0]} inside, {row[2]} ended"


def tried(bench: PatientBench, node: str, user: str, frees: tuple[int, ...], rows: Rows) -> None:
    """Looks at a container for each of these, by each source of readings."""
    names = {free: f"full-{free}" for free in frees}
    bench.apply([full(free) for free in frees])
    for free, name in names.items():
        bench.wait_for(lambda name=name: is_full(bench, name), f"{name} to be full")  # type: ignore[misc]
        # Steady: a reading of before it was full, or of its first minute, is another trial.
        wanted = nearly_full(free)
        bench.wait_for(
            lambda name=name, wanted=wanted: reading(bench, node, name)[0] >= wanted,  # type: ignore[misc]
            f"the kubelet to see {name} full",
        )
    bench.wait_for(
        lambda: all(settled(bench, node, name) for name in names.values()), "their first minute"
    )
    alone = ("--as", user)
    for free, name in names.items():
        rows["kubelet", free] = looks(bench, name)
        rows["neither", free] = looks(bench, name, *alone)
    if FULL or frees == FREE[:BATCH]:
        serve_metrics("on")
        try:
            for free, name in names.items():
                wanted = nearly_full(free)
                bench.wait_for(
                    lambda name=name, wanted=wanted: measured(bench, name) >= wanted,  # type: ignore[misc]
                    f"metrics of {name}",
                )
                rows["metrics.k8s.io", free] = looks(bench, name, *alone)
                rows["both", free] = looks(bench, name)
        finally:
            serve_metrics("off")
    # A kubelet that has read the container's memory since would have seen it end.
    last = {name: reading(bench, node, name)[1] for name in names.values()}
    for name, before in last.items():
        bench.wait_for(
            lambda name=name, before=before: reading(bench, node, name)[1] > before,  # type: ignore[misc]
            f"the kubelet's next reading of {name}",
        )
        assert ends(bench, name) == 0
    bench.kubectl("delete", "pod", *names.values(), "--wait=true", "--timeout=600s")


def settled(bench: PatientBench, node: str, name: str) -> bool:
    """Whether the kubelet's newest reading is of after the container's first minute."""
    (status,) = (bench.get("pod", name) or {})["status"]["containerStatuses"]
    began = parse_time(status["state"]["running"]["startedAt"])
    read_at = parse_time(reading(bench, node, name)[1])
    assert began is not None
    return read_at is not None and (read_at - began).total_seconds() > 60
