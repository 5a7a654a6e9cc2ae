"""Every rule about mounted files."""

from __future__ import annotations

from kubectl_podx.findings import file_access, file_drift, file_sources
from kubectl_podx.findings.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    sorted((*file_drift.RULES, *file_sources.RULES, *file_access.RULES), key=lambda rule: rule.code)
)
