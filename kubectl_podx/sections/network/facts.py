"""Connections that hang, the Services that lead to the pod, and its readiness gates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubectl_podx.model.capture import Connection
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.words import ConnectionState, EndpointState
from kubectl_podx.pod import listeners
from kubectl_podx.pod.listeners import resolve_service_port
from kubectl_podx.pod.policies import limiting_egress
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.network.report import (
    HangingConnection,
    Network,
    ReadinessGate,
    ServicePort,
    ServiceRow,
)

_SERVICE_NAME = "kubernetes.io/service-name"


def build(view: PodView) -> Network:
    """The pod as a network sees it."""
    return Network(
        connections=_connections(view),
        services=[_service(view, service) for service in selecting_services(view)],
        egress_policies=limiting_egress(view),
        readiness_gates=_gates(view.pod),
    )


def _connections(view: PodView) -> list[HangingConnection]:
    """Hanging connections by peer, most first.

    The network namespace is the pod's, so every container sees the same sockets: each is counted
    once. On hostNetwork they are the whole node's and say nothing about the pod.
    """
    if view.host_network:
        return []
    seen: dict[tuple[str, str, str, str], HangingConnection] = {}
    for found in view.captured.observations:
        ports = {listener.port for listener in found.listeners}
        own: dict[tuple[ConnectionState, str, str], list[Connection]] = {}
        for connection in found.connections:
            local, remote = _ends(connection, ports)
            own.setdefault((connection.state, local, remote), []).append(connection)
        for (state, local, remote), several in own.items():
            space = found.namespaces.get("net") or view.captured.uid
            row = HangingConnection(
                state=state,
                container=found.container,
                remote=remote,
                local=local,
                count=sum(max(1, each.count) for each in several),
            )
            known = seen.get((space, state, local, remote))
            if known is None or row.count > known.count:
                seen[space, state, local, remote] = row
    return sorted(seen.values(), key=lambda row: (-row.count, row.state, row.remote))


def _ends(connection: Connection, listening: set[int]) -> tuple[str, str]:
    """Local and remote end without the port that the kernel chose for this one connection."""
    local = _endpoint(connection.local_address, connection.local_port)
    remote = _endpoint(connection.remote_address, connection.remote_port)
    if connection.local_port in listening:
        return local, connection.remote_address
    return connection.local_address, remote


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def selecting_services(view: PodView) -> list[Json]:
    """The Services of the namespace whose selector matches the pod's labels.

    A Service without a selector selects nothing.
    """
    labels = mapping(view.pod, "metadata", "labels")
    found: list[Json] = []
    for service in _list(view, "Service") or ():
        selector = mapping(service, "spec", "selector")
        if selector and all(labels.get(key) == value for key, value in selector.items()):
            found.append(service)
    return sorted(found, key=lambda service: text(service, "metadata", "name"))


def _list(view: PodView, kind: str) -> list[dict[str, Any]] | None:
    """The namespace's objects of this kind; None where the list could not be read."""
    stored = view.capture.lists.get(f"{kind}/{view.reference.namespace}")
    return stored.items if stored is not None and stored.state == "present" else None


def _service(view: PodView, service: Json) -> ServiceRow:
    name = text(service, "metadata", "name")
    endpoint, serving = _endpoint_state(view, name)
    return ServiceRow(
        name=name,
        type=text(service, "spec", "type"),
        ports=[_port(view, port) for port in items(service, "spec", "ports")],
        endpoint=endpoint,
        serving=serving,
    )


def _port(view: PodView, port: Json) -> ServicePort:
    written = dig(port, "targetPort")
    resolved = resolve_service_port(view, port)
    reached = None
    if resolved is not None:
        reached = listeners.reach(view, resolved, text(port, "protocol") or "TCP")
    return ServicePort(
        name=text(port, "name"),
        port=number(port, "port") or 0,
        target_port=str(written if isinstance(written, (int, str)) else number(port, "port") or ""),
        resolved=resolved,
        listening=reached.reachable if reached is not None else None,
    )


def _endpoint_state(view: PodView, service: str) -> tuple[EndpointState, bool | None]:
    """State of the pod's endpoint in the Service's EndpointSlices, and whether it is serving.

    discovery.k8s.io/v1: `ready` unset means ready; a terminating endpoint is never ready.
    """
    slices = _list(view, "EndpointSlice")
    if slices is None:
        return "unknown", None
    mine = [
        endpoint
        for each in slices
        if text(each, "metadata", "labels", _SERVICE_NAME) == service
        for endpoint in items(each, "endpoints")
        if _is_pod(view, endpoint)
    ]
    if not mine:
        return "absent", None
    serving = _any_true(mine, "serving")
    if _any_true(mine, "terminating"):
        return "terminating", serving
    ready = any(dig(endpoint, "conditions", "ready") is not False for endpoint in mine)
    return ("ready" if ready else "notReady"), serving


def _any_true(endpoints: Iterable[Json], condition: str) -> bool:
    return any(dig(endpoint, "conditions", condition) is True for endpoint in endpoints)


def _is_pod(view: PodView, endpoint: Json) -> bool:
    if text(endpoint, "targetRef", "kind") != "Pod":
        return False
    uid = text(endpoint, "targetRef", "uid")
    if uid and view.captured.uid:
        return uid == view.captured.uid
    return text(endpoint, "targetRef", "name") == view.reference.name


def _gates(pod: Json) -> list[ReadinessGate]:
    """A gate whose condition nobody set counts as False (pkg/kubelet/status/generate.go)."""
    statuses = {
        text(condition, "type"): text(condition, "status") or "Unknown"
        for condition in items(pod, "status", "conditions")
    }
    return [
        ReadinessGate(
            condition=text(gate, "conditionType"),
            status=statuses.get(text(gate, "conditionType"), "notSet"),
        )
        for gate in items(pod, "spec", "readinessGates")
    ]
