"""The words of kubectl's READY, STATUS and RESTARTS columns for one pod.

Source of the rules: `printPod` in pkg/printers/internalversion/printers.go (v1.37), which the API
server itself runs for `kubectl get pods`.
"""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.pod import Pod

_NODE_LOST = "NodeLost"


class Columns(Struct, frozen=True):
    """What `kubectl get pod` prints."""

    status: str
    """Such as `Running`, `CrashLoopBackOff`, `Init:1/2`, `Terminating`."""
    ready: str
    """`1/2`: app containers and sidecars only."""
    restarts: int


class _Init(Struct, frozen=True):
    """What the init containers say."""

    reason: str
    """`Init:…`, or empty once all have ended or started."""
    ready: int
    restarts: int
    sidecar_restarts: int


class _Apps(Struct, frozen=True):
    """What the app containers say."""

    reason: str
    ready: int
    restarts: int


def columns(pod: Json) -> Columns:
    """The three columns. Tolerates a missing status: `Unknown`, `0/0`, 0."""
    reason = text(pod, "status", "reason") or text(pod, "status", "phase")
    if _scheduling_gated(pod):
        reason = "SchedulingGated"
    sidecars = {
        text(spec, "name")
        for spec in items(pod, "spec", "initContainers")
        if text(spec, "restartPolicy") == "Always"
    }
    total = len(items(pod, "spec", "containers")) + len(sidecars)
    init = _init(pod, sidecars)
    reason = init.reason or reason
    ready, restarts = init.ready, init.restarts
    if not init.reason or Pod(pod).has("Initialized"):
        apps = _apps(pod, reason)
        reason = apps.reason
        ready += apps.ready
        # Once initialized, only sidecars and apps count: finished init containers are history.
        restarts = init.sidecar_restarts + apps.restarts
    return Columns(_deleted(pod, reason) or "Unknown", f"{ready}/{total}", restarts)


def _deleted(pod: Json, reason: str) -> str:
    """The status of a pod that is being deleted; the reason unchanged for every other pod."""
    if not Pod(pod).terminating:
        return reason
    if text(pod, "status", "reason") == _NODE_LOST:
        return "Unknown"
    return reason if Pod(pod).ended else "Terminating"


def _init(pod: Json, sidecars: set[str]) -> _Init:
    """Walks the init containers up to the first that has neither ended well nor started."""
    ready = restarts = sidecar_restarts = 0
    total = len(items(pod, "spec", "initContainers"))
    for index, status in enumerate(items(pod, "status", "initContainerStatuses")):
        count = number(status, "restartCount") or 0
        restarts += count
        sidecar = text(status, "name") in sidecars
        if sidecar:
            sidecar_restarts += count
        terminated = _state(status, "terminated")
        if terminated is not None and _exit_code(terminated) == 0:
            continue
        if sidecar and dig(status, "started") is True:
            ready += dig(status, "ready") is True
            continue
        return _Init(_init_reason(status, index, total), ready, restarts, sidecar_restarts)
    return _Init("", ready, restarts, sidecar_restarts)


def _init_reason(status: Json, index: int, total: int) -> str:
    terminated = _state(status, "terminated")
    if terminated is not None:
        return "Init:" + _ended(terminated)
    waiting = text(status, "state", "waiting", "reason")
    if waiting and waiting != "PodInitializing":
        return "Init:" + waiting
    return f"Init:{index}/{total}"


def _apps(pod: Json, reason: str) -> _Apps:
    """Walks the app containers from the last to the first: the first one's reason wins."""
    ready = restarts = 0
    error = ""
    for status in reversed(items(pod, "status", "containerStatuses")):
        restarts += number(status, "restartCount") or 0
        waiting = text(status, "state", "waiting", "reason")
        terminated = _state(status, "terminated")
        if waiting:
            reason = waiting
        elif terminated is not None:
            reason = _ended(terminated)
            if _exit_code(terminated) != 0:
                error = reason
        elif dig(status, "ready") is True and _state(status, "running") is not None:
            ready += 1
    if reason == "Completed":
        if ready and Pod(pod).ready:
            reason = "Running"
        elif error:
            reason = error
        elif ready:
            reason = "NotReady"
    return _Apps(reason, ready, restarts)


def _ended(terminated: Json) -> str:
    signal = number(terminated, "signal")
    return text(terminated, "reason") or (
        f"Signal:{signal}" if signal else f"ExitCode:{_exit_code(terminated)}"
    )


def _exit_code(terminated: Json) -> int:
    return number(terminated, "exitCode") or 0


def _state(status: Json, name: str) -> Json | None:
    """The state of that name where the container is in it; a state may be an empty object."""
    return mapping(status, "state", name) if dig(status, "state", name) is not None else None


def _scheduling_gated(pod: Json) -> bool:
    return any(
        text(c, "type") == "PodScheduled" and text(c, "reason") == "SchedulingGated"
        for c in items(pod, "status", "conditions")
    )
