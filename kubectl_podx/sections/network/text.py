"""The block of this section in the text."""

from __future__ import annotations

from kubectl_podx.sections.network.columns import (
    CONNECTION,
    GATE,
    SERVICE,
    ServiceLine,
    service_lines,
)
from kubectl_podx.sections.network.report import Network
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import Page


def grids(found: Network) -> list[Grid]:
    """Its tables."""
    return [
        Grid(SERVICE, service_lines(found.services)),
        Grid(CONNECTION, found.connections),
        Grid(GATE, found.readiness_gates),
    ]


def block(found: Network, page: Page) -> list[str]:
    """Tables of what carries a signal, or of all."""
    services = service_lines(found.services)
    gates = found.readiness_gates
    if not page.everything:
        services = [line for line in services if _is_odd(line)]
        gates = [gate for gate in gates if gate.status != "True"]
    lines: list[str] = []
    for columns, rows in ((SERVICE, services), (CONNECTION, found.connections), (GATE, gates)):
        if rows:
            lines += ["", *page.table(columns, rows)] if lines else page.table(columns, rows)
    if lines:
        return ["Network:", *lines]
    return ["Network: nothing to tell"] if page.everything else []


def _is_odd(line: ServiceLine) -> bool:
    silent = line.port is not None and (line.port.listening is False or line.port.resolved is None)
    return silent or line.service.endpoint in ("notReady", "terminating", "absent")
