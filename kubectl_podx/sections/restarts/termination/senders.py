"""Who besides the kubelet can have sent a signal to a container's process: none leaves a trace."""

from __future__ import annotations

from kubectl_podx.model.raw import items, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView


def senders(view: PodView, entry: ContainerEntry) -> tuple[str, ...]:
    """Others in its PID namespace, in words; empty where it has one of its own.

    There it is PID 1: the kernel gives it only signals that it handles, and only an exec can send
    them. In a namespace that is shared anybody with the rights can end it by any signal.
    """
    found = []
    if view.pid_mode == "node":
        found.append("a process of the node (hostPID)")
    if view.pid_mode == "pod":
        names = [e.name for e in view.containers if e.name != entry.name and _may_run_with(e)]
        found += [f"container {name}, which shares its PID namespace" for name in names]
        found.append("an exec session")
    for debug in items(view.pod, "spec", "ephemeralContainers"):
        if text(debug, "targetContainerName") == entry.name and view.pid_mode == "container":
            found.append(f"debug container {text(debug, 'name')}, which targets it")
    return tuple(found)


def _may_run_with(other: ContainerEntry) -> bool:
    return other.kind != "init"
