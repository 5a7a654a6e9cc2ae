"""The four ways to see a running container, and why each is open or not."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.raw import text
from kubectl_podx.pod import debugging
from kubectl_podx.pod.debugging import NO_SHELL
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import Look, PodView, debug_call, exec_call
from kubectl_podx.sections.containers.report import Way


def ways(view: PodView, entry: ContainerEntry, looked: Look) -> list[Way]:
    """All four for a container that runs, unless an exec in it has shown everything."""
    live = view.capture.source != "manifest"
    if not entry.running or not live or (looked.method, looked.state) == ("exec", "observed"):
        return []
    return [
        _exec(view, entry, looked),
        _neighbour(view, entry, looked),
        _ephemeral(view, entry, looked),
        _outside(view, entry),
    ]


def _exec(view: PodView, entry: ContainerEntry, looked: Look) -> Way:
    if looked.method == "exec":
        return Way(way="exec", state="used", reason=looked.reason)
    call = exec_call(view, entry.name)
    if call is None:
        return Way(way="exec", state="open", reason=looked.reason)
    reason = NO_SHELL if _is_blind(view, entry) else call.reason or looked.reason
    return Way(way="exec", state="closed", reason=_with_needs(reason, call.needs))


def _is_blind(view: PodView, entry: ContainerEntry) -> bool:
    """Whether an exec found no shell: nobody else is asked to look but for that."""
    call, found = exec_call(view, entry.name), view.observations.get(entry.name)
    through = found is not None and found.through != ""
    return through or (call is not None and call.reason == NO_SHELL)


def _with_needs(reason: str, needs: str) -> str:
    return f"{reason}; needs {needs}" if needs else reason


def _neighbour(view: PodView, entry: ContainerEntry, looked: Look) -> Way:
    if looked.method == "neighbour":
        return Way(way="neighbour", state="used", reason=f"from container {looked.through}")
    if view.pid_mode == "container" and not _targeting(view, entry):
        return Way(
            way="neighbour",
            state="closed",
            reason="no container shares its PID namespace (shareProcessNamespace is not set)",
        )
    found = view.observations.get(entry.name)
    if found is not None and (found.method, found.state) == ("neighbour", "unobservable"):
        return Way(way="neighbour", state="closed", reason=_with_needs(found.reason, found.needs))
    able = [name for name in _others(view, entry) if _was_seen(view, name)]
    if not able:
        reason = "no container that shares its PID namespace was seen inside"
        return Way(way="neighbour", state="closed", reason=reason)
    return Way(way="neighbour", state="open", reason=f"from container {able[0]}")


def _targeting(view: PodView, entry: ContainerEntry) -> list[str]:
    return [
        other.name
        for other in view.containers
        if other.running and text(other.spec, "targetContainerName") == entry.name
    ]


def _others(view: PodView, entry: ContainerEntry) -> Iterator[str]:
    if view.pid_mode == "container":
        yield from _targeting(view, entry)
        return
    yield from (other.name for other in view.containers if other.name != entry.name)


def _was_seen(view: PodView, name: str) -> bool:
    found = view.observations.get(name)
    return found is not None and found.method == "exec"


def _ephemeral(view: PodView, entry: ContainerEntry, looked: Look) -> Way:
    if looked.method == "ephemeral":
        return Way(way="ephemeral", state="used", reason=f"from debug container {looked.through}")
    tried = debug_call(view, entry.name)
    found = view.observations.get(entry.name)
    if found is not None and (found.method, found.state) == ("ephemeral", "unobservable"):
        return Way(way="ephemeral", state="closed", reason=_with_needs(found.reason, found.needs))
    why = tried.reason if tried is not None else debugging.refusal(view.pod)
    if exec_call(view, entry.name) is not None and not _is_blind(view, entry):
        why = "podx adds one only if an exec finds no shell"
    if why:
        needs = tried.needs if tried is not None else ""
        return Way(way="ephemeral", state="closed", reason=_with_needs(why, needs))
    return Way(
        way="ephemeral",
        state="open",
        reason="--debug-image IMAGE adds a debug container, which stays in the pod's spec; needs "
        "patch pods/ephemeralcontainers",
    )


def _outside(view: PodView, entry: ContainerEntry) -> Way:
    sources = {one.source for one in view.captured.memory_usages if one.container == entry.name}
    known = ["the API's status, events and logs"]
    known += [f"memory by {source}" for source in sorted(sources)]
    known += ["disk and volumes by kubelet"] if view.captured.outside else []
    refused = any(
        (one.kind, one.detail, one.state) == ("stats", "whole", "denied")
        for one in view.captured.calls
    )
    more = "; more with get nodes/proxy, which amounts to root on the node" if refused else ""
    return Way(way="outside", state="used", reason=f"{', '.join(known)}{more}")
