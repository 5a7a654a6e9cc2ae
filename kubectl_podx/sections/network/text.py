"""Columns of Services, connections and readiness gates, and their block in the text."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.sections.network.report import Network, ServicePort, ServiceRow
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, text_or_none, yes_no


class ServiceLine(Struct, frozen=True):
    """One port of a Service, or the Service where it has none."""

    service: ServiceRow
    port: ServicePort | None


def service_lines(services: list[ServiceRow]) -> list[ServiceLine]:
    """A line per port."""
    nothing: list[ServicePort | None] = [None]
    return [ServiceLine(row, port) for row in services for port in [*row.ports] or nothing]


def _port(port: ServicePort | None) -> str:
    if port is None:
        return NONE
    return f"{port.port} ({port.name})" if port.name else str(port.port)


def _target(port: ServicePort | None) -> str:
    if port is None:
        return NONE
    if port.resolved is None or str(port.resolved) == port.target_port:
        return port.target_port or NONE
    return f"{port.target_port} -> {port.resolved}"


SERVICE: tuple[Column, ...] = (
    Column("SERVICE", lambda row, _: row.service.name),
    Column("PORT", lambda row, _: _port(row.port)),
    Column("TARGET", lambda row, _: _target(row.port)),
    Column("LISTENING", lambda row, _: yes_no(row.port.listening) if row.port else NONE),
    Column("ENDPOINT", lambda row, _: row.service.endpoint),
    Column("TYPE", lambda row, _: text_or_none(row.service.type), wide=True),
    Column("SERVING", lambda row, _: yes_no(row.service.serving), wide=True),
)

CONNECTION: tuple[Column, ...] = (
    Column("CONNECTION", lambda row, _: row.state),
    Column("REMOTE", lambda row, _: row.remote),
    Column("LOCAL", lambda row, _: row.local),
    Column("COUNT", lambda row, _: str(row.count)),
    Column("SEEN-FROM", lambda row, _: row.container, wide=True),
)

GATE: tuple[Column, ...] = (
    Column("READINESS-GATE", lambda row, _: row.condition),
    Column("STATUS", lambda row, _: row.status),
)


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
