"""Whose a process is on cgroup v2, from the bytes of a real node (systemd, containerd 2.4.2)."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kubectl_podx.capture import look
from kubectl_podx.capture.procfs import CgroupReader, headroom

RECORDED = Path(__file__).parent / "recorded" / "cgroup-v2"
KINDS = ["private", "shared", "privileged", "host-pid"]


def recorded(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDED / f"{kind}.json").read_text())
    return found


def owners(kind: str) -> dict[str, list[str | None]]:
    """Executable -> the containers of its processes, as seen from container `one`."""
    world = recorded(kind)
    names = {identity: name for name, identity in world["containers"].items()}
    reader = CgroupReader(world["self"], world["containers"]["one"])
    found: dict[str, list[str | None]] = {}
    for executable, line in world["processes"].values():
        identity = reader.container_id(line)
        found.setdefault(executable, []).append(names.get(identity or "", identity))
    return found


def test_the_processes_of_an_ordinary_container_are_its_own() -> None:
    assert owners("private") == {"sh": ["one", "one"], "sleep": ["one"]}


def test_in_a_shared_pid_namespace_each_process_names_its_container() -> None:
    found = owners("shared")
    (pause,) = found.pop("pause")
    assert pause is not None
    assert len(pause) == 64, "the sandbox's id"
    assert sorted(map(str, found["sh"])) == ["one", "one", "two"]
    assert sorted(map(str, found["sleep"])) == ["one", "two"]


def test_a_privileged_container_names_itself_by_its_whole_path() -> None:
    assert owners("privileged") == {"sh": ["one", "one"]}


def test_under_host_pid_the_nodes_processes_are_nobodys() -> None:
    found = owners("host-pid")
    assert found["systemd"] == [None]
    assert found["kthreadd"] == [None]
    ours = [owner for owner in found["sh"] if owner == "one"]
    others = [owner for owner in found["sh"] if owner != "one"]
    assert ours
    assert all(owner is None or len(owner) == 64 for owner in others), "another pod's"


@pytest.mark.parametrize(
    ("own", "line", "owner"),
    [
        # cgroupfs driver: no scope, no slice.
        ("0::/", "0::/../" + "b" * 64, "b" * 64),
        ("0::/", "0::/../../pod1/" + "b" * 64, "b" * 64),
        # A container that runs systemd moves its processes below itself.
        ("0::/init.scope", "0::/system.slice/app.service", "own"),
        ("0::/", "0::/child", "own"),
        ("0::/", "0::/ (deleted)", "own"),
        ("0::/", "0::/../..", None),
        # In the node's own cgroup namespace a path without an id is the node's.
        ("0::/kubepods/pod1/" + "a" * 64, "0::/system.slice/sshd.service", None),
        ("0::/kubepods/pod1/" + "a" * 64, "0::/kubepods/pod1/" + "a" * 64, "a" * 64),
        # cgroup v1: never by the root.
        ("4:memory:/", "4:memory:/", None),
        ("", "0::/", None),
    ],
)
def test_other_layouts(own: str, line: str, owner: str | None) -> None:
    assert CgroupReader(own, "own").container_id(line) == owner


@pytest.mark.parametrize("kind", KINDS)
def test_the_script_keeps_the_processes_of_the_pod_and_no_others(kind: str) -> None:
    """`podx_in_pod`, the same question in the shell."""
    world = recorded(kind)
    uid = world["uid"]
    lines = sorted({line for _, line in world["processes"].values()})
    header = [
        f"podx_own={shlex.quote(world['self'])}",
        f"podx_pod_uid={uid} podx_pod_uid_underscored={uid.replace('-', '_')}",
        *(f"podx_in_pod {shlex.quote(line)} && echo {shlex.quote(line)}" for line in lines),
        "exit 0\n",
    ]
    done = subprocess.run(
        ["sh", "-s"],
        input=look.script() + "\n".join(header).encode(),
        capture_output=True,
        check=True,
    )
    kept = set(done.stdout.decode().splitlines())
    reader = CgroupReader(world["self"], world["containers"]["one"])
    ours = set(world["containers"].values())
    for line in lines:
        if reader.container_id(line) in ours:
            assert line in kept
        elif kind == "host-pid":
            assert line not in kept


def test_what_the_cgroup_of_a_real_container_says() -> None:
    files: dict[str, str] = json.loads((RECORDED / "files.json").read_text())
    lines = ["version v2"]
    for key, file in (
        ("limit", "memory.max"),
        ("memory_high", "memory.high"),
        ("usage", "memory.current"),
        ("peak", "memory.peak"),
        ("swap_current", "memory.swap.current"),
        ("swap_max", "memory.swap.max"),
        ("cpu_max", "cpu.max"),
        ("pids_limit", "pids.max"),
        ("pids_used", "pids.current"),
    ):
        lines.append(f"{key} {files[file]}")
    lines += [*files["cpu.stat"].splitlines(), *files["memory.events"].splitlines()]
    for name in ("memory", "cpu", "io"):
        lines += [f"pressure_{name}_{line}" for line in files[f"{name}.pressure"].splitlines()]
    found = headroom("\n".join(lines).encode(), enough=True)
    assert (found.version, found.memory_limit, found.memory_high) == ("v2", 67108864, None)
    assert (found.memory_usage, found.memory_peak, found.oom_kills) == (1048576, 6107136, 0)
    assert (found.swap_usage, found.swap_limit, found.memory_high_events) == (0, 0, 0)
    assert (found.cpu_quota, found.cpu_period, found.total_periods) == (50000, 100000, 47)
    assert (found.cpu_pressure.some10, found.cpu_pressure.some60) == (17.88, 5.36)
    assert (found.cpu_pressure.full60, found.memory_pressure.some60) == (4.75, 0.0)
