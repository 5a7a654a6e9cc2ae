"""Which memory cgroups can have been full when a container was OOM-killed.

The runtime's mark OOMKilled names no cgroup. A container's memory counts in its own cgroup, in the
pod's and in the node's; the kernel kills at the first of them that is full.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from kubectl_podx.model.clock import format_time, parse_quantity, parse_time
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.view import PodView, per_view
from kubectl_podx.sections.restarts.termination.instance import Instance

_MEBI = 1024 * 1024


class Memory(Struct, frozen=True):
    """The limits above one container, and what speaks for each."""

    own: str
    """The container's limit as the runtime reports it, else as declared; empty without one."""
    pod: str
    """The limit of the pod's cgroup; empty where it has none."""
    shared: tuple[Evidence, ...]
    """Why the pod's cgroup can have been full before the container's own; empty where it cannot."""
    node: tuple[Evidence, ...]
    """The node's own memory trouble: a SystemOOM event at that time, MemoryPressure now."""
    node_oom: bool
    """Such an event is among them: the node's kernel killed for the node's own memory."""
    calm: Evidence | None
    """The node says that it was not short of memory while the instance ran; None where it does
    not, or nobody read it."""

    @property
    def pod_alone(self) -> bool:
        """The pod's limit can be reached by other containers alone. With cgroup v1 every container
        of the pod is then marked OOMKilled, also those that lost no process.
        """
        return bool(self.pod and (self.shared or not self.own))

    @property
    def where(self) -> str:
        """`at its memory limit of 40Mi`, or with the pod's where that fits, too."""
        own = f"at its memory limit of {self.own}"
        return f"{own} or at the pod's of {self.pod}" if self.shared else own


def memory(view: PodView, entry: ContainerEntry, instance: Instance | None) -> Memory:
    """What is known of the memory above the container's last instance."""
    own = own_limit(entry)
    pod = pod_limit(view)
    return Memory(
        own,
        _spelled(pod),
        tuple(_shared(view, entry, pod)) if pod is not None else (),
        (*(killed := _node_oom(view, instance)), *_node_pressure(view, instance)),
        bool(killed),
        _calm(view, instance),
    )


def own_limit(entry: ContainerEntry) -> str:
    """The container's memory limit as the runtime reports it, else as declared."""
    actual = text(entry.status, "resources", "limits", "memory")
    return actual or text(entry.spec, "resources", "limits", "memory")


@per_view
def pod_limit(view: PodView) -> Fraction | None:
    """The memory limit of the pod's cgroup, in bytes; None where it has none.

    Declared for the pod, or what the containers may use together where each has a limit
    (pkg/kubelet/cm/helpers_linux.go ResourceConfigForPod; init containers run before the others).
    """
    overhead = parse_quantity(dig(view.pod, "spec", "overhead", "memory")) or Fraction(0)
    declared = parse_quantity(dig(view.pod, "spec", "resources", "limits", "memory"))
    if declared is not None:
        return declared + overhead
    highest, sidecars, apps = Fraction(0), Fraction(0), Fraction(0)
    for entry in view.containers:
        if entry.kind == "ephemeral":
            continue
        limit = parse_quantity(own_limit(entry))
        if not limit:
            return None
        if entry.kind == "init":
            highest = max(highest, sidecars + limit)
        elif entry.kind == "sidecar":
            sidecars += limit
        else:
            apps += limit
    return max(highest, sidecars + apps) + overhead


@per_view
def memory_volumes(view: PodView) -> list[str]:
    """The pod's emptyDir volumes of medium Memory, by name."""
    return [
        text(volume, "name")
        for volume in items(view.pod, "spec", "volumes")
        if text(volume, "emptyDir", "medium") == "Memory"
    ]


def _shared(view: PodView, entry: ContainerEntry, pod: Fraction) -> Iterator[Evidence]:
    """What else counts against the pod's limit. The containers' own use fits where each has a limit
    and the pod's is their sum.
    """
    volumes = memory_volumes(view)
    if volumes:
        words = f"the pod's memory limit is {_spelled(pod)}, and files in "
        words += f"volume {' and '.join(volumes)} (medium Memory) count against it, whoever wrote"
        yield Evidence(source="spec", text=f"{words} them and even after that container has ended")
    for name in volumes:
        used = _used(view, name)
        if used is not None:
            words = f"volume {name} holds {_spelled(Fraction(used))} now"
            yield Evidence(source="observed", text=words)
    if dig(view.pod, "spec", "resources", "limits", "memory") is None:
        return
    limits = [
        parse_quantity(own_limit(other))
        for other in view.containers
        if other.kind in ("app", "sidecar") or other.name == entry.name
    ]
    if any(limit is None for limit in limits) or sum(filter(None, limits)) > pod:
        words = f"the pod's own memory limit of {_spelled(pod)} is less than its containers may use"
        yield Evidence(source="spec", text=f"{words} together")


def _used(view: PodView, volume: str) -> int | None:
    """Bytes in a volume of memory, as some container that mounts it sees it."""
    for entry in view.containers:
        paths = {
            text(mount, "mountPath").rstrip("/")
            for mount in items(entry.spec, "volumeMounts")
            if text(mount, "name") == volume
        }
        seen = view.observations.get(entry.name)
        for mount in seen.mounts if seen else ():
            if mount.path in paths and mount.fstype == "tmpfs" and mount.used is not None:
                return mount.used
    return None


def _node_oom(view: PodView, instance: Instance | None) -> list[Evidence]:
    """SystemOOM events of the node inside the instance."""
    if not view.api.node or instance is None:
        return []
    found = []
    stored = view.capture.lists.get(f"Event/Node//{view.api.node}")
    for event in stored.items if stored else []:
        moments = event_span(event)
        if text(event, "reason") == "SystemOOM" and any(instance.holds(m) for m in moments):
            when = format_time(moments[1]) if moments[1] else None
            found.append(Evidence(source="node", text=text(event, "message"), time=when))
    return found


def _node_pressure(view: PodView, instance: Instance | None) -> list[Evidence]:
    """MemoryPressure of the node, where it is True."""
    pressure, since = _pressure(view)
    if instance is None or text(pressure, "status") != "True":
        return []
    when = format_time(since) if since else None
    words = f"node {view.api.node} has MemoryPressure"
    return [Evidence(source="node", text=words, time=when)]


def _calm(view: PodView, instance: Instance | None) -> Evidence | None:
    """Pressure that came and went would have dated the condition anew."""
    pressure, since = _pressure(view)
    if instance is None or instance.started_at is None or since is None:
        return None
    if text(pressure, "status") != "False" or since > instance.started_at:
        return None
    words = f"node {text(view.pod, 'spec', 'nodeName')} has had no MemoryPressure since then"
    return Evidence(source="node", text=words, time=format_time(since))


def _pressure(view: PodView) -> tuple[Json, datetime | None]:
    """The node's condition MemoryPressure, and since when it is what it is."""
    name = view.api.node
    node = view.object("Node", name) if name else None
    for condition in items(node.body if node else None, "status", "conditions"):
        if text(condition, "type") == "MemoryPressure":
            return condition, parse_time(text(condition, "lastTransitionTime"))
    return {}, None


def _spelled(size: Fraction | None) -> str:
    """`48Mi`, as a quantity is written; other sizes to a tenth."""
    if size is None:
        return ""
    mebi = size / _MEBI
    return f"{mebi.numerator}Mi" if mebi.denominator == 1 else f"{float(mebi):.1f}Mi"
