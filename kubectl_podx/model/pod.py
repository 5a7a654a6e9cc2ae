"""A pod's vocabulary over its raw JSON: tolerant of missing, null and unknown fields.

Kubernetes adds fields faster than a typed client follows, so a pod stays plain JSON and every
access goes through these functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kubectl_podx.model.report.words import ContainerKind

Json = Mapping[str, Any]


def dig(value: Any, *path: str | int) -> Any:
    """The value below `path`, or None as soon as a step is missing or of another shape."""
    for step in path:
        # The most frequent call of an analysis: an object of JSON is a dict.
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            if not -len(value) <= step < len(value):
                return None
            value = value[step]
        elif value is not None and isinstance(value, Mapping):
            value = value.get(step)
        else:
            return None
    return value


def text(value: Any, *path: str | int) -> str:
    """The string below `path`; empty for anything else."""
    # By far the most frequent call: one step is not worth a second one.
    one_step = len(path) == 1 and type(value) is dict
    found = value.get(path[0]) if one_step else dig(value, *path)
    return found if isinstance(found, str) else ""


def number(value: Any, *path: str | int) -> int | None:
    """The whole number below `path`; None for anything else (True is not a number)."""
    found = dig(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def items(value: Any, *path: str | int) -> list[Json]:
    """The objects of the list below `path`; what is not an object is left out."""
    found = dig(value, *path)
    if not isinstance(found, list):
        return []
    # The test for the abstract class takes ten times as long, and JSON has dicts.
    return [item for item in found if type(item) is dict or isinstance(item, Mapping)]


def mapping(value: Any, *path: str | int) -> dict[str, Any]:
    """The object below `path`; empty for anything else."""
    found = dig(value, *path)
    if type(found) is dict:
        return found.copy()
    return dict(found) if found is not None and isinstance(found, Mapping) else {}


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
