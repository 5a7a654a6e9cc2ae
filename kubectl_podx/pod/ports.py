"""Ports that containers declare, and what a port's name means in this pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.model.raw import dig, items, number, text
from kubectl_podx.pod.view import PodView


class DeclaredPort(NamedTuple):
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
