"""A pod's processes as root sees them on its node: on this machine, or from a pod on the node."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from e2e.manifests import pod as pod_of
from e2e.manifests import shell
from e2e.support import Bench, Manifest
from incidents.incident import HELPER

# In the words of both drivers: `…/pod12-34/…` and `…-pod12_34.slice/…`.
_FIND = """\
for folder in /proc/[0-9]*; do
  read -r name 2>/dev/null <"$folder/comm" && [ "$name" = pause ] || continue
  grep -qE "$UID_" "$folder/cgroup" 2>/dev/null && echo "${folder#/proc/}"
done
"""
_KILL = {
    "pause": 'kill -KILL "$pid"',
    "shim": 'kill -KILL "$(sed "s/.*) //" "/proc/$pid/stat" | cut -d" " -f2)"',
}
_HELPER_SECONDS = 60.0


def kill_pause(bench: Bench, pod: Manifest) -> None:
    """Ends the process that holds the pod's sandbox."""
    found = _pids(pod, "pause")
    if found or not is_elsewhere(bench):
        _kill(found)
    else:
        _kill_from_a_pod(bench, pod, "pause")


def kill_shim(bench: Bench, pod: Manifest) -> None:
    """Ends the runtime's own process for the pod: it loses track of every container in it."""
    parents = {_parent(pid) for pid in _pids(pod, "pause")}
    found = {pid for pid in parents if _name(pid).startswith("containerd-shim")}
    if found or not is_elsewhere(bench):
        _kill(found)
    else:
        _kill_from_a_pod(bench, pod, "shim")


def is_elsewhere(bench: Bench) -> bool:
    """Whether the node is another machine than this one, by what it calls its boot."""
    node = bench.kubectl("get", "nodes", "--output=json").json["items"][0]
    here = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return bool(node["status"]["nodeInfo"]["bootID"] != here)


def _kill_from_a_pod(bench: Bench, pod: Manifest, what: str) -> None:
    """The same from a pod that sees the processes of the node."""
    uid = pod["metadata"]["uid"]
    helper = pod_of(
        f"kill-{uid[:8]}",
        shell("exec sleep 1000000", securityContext={"privileged": True}),
        labels={HELPER: pod["metadata"]["labels"]["incident"]},
        hostPID=True,
        automountServiceAccountToken=False,
    )
    bench.start(helper, timeout=_HELPER_SECONDS)
    either = f"UID_='{uid}|{uid.replace('-', '_')}'"
    script = f'{either}\npid=$({_FIND}) && [ -n "$pid" ] && {_KILL[what]}'
    bench.exec(helper["metadata"]["name"], "sh", "-c", script)


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
        "the pod has no such process on this machine: is this root, with a runtime that keeps a "
        "process for a sandbox (CRI-O does not)?"
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
