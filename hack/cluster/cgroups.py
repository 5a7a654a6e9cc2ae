"""The cluster's own cgroup in every hierarchy: two kubelets that share one delete each other's
pods."""

import time
from collections.abc import Iterator
from pathlib import Path

import mounts
import processes
from processes import Process

_EMPTY_WITHIN_SECONDS = 10.0
_CPUSET_FILES = ("cpuset.cpus", "cpuset.mems")


def create(name: str) -> None:
    for hierarchy in _hierarchies():
        group = hierarchy / name
        group.mkdir(exist_ok=True)
        for file in _CPUSET_FILES:
            # In cgroup v1 a new cpuset is empty, and nothing can run in an empty one.
            own = group / file
            if own.exists() and hierarchy.name.startswith("cpuset") and not own.read_text().strip():
                own.write_text((hierarchy / file).read_text())


def members(name: str) -> list[Process]:
    pids: set[int] = set()
    for group in _groups(name):
        try:
            pids |= {int(line) for line in (group / "cgroup.procs").read_text().split()}
        except OSError:
            continue  # Removed meanwhile, or a threaded cgroup, whose parent lists the process.
    return [process for pid in pids if (process := processes.of_pid(pid))]


def remove(name: str) -> list[Path]:
    """Deepest first; the kernel may need a moment after the last process. Returns what stayed."""
    deadline = time.monotonic() + _EMPTY_WITHIN_SECONDS
    while True:
        remaining = []
        for group in _groups(name):
            try:
                group.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                remaining.append(group)
        if not remaining or time.monotonic() > deadline:
            return remaining
        time.sleep(0.05)


def _hierarchies() -> Iterator[Path]:
    for mount in mounts.listed():
        # The cluster can only use a hierarchy where it may make folders.
        if mount.kind in {"cgroup", "cgroup2"} and mount.root == "/" and mount.writable:
            yield mount.point


def _groups(name: str) -> list[Path]:
    found: list[Path] = []
    for hierarchy in _hierarchies():
        top = hierarchy / name
        if top.is_dir():
            below = [path for path in top.rglob("*") if path.is_dir()]
            found += [top, *below]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)
