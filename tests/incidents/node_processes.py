"""A pod's processes as root sees them on the node that the cluster runs on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from e2e.support import Bench, Manifest


def kill_pause(_bench: Bench, pod: Manifest) -> None:
    """Ends the process that holds the pod's sandbox."""
    _kill(_pids(pod, "pause"))


def kill_shim(_bench: Bench, pod: Manifest) -> None:
    """Ends the runtime's own process for the pod: it loses track of every container in it."""
    parents = {_parent(pid) for pid in _pids(pod, "pause")}
    _kill({pid for pid in parents if _name(pid).startswith("containerd-shim")})


def _pids(pod: Manifest, name: str) -> set[int]:
    """The processes of that name in the pod's cgroup, whose path ends with the pod's uid."""
    uid = pod["metadata"]["uid"]
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            cgroup = (folder / "cgroup").read_text()
        except OSError:
            continue
        pid = int(folder.name)
        if (uid in cgroup or uid.replace("-", "_") in cgroup) and _name(pid) == name:
            found.add(pid)
    return found


def _kill(pids: set[int]) -> None:
    assert pids, (
        "the pod has no such process on this machine: does its node run here, as root, with a "
        "runtime that keeps a process for a sandbox (CRI-O does not)?"
    )
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
