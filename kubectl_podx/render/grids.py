"""Every section's rows as grids: the explicit list behind tables and wide text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_podx.sections.changes import text as changes
from kubectl_podx.sections.containers import columns as containers
from kubectl_podx.sections.downward import text as downward
from kubectl_podx.sections.environment import text as environment
from kubectl_podx.sections.files import columns as files
from kubectl_podx.sections.findings import text as findings
from kubectl_podx.sections.hosts import text as hosts
from kubectl_podx.sections.hosts.report import Hosts
from kubectl_podx.sections.images import text as images
from kubectl_podx.sections.injections import text as injections
from kubectl_podx.sections.lifecycle import text as lifecycle
from kubectl_podx.sections.namespaces import columns as namespaces
from kubectl_podx.sections.namespaces.report import Namespaces
from kubectl_podx.sections.network import columns as network
from kubectl_podx.sections.network.report import Network
from kubectl_podx.sections.node import text as node
from kubectl_podx.sections.node.report import Node
from kubectl_podx.sections.probes import columns as probes
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts import columns as restarts
from kubectl_podx.sections.scheduling import text as scheduling
from kubectl_podx.sections.scheduling.report import Scheduling
from kubectl_podx.sections.timeline import text as timeline
from kubectl_podx.sections.tokens import text as tokens
from kubectl_podx.sections.volumes import columns as volumes
from kubectl_podx.view.columns import CONDITION, Column, Grid


def _rows(columns: tuple[Column, ...]) -> Callable[[Any], list[Grid]]:
    return lambda rows: [Grid(columns, rows)]


def _namespaces(found: Namespaces) -> list[Grid]:
    return [
        Grid(namespaces.NAMESPACE, namespaces.namespace_lines(found)),
        Grid(namespaces.PROCESS, found.processes),
        Grid(namespaces.LISTENER, found.listeners),
    ]


def _network(found: Network) -> list[Grid]:
    return [
        Grid(network.SERVICE, network.service_lines(found.services)),
        Grid(network.CONNECTION, found.connections),
        Grid(network.GATE, found.readiness_gates),
    ]


def _probes(found: list[Probe]) -> list[Grid]:
    return [Grid(probes.PROBE, found), Grid(probes.LIVE, probes.live_lines(found))]


def _scheduling(found: Scheduling) -> list[Grid]:
    return [
        Grid(scheduling.SCHEDULING, [found]),
        Grid(scheduling.REQUIREMENT, found.requirements),
    ]


def _node(found: Node) -> list[Grid]:
    return [Grid(node.NODE, [found]), Grid(CONDITION, found.conditions)]


def _hosts(found: Hosts) -> list[Grid]:
    return [Grid(hosts.HOSTS, [found]), Grid(hosts.ALIAS, found.aliases)]


GRIDS: dict[str, tuple[str, Callable[[Any], list[Grid]]]] = {
    "containers": ("containers", _rows(containers.CONTAINER)),
    "namespaces": ("namespaces", _namespaces),
    "network": ("network", _network),
    "volumes": ("volumes", lambda rows: [Grid(volumes.VOLUME, volumes.mount_lines(rows))]),
    "files": ("files", _rows(files.FILE)),
    "environment": ("environment", _rows(environment.VARIABLE)),
    "downwardAPI": ("downward_api", _rows(downward.DOWNWARD)),
    "serviceAccountTokens": ("service_account_tokens", _rows(tokens.TOKEN)),
    "probes": ("probes", _probes),
    "restarts": ("restarts", _rows(restarts.RESTART)),
    "changes": ("changes", _rows(changes.CHANGE)),
    "lifecycle": ("lifecycle", _rows(lifecycle.HOOK)),
    "scheduling": ("scheduling", _scheduling),
    "node": ("node", _node),
    "images": ("images", _rows(images.IMAGE)),
    "hosts": ("hosts", _hosts),
    "injections": ("injections", _rows(injections.INJECTION)),
    "timeline": ("timeline", _rows(timeline.TIMELINE)),
    "findings": ("findings", _rows(findings.FINDING)),
}
"""The report's key -> its field, and the grids of its value."""


def grids(report: PodReport, section: str) -> list[Grid] | None:
    """The section's grids; None where the section was not asked for."""
    field, build = GRIDS[section]
    found = getattr(report, field)
    return None if found is None else build(found)
