"""A pod's containers: spec and status joined by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.words import ContainerKind


class ContainerEntry(NamedTuple):
    """One container: its spec joined with its status by name."""

    name: str
    kind: ContainerKind
    spec: Json
    status: Json
    """Empty where the pod has no status of it."""

    @property
    def container_id(self) -> str:
        """The id without its `containerd://`."""
        return text(self.status, "containerID").partition("://")[2]

    @property
    def running(self) -> bool:
        """Whether the API says that it runs."""
        return isinstance(dig(self.status, "state", "running"), Mapping)


_PARTS: tuple[tuple[str, str, ContainerKind], ...] = (
    ("initContainers", "initContainerStatuses", "init"),
    ("containers", "containerStatuses", "app"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral"),
)


def containers(pod: Json) -> Iterator[ContainerEntry]:
    """Every container in the order they start: init and sidecars, apps, ephemeral.

    Statuses are joined by name: `containerStatuses` is sorted by name, the spec is not
    (pkg/kubelet/types/types.go).
    """
    for spec_field, status_field, kind in _PARTS:
        statuses = {text(status, "name"): status for status in items(pod, "status", status_field)}
        for spec in items(pod, "spec", spec_field):
            name = text(spec, "name")
            actual: ContainerKind = kind
            if kind == "init" and text(spec, "restartPolicy") == "Always":
                actual = "sidecar"
            yield ContainerEntry(name, actual, spec, statuses.get(name, {}))


def field_path(entry: ContainerEntry) -> str:
    """The `involvedObject.fieldPath` of this container's events (pkg/kubelet/container/ref.go)."""
    part = {
        "init": "initContainers",
        "sidecar": "initContainers",
        "app": "containers",
        "ephemeral": "ephemeralContainers",
    }[entry.kind]
    return f"spec.{part}{{{entry.name}}}"
