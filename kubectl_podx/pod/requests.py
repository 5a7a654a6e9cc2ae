"""What a pod asks a node for: requests as the scheduler counts them, and host ports."""

from __future__ import annotations

from fractions import Fraction

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, items, mapping, text


def requests_of(pod: Json) -> dict[str, Fraction]:
    """What the scheduler counts: the sum of the containers and sidecars, or an init container that
    asks for more beside the sidecars before it; the pod's own request where it has one; and the
    overhead of its runtime class (PodRequests, component-helpers/resource/helpers.go).
    """
    return _amounts(pod, "requests")


def limits_of(pod: Json) -> dict[str, Fraction]:
    """The same sums of the limits: what a quota counts."""
    return _amounts(pod, "limits")


def _amounts(pod: Json, field: str) -> dict[str, Fraction]:
    sums: dict[str, Fraction] = {}
    beside: dict[str, Fraction] = {}
    inits: dict[str, Fraction] = {}
    for spec in items(pod, "spec", "initContainers"):
        sidecar = text(spec, "restartPolicy") == "Always"
        for name, amount in _of(spec, field).items():
            before = beside.get(name, Fraction(0))
            if sidecar:
                beside[name] = before + amount
            inits[name] = max(inits.get(name, Fraction(0)), before + amount)
    for spec in items(pod, "spec", "containers"):
        for name, amount in _of(spec, field).items():
            sums[name] = sums.get(name, Fraction(0)) + amount
    found = {
        name: max(
            sums.get(name, Fraction(0)) + beside.get(name, Fraction(0)),
            inits.get(name, Fraction(0)),
        )
        for name in {**sums, **inits}
    }
    found |= _of(mapping(pod, "spec"), field)
    for name, written in mapping(pod, "spec", "overhead").items():
        overhead = parse_quantity(written)
        if overhead is not None and (name in found or field == "requests"):
            found[name] = found.get(name, Fraction(0)) + overhead
    return found


def _of(spec: Json, field: str) -> dict[str, Fraction]:
    """One container's; a limit without a request is a request, too (SetDefaults_Pod)."""
    written = mapping(spec, "resources", field)
    if field == "requests":
        written = {**mapping(spec, "resources", "limits"), **written}
    known = ((name, parse_quantity(amount)) for name, amount in written.items())
    return {name: Fraction(amount) for name, amount in known if amount is not None}


def host_ports(pod: Json) -> set[tuple[int, str]]:
    """Ports of the node that the pod wants for itself, each with its protocol."""
    return {
        (port["hostPort"], text(port, "protocol") or "TCP")
        for field in ("initContainers", "containers")
        for container in items(pod, "spec", field)
        for port in items(container, "ports")
        if isinstance(port.get("hostPort"), int)
    }
