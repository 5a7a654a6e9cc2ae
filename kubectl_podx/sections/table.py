"""The report: the public document that `-o json` prints, `--query` asks and `explain` explains."""

from __future__ import annotations

SECTIONS = (
    "containers",
    "namespaces",
    "network",
    "volumes",
    "files",
    "environment",
    "downwardAPI",
    "serviceAccountTokens",
    "probes",
    "restarts",
    "changes",
    "lifecycle",
    "scheduling",
    "node",
    "images",
    "hosts",
    "injections",
    "timeline",
    "findings",
)
"""The keys that `--section` takes. `metadata`, `verdict`, `pod` and `coverage` are always there."""
