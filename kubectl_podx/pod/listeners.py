"""Listening sockets of the pod's network namespace, each with its container where that is known."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.capture import Listener, Observation
from kubectl_podx.model.parts import ListenerRow
from kubectl_podx.model.raw import dig, items, number, text
from kubectl_podx.pod.processes import owner
from kubectl_podx.pod.view import PodView


class DeclaredPort(Struct, frozen=True):
    """One entry of a container's `ports`."""

    container: str
    name: str
    port: int
    protocol: str
    host_port: int | None
    running: bool

    @property
    def label(self) -> str:
        """`CONTAINER:NAME`, or the number where the port has no name."""
        return f"{self.container}:{self.name or self.port}"


def declared_ports(view: PodView) -> list[DeclaredPort]:
    """The ports of apps and sidecars, in start order. Declaring a port opens nothing."""
    return list(_declared(view))


def _declared(view: PodView) -> Iterator[DeclaredPort]:
    for entry in view.containers:
        if entry.kind not in ("app", "sidecar"):
            continue
        for port in items(entry.spec, "ports"):
            found = number(port, "containerPort")
            if found is None:
                continue
            host = number(port, "hostPort")
            yield DeclaredPort(
                entry.name,
                text(port, "name"),
                found,
                text(port, "protocol") or "TCP",
                # With hostNetwork every port is a port of the node; the API server fills it in.
                None if view.host_network else host,
                entry.running,
            )


def resolve_service_port(view: PodView, service_port: object) -> int | None:
    """The container port that a Service's port leads to in this pod; None for an unknown name.

    `FindPort` in pkg/api/v1/pod/util.go: a number stands for itself, a name is looked up with its
    protocol; a missing targetPort is the port itself.
    """
    target = dig(service_port, "targetPort")
    if isinstance(target, int) and not isinstance(target, bool):
        return target
    if not isinstance(target, str) or not target:
        return number(service_port, "port")
    protocol = text(service_port, "protocol") or "TCP"
    for declared in declared_ports(view):
        if declared.name == target and declared.protocol == protocol:
            return declared.port
    return int(target) if target.isascii() and target.isdigit() else None


_NO_PROCESS = "no readable /proc/N/fd names the process that holds it"


class _Holder(Struct, frozen=True):
    """Who holds a socket."""

    container: str | None
    pid: int | None
    executable: str


class Reach(Struct, frozen=True):
    """Whether somebody listens on a port."""

    listening: bool
    reachable: bool
    """On an address that other machines, and the kubelet, can reach."""
    addresses: tuple[str, ...]


def rows(view: PodView) -> list[ListenerRow]:
    """Every listening socket once, by port.

    On hostNetwork `/proc/net/tcp` lists the whole node, so only sockets that a process of this pod
    was seen to hold are shown.
    """
    kept: dict[tuple[str, str, int, str], ListenerRow] = {}
    declared = declared_ports(view)
    for found in view.captured.observations:
        for listener in found.listeners:
            key = (listener.protocol, listener.address, listener.port, listener.inode or "")
            row = _row(view, found, listener, declared)
            known = kept.get(key)
            if known is None or (known.pid is None and row.pid is not None):
                kept[key] = row
    shown = [row for row in kept.values() if not view.host_network or row.pid is not None]
    return sorted(shown, key=lambda row: (row.port, row.protocol, row.address))


def were_read(view: PodView) -> bool:
    """Whether the listening sockets were really seen, so that a missing one means something."""
    return any(found.listeners or found.state == "observed" for found in view.captured.observations)


def reach(view: PodView, port: int, protocol: str = "TCP") -> Reach | None:
    """Who listens on this port of the pod's network; None where that could not be seen."""
    if not were_read(view):
        return None
    addresses = sorted(
        {
            listener.address
            for found in view.captured.observations
            for listener in found.listeners
            if listener.port == port and listener.protocol == protocol
        }
    )
    reachable = any(not is_loopback(address) for address in addresses)
    return Reach(bool(addresses), reachable, tuple(addresses))


def is_loopback(address: str) -> bool:
    """Whether only processes of the same network namespace reach this address."""
    bare = address.removeprefix("::ffff:")
    return bare.startswith("127.") or bare == "::1"


def _row(
    view: PodView, found: Observation, listener: Listener, declared: list[DeclaredPort]
) -> ListenerRow:
    matches = [
        port
        for port in declared
        if port.port == listener.port and port.protocol == listener.protocol
    ]
    holder = _holder(view, found, listener)
    return ListenerRow(
        protocol=listener.protocol,
        address=listener.address,
        port=listener.port,
        container=holder.container,
        pid=holder.pid,
        executable=holder.executable,
        uid=listener.uid,
        reason="" if holder.pid is not None else _NO_PROCESS,
        declared_as=", ".join(port.label for port in matches),
        host_port=next((port.host_port for port in matches if port.host_port), None),
        queue=listener.queue,
    )


def _holder(view: PodView, found: Observation, listener: Listener) -> _Holder:
    if listener.pid is not None:
        for process in found.processes:
            if process.pid == listener.pid:
                return _Holder(owner(view, process), process.pid, process.executable)
        return _Holder(None, listener.pid, "")
    # The pod's network is its own and one container runs in it: nobody else can listen there.
    running = [entry.name for entry in view.containers if entry.running]
    alone = len(running) == 1 and not view.host_network
    return _Holder(running[0] if alone else None, None, "")
