"""podx's own debug containers (`--debug-image`): how they are known, as nothing counts them."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, text

PREFIX = "podx-debug-"
MARK = "PODX_DEBUG_CONTAINER"
"""The variable that each of them declares: its name survives the sealing, whatever is withheld."""
MANAGER = "kubectl-podx"
"""The field manager of the one write."""

_NAME = lazy(r"podx-debug-[a-z0-9]{5}")
_FIELD = "spec.ephemeralContainers"


def is_own(spec: Json) -> bool:
    """Whether this ephemeral container of a pod's spec was added by podx."""
    return _NAME.fullmatch(text(spec, "name")) is not None and any(
        text(variable, "name") == MARK for variable in items(spec, "env")
    )


def own_specs(pod: Json) -> list[Json]:
    """Those of the pod's ephemeral containers that podx added, oldest first."""
    return [spec for spec in items(pod, "spec", "ephemeralContainers") if is_own(spec)]


def own_statuses(pod: Json) -> Iterator[Json]:
    """Their statuses, as far as the kubelet has written any."""
    names = {text(spec, "name") for spec in own_specs(pod)}
    for status in items(pod, "status", "ephemeralContainerStatuses"):
        if text(status, "name") in names:
            yield status


def status_of(pod: Json, name: str) -> Json:
    """The status of one of them; empty before the kubelet has written it."""
    return next((one for one in own_statuses(pod) if text(one, "name") == name), {})


def is_running(status: Json) -> bool:
    """Whether a container with this status runs."""
    return dig(status, "state", "running") is not None


def identity(status: Json) -> str:
    """The container's id without the runtime's name; empty before it has one."""
    return text(status, "containerID").rpartition("://")[2]


def own_ids(pod: Json) -> frozenset[str]:
    """The ids of all of them: a process in one of their cgroups is none of the pod's own."""
    return frozenset(filter(None, map(identity, own_statuses(pod))))


def is_own_event(pod: Json, event: Json) -> bool:
    """Whether an event is about one of them (`spec.ephemeralContainers{NAME}`)."""
    path = text(event, "involvedObject", "fieldPath")
    if not path.startswith(f"{_FIELD}{{{PREFIX}"):
        return False
    return any(path == f"{_FIELD}{{{text(spec, 'name')}}}" for spec in own_specs(pod))


def is_own_path(path: str) -> bool:
    """Whether a path of `managedFields` is of one of them."""
    return path.startswith(f"{_FIELD}[{PREFIX}")
