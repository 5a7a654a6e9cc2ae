"""The explicit list of sections: the report's field and the function that builds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.changes import facts as changes
from kubectl_podx.sections.containers import facts as containers
from kubectl_podx.sections.downward import facts as downward
from kubectl_podx.sections.environment import facts as environment
from kubectl_podx.sections.files import facts as files
from kubectl_podx.sections.hosts import facts as hosts
from kubectl_podx.sections.images import facts as images
from kubectl_podx.sections.injections import facts as injections
from kubectl_podx.sections.lifecycle import facts as lifecycle
from kubectl_podx.sections.namespaces import facts as namespaces
from kubectl_podx.sections.network import facts as network
from kubectl_podx.sections.node import facts as node
from kubectl_podx.sections.probes import facts as probes
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.sections.scheduling import facts as scheduling
from kubectl_podx.sections.tokens import facts as tokens
from kubectl_podx.sections.volumes import facts as volumes

BUILDERS: dict[str, tuple[str, Callable[[PodView], Any]]] = {
    "containers": ("containers", containers.build),
    "namespaces": ("namespaces", namespaces.build),
    "network": ("network", network.build),
    "volumes": ("volumes", volumes.build),
    "files": ("files", files.build),
    "environment": ("environment", environment.build),
    "downwardAPI": ("downward_api", downward.build),
    "serviceAccountTokens": ("service_account_tokens", tokens.build),
    "probes": ("probes", probes.build),
    "restarts": ("restarts", restarts.build),
    "changes": ("changes", changes.build),
    "lifecycle": ("lifecycle", lifecycle.build),
    "scheduling": ("scheduling", scheduling.build),
    "node": ("node", node.build),
    "images": ("images", images.build),
    "hosts": ("hosts", hosts.build),
    "injections": ("injections", injections.build),
}
"""The report's key -> its field and builder. `timeline` and `findings` come after all others."""
