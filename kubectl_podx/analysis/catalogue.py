"""Every rule, in the report's order, and which finding comes first in the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from kubectl_podx.model.parts import Finding
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.rules.rule import Case, Rule
from kubectl_podx.sections import folders
from kubectl_podx.sections.pod.rules import RULES as OF_THE_POD
from kubectl_podx.sections.table import BY_KEY, BY_LETTERS, KEYS, OTHERS, SECTIONS


@lru_cache(maxsize=64)
def rules_about(sections: frozenset[str], *, trouble: bool = True) -> tuple[Rule, ...]:
    """Those about these sections, by the report's keys, and about the pod as a whole.

    `trouble`: those that look for the reason of an end, too; they are most of what there is to
    import.
    """
    found = [*OF_THE_POD]
    for section in SECTIONS:
        if section.key in sections:
            found += folders.rules(section)
            found += folders.reasons(section) if trouble else ()
    return tuple(found)


@cache
def rule_of(code: str) -> Rule:
    """The rule of this code."""
    section = BY_LETTERS.get(code[:3])
    first = folders.rules(section) if section else OF_THE_POD
    found = next((rule for rule in first if rule.code == code), None)
    if found is None and section is not None:
        found = next(rule for rule in folders.reasons(section) if rule.code == code)
    if found is None:
        raise KeyError(code)
    return found


def every_rule() -> tuple[Rule, ...]:
    """The whole catalogue: what a report on a pod may find, then what one on a workload may."""
    from kubectl_podx.workload.rules import RULES  # noqa: PLC0415 - a pod alone needs none

    return (*rules_about(frozenset(KEYS)), *RULES)


_WENT_DOWN = -1


def ranked(case: Case, findings: Sequence[Finding]) -> list[Finding]:
    """What blocks first, then by severity, by how near to the cause, by the order of start."""
    places = {entry.name: place for place, entry in enumerate(case.view.containers)}

    def key(found: Finding) -> tuple[bool, int, int, int]:
        # Where nothing blocks, a container that went down comes before everything else, and one
        # that is going down now before what is past.
        first = not found.blocking and is_of_an_end(found)
        now = rule_of(found.code).went_down
        return (
            not found.blocking,
            SEVERITIES.index(found.severity),
            _WENT_DOWN - now if first else rank(found.code),
            places.get(found.container, -1),
        )

    return sorted(findings, key=key)


def rank(code: str) -> int:
    """How near to the cause the findings of this code are; lower is nearer."""
    rule = rule_of(code)
    if rule.rank is not None:
        return rule.rank
    return BY_KEY[rule.section].rank if rule.section in BY_KEY else OTHERS


def is_of_an_end(found: Finding) -> bool:
    """Whether it is about a container that went down."""
    rule = rule_of(found.code)
    return rule.went_down or rule.section == "restarts"


def root_of(top: Finding, order: Sequence[Finding]) -> Finding:
    """The finding behind this one: no listener on the port of a probe that fails."""
    if rule_of(top.code).section != "probes" or not top.blocking:
        return top
    return next(
        (
            each
            for each in order
            if rule_of(each.code).explains_probe and each.container == top.container
        ),
        top,
    )


def reason_of(top: Finding, order: Sequence[Finding]) -> Finding | None:
    """The field of the spec, or the observation, that explains this finding."""
    if rule_of(top.code).reason:
        return None
    return next(
        (
            each
            for each in order
            if rule_of(each.code).reason and each.container == top.container and each is not top
        ),
        None,
    )
