"""Which namespaces the containers share: as the spec asks for it, and proven by inode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from kubectl_podx.model.parts import Fact
from kubectl_podx.model.raw import dig, text
from kubectl_podx.pod import listeners, processes
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.namespaces.report import Namespace, NamespaceGroup, Namespaces

# include/linux/proc_ns.h: the inodes of the initial namespaces are fixed; for the network one only
# since Linux 6.18. A node that is itself a container has others, so only equality proves.
_INITIAL = {
    "net": "4026531833",
    "pid": "4026531836",
    "ipc": "4026531839",
    "uts": "4026531838",
    "user": "4026531837",
    "cgroup": "4026531835",
}
# What /proc/N/ns calls them, and what a look may call them.
_ALIASES = {"net": ("net", "network"), "mnt": ("mnt", "mount")}


class _Declared(Struct, frozen=True):
    """What the spec asks for."""

    mode: str
    by: str


def build(view: PodView) -> Namespaces:
    """All seven namespace kinds, the processes and the listening sockets."""
    modes = _declared(view)
    built = {kind: _namespace(view, kind, declared) for kind, declared in modes.items()}
    return Namespaces(
        network=built["net"],
        pid=built["pid"],
        ipc=built["ipc"],
        uts=built["uts"],
        user=built["user"],
        mount=built["mnt"],
        cgroup=built["cgroup"],
        pid_one=processes.pid_one(view),
        processes=processes.rows(view),
        processes_left_out=sum(f.processes_left_out for f in view.captured.observations),
        listeners=listeners.rows(view),
    )


def compared(found: Namespaces, _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: who listens, and where."""
    for row in found.listeners:
        yield Fact(row.container or "", f"listener {row.protocol} {row.port}", f"on {row.address}")


def _declared(view: PodView) -> dict[str, _Declared]:
    """The mode of every namespace kind, with the field that decides.

    Network, IPC and UTS are always of the pod or of the node (containerd pkg/cri/opts); the UTS
    namespace follows the network.
    """
    spec = dig(view.pod, "spec")
    pod = _Declared("pod", "always of the whole pod unless the node's is asked for")
    network = _Declared("node", "hostNetwork: true") if view.host_network else pod
    pid = {
        "node": _Declared("node", "hostPID: true"),
        "pod": _Declared("pod", "shareProcessNamespace: true"),
        "container": _Declared("container", "shareProcessNamespace is not set"),
    }[view.pid_mode]
    ipc = _Declared("node", "hostIPC: true") if dig(spec, "hostIPC") is True else pod
    user = (
        _Declared("pod", "hostUsers: false")
        if dig(spec, "hostUsers") is False
        else _Declared("node", "hostUsers is not false")
    )
    return {
        "net": network,
        "pid": pid,
        "ipc": ipc,
        "uts": network,
        "user": user,
        "mnt": _Declared("container", "always of one container"),
        "cgroup": _Declared("container", "the runtime decides: private with cgroup v2"),
    }


def _namespace(view: PodView, kind: str, declared: _Declared) -> Namespace:
    present = [entry for entry in view.containers if _has_namespaces(entry)] or view.containers
    inodes = {entry.name: inode for entry in present if (inode := _inode(view, entry.name, kind))}
    groups = _proven(inodes) + _groups(view, kind, declared.mode, present, set(inodes))
    agrees, reason = _agreement(kind, declared.mode, inodes, _targets(view, kind))
    return Namespace(
        mode=declared.mode, declared_by=declared.by, groups=groups, agrees=agrees, reason=reason
    )


def _has_namespaces(entry: ContainerEntry) -> bool:
    """Init and ephemeral containers that have ended share nothing any more."""
    ended = dig(entry.status, "state", "terminated") is not None
    return not (ended and entry.kind in ("init", "ephemeral"))


def _inode(view: PodView, container: str, kind: str) -> str:
    found = view.observations.get(container)
    if found is None:
        return ""
    names = _ALIASES.get(kind, (kind,))
    return next((found.namespaces[name] for name in names if found.namespaces.get(name)), "")


def _proven(inodes: Mapping[str, str]) -> list[NamespaceGroup]:
    groups: dict[str, list[str]] = {}
    for container, inode in inodes.items():
        groups.setdefault(inode, []).append(container)
    return [
        NamespaceGroup(containers=names, basis="proven", inode=inode)
        for inode, names in groups.items()
    ]


def _groups(
    view: PodView, kind: str, mode: str, present: list[ContainerEntry], seen: set[str]
) -> list[NamespaceGroup]:
    """The containers whose inodes were not read, grouped as the spec declares."""
    unseen = [entry.name for entry in present if entry.name not in seen]
    if not unseen:
        return []
    if mode != "container":
        return [NamespaceGroup(containers=unseen, basis="declared")]
    targets = _targets(view, kind)
    groups: dict[str, list[str]] = {}
    for name in unseen:
        groups.setdefault(targets.get(name, name), []).append(name)
    return [NamespaceGroup(containers=names, basis="declared") for names in groups.values()]


def _targets(view: PodView, kind: str) -> dict[str, str]:
    """Ephemeral container -> the container whose PID namespace it joins."""
    if kind != "pid":
        return {}
    return {
        entry.name: target
        for entry in view.containers
        if entry.kind == "ephemeral" and (target := text(entry.spec, "targetContainerName"))
    }


def _agreement(
    kind: str, mode: str, inodes: Mapping[str, str], targets: Mapping[str, str]
) -> tuple[bool | None, str]:
    """Whether what was seen is what was declared, and why that cannot be told."""
    if not inodes:
        return None, "no container's namespaces could be read"
    distinct = set(inodes.values())
    initial = _INITIAL.get(kind)
    if kind == "cgroup":
        return None, "the spec does not decide it"
    if mode == "node":
        if len(distinct) > 1:
            return False, "the containers have different ones"
        if distinct == {initial}:
            return True, ""
        return None, "whether it is the node's cannot be told from inside"
    if initial in distinct:
        return False, "it is the node's"
    if mode == "pod":
        if len(distinct) > 1:
            return False, "the containers have different ones"
        if len(inodes) > 1 or kind == "user":
            return True, ""
        return None, "only one container could be compared"
    joined = {name: inodes.get(targets[name]) for name in inodes if name in targets}
    if any(inodes[name] != target for name, target in joined.items() if target):
        return False, "a debug container is not in its target's"
    alone = [inode for name, inode in inodes.items() if name not in joined]
    if len(set(alone)) != len(alone):
        return False, "two containers have the same one"
    return (True, "") if len(inodes) > 1 else (None, "only one container could be compared")
