"""Every rule: those about the pod as a whole, then those of each section in the report's order."""

from __future__ import annotations

from functools import cache, lru_cache

from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections import folders
from kubectl_podx.sections.pod.rules import RULES as OF_THE_POD
from kubectl_podx.sections.table import BY_LETTERS, KEYS, SECTIONS


@lru_cache(maxsize=64)
def rules_about(sections: frozenset[str]) -> tuple[Rule, ...]:
    """Those about these sections, by the report's keys, and about the pod as a whole."""
    found = [*OF_THE_POD]
    for section in SECTIONS:
        if section.key in sections:
            found += folders.rules(section)
    return tuple(found)


@cache
def rule_of(code: str) -> Rule:
    """The rule of this code."""
    section = BY_LETTERS.get(code[:3])
    return next(
        rule for rule in (folders.rules(section) if section else OF_THE_POD) if rule.code == code
    )


def every_rule() -> tuple[Rule, ...]:
    """The whole catalogue."""
    return rules_about(frozenset(KEYS))
