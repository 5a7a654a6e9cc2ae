"""Processes as they were seen, each with the container it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.capture import Observation, Process
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import ProcessRow
from kubectl_podx.pod.view import PodView

PAUSE = "pause"
# All looks of a run are sent side by side and end within its deadline.
_LOOK_SECONDS = 15


def rows(view: PodView) -> list[ProcessRow]:
    """Every process once, by container in start order, then by pid.

    Containers that share a PID namespace see the same processes: one is kept per namespace inode
    and pid. Where the inode was not read, every container's view stands for itself.
    """
    kept: dict[tuple[str, int], ProcessRow] = {}
    for found in view.captured.observations:
        space = pid_space(found)
        ours = _looks(view, found)
        for process in found.processes:
            if process.pid in ours:
                continue
            row = _row(view, found, process)
            if _says_more(row, kept.get((space, process.pid))):
                kept[space, process.pid] = row
    order = {entry.name: index for index, entry in enumerate(view.containers)}
    return sorted(kept.values(), key=lambda row: (order.get(row.container or "", -1), row.pid))


def _looks(view: PodView, found: Observation) -> set[int]:
    """The looks inside other containers, seen from this one, with what they started.

    In a shared PID namespace each look sees the shells of the others. An exec'd process has its
    parent outside of the container; ours is a shell that began seconds before the look's clock.
    """
    clock = parse_time(found.clock)
    shells = {each.shell.rpartition("/")[2] for each in view.captured.observations if each.shell}
    pids = {process.pid for process in found.processes}
    ours: set[int] = set()
    for process in sorted(found.processes, key=lambda each: each.pid):
        began = parse_time(process.started_at)
        if clock is None or began is None or process.pid == found.main_pid:
            continue
        fresh = (clock - began).total_seconds() < _LOOK_SECONDS
        root = process.parent not in pids and process.executable in shells
        if fresh and (root or process.parent in ours):
            ours.add(process.pid)
    # A container that began with a shell this very moment has its main process among them.
    return ours - {each.main_pid for each in view.captured.observations}


def _says_more(row: ProcessRow, known: ProcessRow | None) -> bool:
    """Whether this view of a process tells its container or role where the known one does not."""
    if known is None:
        return True
    return (known.container is None and row.container is not None) or (row.main and not known.main)


def pid_space(found: Observation) -> str:
    """What tells one PID namespace from another: its inode, else the container that saw it."""
    return found.namespaces.get("pid") or f"of {found.container}"


def owner(view: PodView, process: Process) -> str | None:
    """The container whose id ends the process's cgroup path; None where that cannot be told."""
    if not process.container_id:
        return None
    return next((e.name for e in view.containers if e.container_id == process.container_id), None)


def main_processes(view: PodView) -> Iterator[tuple[str, Process]]:
    """Container -> its main process, for every container that was looked into."""
    for found in view.captured.observations:
        process = main_process(found)
        if process is not None:
            yield found.container, process


def main_process(found: Observation | None) -> Process | None:
    """The main process of the container that was looked into; None if it is not known."""
    if found is None or found.main_pid is None:
        return None
    return next((one for one in found.processes if one.pid == found.main_pid), None)


def pid_one(view: PodView) -> str:
    """Who is PID 1: `pause`, `app: nginx` per container, or `node: systemd`."""
    host = view.pid_mode == "node"
    described: list[str] = []
    for found in view.captured.observations:
        first = found.pid_one
        if first is None:
            continue
        container = owner(view, first)
        name = first.executable or "unknown"
        if container is not None:
            words = f"{container}: {name}"
        elif host:
            words = f"node: {name}"
        elif _is_pause(view, first):
            words = PAUSE
        else:
            words = f"unknown: {name}"
        if words not in described:
            described.append(words)
    # Under hostPID only the pod's own processes are looked at, so its first one is not.
    return ", ".join(described) or ("node" if host and view.captured.observations else "")


def _is_pause(view: PodView, process: Process) -> bool:
    """The sandbox's own process, where the pod's PID namespace shows it.

    kubelet's PID namespace mode POD makes it PID 1 (kuberuntime/util/util.go); with hostPID it has
    the sandbox's id. Its name is the image's business, so it does not decide.
    """
    if owner(view, process) is not None or view.pid_mode == "container":
        return False
    return process.container_id is not None or (process.pid == 1 and view.pid_mode == "pod")


def _row(view: PodView, found: Observation, process: Process) -> ProcessRow:
    container = owner(view, process)
    if container is None and _is_pause(view, process):
        container = PAUSE
    return ProcessRow(
        container=container,
        pid=process.pid,
        seen_from=found.container,
        parent=process.parent,
        executable=process.executable,
        argument_count=process.argument_count,
        state=process.state,
        uid=process.uid,
        gid=process.gid,
        started_at=process.started_at,
        main=process.pid == found.main_pid and container == found.container,
        handles_term=process.handles_term,
        resident=process.resident,
    )
