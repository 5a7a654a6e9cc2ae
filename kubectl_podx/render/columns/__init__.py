"""Every section's rows as grids: the explicit list behind tables and wide text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_podx.model.report import PodReport
from kubectl_podx.model.report.health import Probe
from kubectl_podx.model.report.sharing import Namespaces, Network
from kubectl_podx.model.report.surroundings import Hosts, Node, Scheduling
from kubectl_podx.render.columns import content, health, pod, sharing, surroundings
from kubectl_podx.render.columns.column import Column, Grid


def _rows(columns: tuple[Column, ...]) -> Callable[[Any], list[Grid]]:
    return lambda rows: [Grid(columns, rows)]


def _namespaces(found: Namespaces) -> list[Grid]:
    return [
        Grid(sharing.NAMESPACE, sharing.namespace_lines(found)),
        Grid(sharing.PROCESS, found.processes),
        Grid(sharing.LISTENER, found.listeners),
    ]


def _network(found: Network) -> list[Grid]:
    return [
        Grid(sharing.SERVICE, sharing.service_lines(found.services)),
        Grid(sharing.CONNECTION, found.connections),
        Grid(sharing.GATE, found.readiness_gates),
    ]


def _probes(found: list[Probe]) -> list[Grid]:
    return [Grid(health.PROBE, found), Grid(health.LIVE, health.live_lines(found))]


def _scheduling(found: Scheduling) -> list[Grid]:
    return [
        Grid(surroundings.SCHEDULING, [found]),
        Grid(surroundings.REQUIREMENT, found.requirements),
    ]


def _node(found: Node) -> list[Grid]:
    return [Grid(surroundings.NODE, [found]), Grid(pod.CONDITION, found.conditions)]


def _hosts(found: Hosts) -> list[Grid]:
    return [Grid(surroundings.HOSTS, [found]), Grid(surroundings.ALIAS, found.aliases)]


GRIDS: dict[str, tuple[str, Callable[[Any], list[Grid]]]] = {
    "containers": ("containers", _rows(pod.CONTAINER)),
    "namespaces": ("namespaces", _namespaces),
    "network": ("network", _network),
    "volumes": ("volumes", lambda rows: [Grid(sharing.VOLUME, sharing.mount_lines(rows))]),
    "files": ("files", _rows(content.FILE)),
    "environment": ("environment", _rows(content.VARIABLE)),
    "downwardAPI": ("downward_api", _rows(content.DOWNWARD)),
    "serviceAccountTokens": ("service_account_tokens", _rows(content.TOKEN)),
    "probes": ("probes", _probes),
    "restarts": ("restarts", _rows(health.RESTART)),
    "changes": ("changes", _rows(surroundings.CHANGE)),
    "lifecycle": ("lifecycle", _rows(health.HOOK)),
    "scheduling": ("scheduling", _scheduling),
    "node": ("node", _node),
    "images": ("images", _rows(surroundings.IMAGE)),
    "hosts": ("hosts", _hosts),
    "injections": ("injections", _rows(surroundings.INJECTION)),
    "timeline": ("timeline", _rows(health.TIMELINE)),
    "findings": ("findings", _rows(pod.FINDING)),
}
"""The report's key -> its field, and the grids of its value."""


def grids(report: PodReport, section: str) -> list[Grid] | None:
    """The section's grids; None where the section was not asked for."""
    field, build = GRIDS[section]
    found = getattr(report, field)
    return None if found is None else build(found)
