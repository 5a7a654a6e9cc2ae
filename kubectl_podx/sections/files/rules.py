"""Every rule about mounted files."""

from __future__ import annotations

from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections.files import (
    access as file_access,
)
from kubectl_podx.sections.files import (
    drift as file_drift,
)
from kubectl_podx.sections.files import (
    sources as file_sources,
)

RULES: tuple[Rule, ...] = tuple(
    sorted((*file_drift.RULES, *file_sources.RULES, *file_access.RULES), key=lambda rule: rule.code)
)
