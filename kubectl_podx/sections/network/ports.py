"""Fixes of a port on which nothing listens: lead it to the one where the program does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kubectl_podx.pod import listeners
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.rules.fixes import edit_owner, set_container, set_service_port
from kubectl_podx.rules.rule import Case, Fix
from kubectl_podx.sections.network.report import ServicePort, ServiceRow

if TYPE_CHECKING:
    from kubectl_podx.sections.probes.report import Probe


def probe_where_it_listens(case: Case, entry: ContainerEntry, types: Sequence[str]) -> Fix:
    """Let these probes ask the one port on which the container listens."""
    port = _only_port(case, entry.name)
    probes: dict[str, Probe] = {
        row.type: row for row in case.report.probes or () if row.container == entry.name
    }
    kinds = {kind: probes[kind].handler.kind for kind in types if kind in probes}
    if port is None or not kinds or len(kinds) < len(types):
        return edit_owner(case)
    fields = {f"{kind}Probe": {handler: {"port": port}} for kind, handler in kinds.items()}
    return set_container(case, entry, fields)


def service_where_it_listens(case: Case, service: ServiceRow, port: ServicePort) -> Fix:
    """Lead the Service's port to the one port on which the pod listens."""
    apps = [entry.name for entry in case.view.containers if entry.kind in ("app", "sidecar")]
    open_ports = {found for name in apps if (found := _only_port(case, name)) is not None}
    same = [each for each in service.ports if each.port == port.port]
    if len(open_ports) != 1 or len(same) != 1:
        return Fix()
    return set_service_port(case, service.name, port.port, open_ports.pop())


def _only_port(case: Case, container: str) -> int | None:
    """The one TCP port that others can reach and that this container listens on; None if unsure."""
    found = {
        row.port
        for row in listeners.rows(case.view)
        if row.container == container
        and row.protocol == "TCP"
        and not listeners.is_loopback(row.address)
    }
    return found.pop() if len(found) == 1 else None
