"""Which finding comes first in the verdict, and which one is behind another."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.analysis.catalogue import rule_of
from kubectl_podx.model.parts import Finding
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.rules.rule import Case
from kubectl_podx.sections.table import BY_KEY, OTHERS

_WENT_DOWN = -1


def ranked(case: Case, findings: Sequence[Finding]) -> list[Finding]:
    """What blocks first, then by severity, by how near to the cause, by the order of start."""
    places = {entry.name: place for place, entry in enumerate(case.view.containers)}

    def key(found: Finding) -> tuple[bool, int, int, int]:
        # Where nothing blocks, a container that went down comes before everything else.
        first = not found.blocking and is_of_an_end(found)
        return (
            not found.blocking,
            SEVERITIES.index(found.severity),
            _WENT_DOWN if first else rank(found.code),
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
    """The finding behind this one: nobody listens behind a probe that fails."""
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
