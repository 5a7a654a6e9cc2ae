"""STUB: to be replaced."""

from __future__ import annotations

from kubectl_podx.findings.rule import Rule

RULES: tuple[Rule, ...] = ()
