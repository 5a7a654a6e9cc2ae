"""The explicit list of sections: the report's field and the function that builds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_podx.facts import (
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
    probes,
    restarts,
    scheduling,
    tokens,
    volumes,
)
from kubectl_podx.facts.view import PodView

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
