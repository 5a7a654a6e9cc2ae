"""The explicit list of every rule, by section. A new section adds one row."""

from __future__ import annotations

from kubectl_podx.findings import (
    changes,
    containers,
    downward,
    environment,
    files,
    hosts,
    images,
    injections,
    lifecycle,
    namespaces,
    network,
    node,
    pod,
    presets,
    probes,
    restarts,
    scheduling,
    tokens,
    volumes,
)
from kubectl_podx.findings.rule import Rule

RULES: tuple[Rule, ...] = (
    *pod.RULES,
    *containers.RULES,
    *namespaces.RULES,
    *network.RULES,
    *volumes.RULES,
    *files.RULES,
    *environment.RULES,
    *downward.RULES,
    *tokens.RULES,
    *probes.RULES,
    *restarts.RULES,
    *changes.RULES,
    *lifecycle.RULES,
    *scheduling.RULES,
    *node.RULES,
    *images.RULES,
    *hosts.RULES,
    *injections.RULES,
    *presets.RULES,
)
