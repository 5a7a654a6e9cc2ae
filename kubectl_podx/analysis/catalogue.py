"""The explicit list of every rule, by section. A new section adds one row."""

from __future__ import annotations

from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections.changes import rules as changes
from kubectl_podx.sections.containers import rules as containers
from kubectl_podx.sections.downward import rules as downward
from kubectl_podx.sections.environment import rules as environment
from kubectl_podx.sections.files import rules as files
from kubectl_podx.sections.hosts import rules as hosts
from kubectl_podx.sections.images import rules as images
from kubectl_podx.sections.injections import preset_rules as presets
from kubectl_podx.sections.injections import rules as injections
from kubectl_podx.sections.lifecycle import rules as lifecycle
from kubectl_podx.sections.namespaces import rules as namespaces
from kubectl_podx.sections.network import rules as network
from kubectl_podx.sections.node import rules as node
from kubectl_podx.sections.pod import rules as pod
from kubectl_podx.sections.probes import rules as probes
from kubectl_podx.sections.restarts import rules as restarts
from kubectl_podx.sections.scheduling import rules as scheduling
from kubectl_podx.sections.tokens import rules as tokens
from kubectl_podx.sections.volumes import rules as volumes

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
