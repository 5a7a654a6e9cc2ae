"""What a rule is: one function that looks at the facts, and what `explain CODE` says about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from kubectl_podx.model.parts import Finding
from kubectl_podx.model.words import FindingSeverity
from kubectl_podx.pod.view import PodView

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport


class Case(Struct, frozen=True):
    """What every rule gets: the sections that were built, and the pod behind them."""

    view: PodView
    report: PodReport
    """With `findings` null and a preliminary verdict; sections that were not asked for are null."""


class Fix(Struct, frozen=True):
    """A command that changes what is wrong, or why there is none."""

    command: str = ""
    """Made by `rules.fixes`; the API server accepts it."""
    instead: str = ""
    """A sentence: what there is to do where no command can do it."""
    by_hand: bool = False
    """The command opens an editor: what to change there is for the rule's words to say."""


class Hit(Struct, frozen=True):
    """One place where a rule found its problem."""

    title: str
    """One line, with the names it is about."""
    evidence: tuple[str, ...] = ()
    container: str = ""
    remedy: str = ""
    """What to do, as a sentence, where it is not the rule's own words."""
    next: str = ""
    """A command that tells more and changes nothing, made by `rules.remedies`."""
    fix: Fix = Fix()
    severity: FindingSeverity | None = None
    """Where it is not the rule's own."""
    blocking: bool = False
    """It keeps the pod from being ready now."""
    open: bool = False
    """The evidence does not exclude the rule's rivals."""


class Rival(Struct, frozen=True):
    """Another history that leaves the same evidence."""

    history: str
    apart: str
    """What would tell it apart."""


Check = Callable[[Any], Iterable[Hit]]
"""The function of a rule."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A finding's code with its meaning and the function that looks for it."""

    code: str
    """The section's letters and three digits; never reused."""
    section: str
    """The report's key; the rule runs only where that section was asked for."""
    severity: FindingSeverity
    title: str
    """What it means in general, without names: one line for `explain --codes`."""
    meaning: str
    known_by: str
    """The evidence that the rule needs."""
    remedy: str
    link: str
    """The page of the Kubernetes documentation."""
    check: Check
    """Of a `Case`; of a `WorkloadCase` where the rule is about a workload."""
    gives_way_to: frozenset[str] = frozenset()
    """Codes that say the same with better evidence: where one of them hit the same container, or
    the whole pod, this rule is silent."""

    rank: int | None = None
    """How near to the cause it is, where that is not as of its section; lower is nearer."""
    explains_probe: bool = False
    """It is why a probe gets no answer, so it comes before the probe that fails."""
    went_down: bool = False
    """It is about a container that went down, as those of the section of restarts are."""
    stuck: bool = False
    """It is about a deletion that does not come to its end."""
    reason: bool = False
    """It is the field behind an end or a failing probe of its container: the verdict says it after
    `likely because`, so its titles are whole sentences."""
    rivals: tuple[Rival, ...] = ()
    """Other histories that leave the same evidence: what a finding that is not proven may be."""

    def findings(self, case: Any) -> list[Finding]:
        """What this rule finds in the case."""
        return [
            Finding(
                code=self.code,
                severity=hit.severity or self.severity,
                title=hit.title,
                container=hit.container,
                evidence=list(hit.evidence),
                remedy=self._words(hit),
                next=hit.next,
                fix=hit.fix.command,
                blocking=hit.blocking,
                rivals=[f"{each.history}; {each.apart}" for each in self.rivals if hit.open],
            )
            for hit in self.check(case)
        ]

    def _words(self, hit: Hit) -> str:
        """What to do, in words; none where a command says it all."""
        if hit.fix.command and not hit.fix.by_hand and not hit.remedy:
            return ""
        return " ".join(filter(None, (hit.remedy or self.remedy, hit.fix.instead)))


_NEAR_AN_END = 8


def reason_rule(
    code: str,
    title: str,
    meaning: str,
    known_by: str,
    remedy: str,
    check: Check,
    *,
    section: str,
    link: str,
    rank: int = _NEAR_AN_END,
    gives_way_to: frozenset[str] = frozenset(),
) -> Rule:
    """A rule about the reason for an end, for a section's `reasons.py`: see `Rule.reason`."""
    return Rule(
        code=code,
        section=section,
        severity="critical",
        title=title,
        meaning=meaning,
        known_by=known_by,
        remedy=remedy,
        link=link,
        check=check,
        gives_way_to=gives_way_to,
        rank=rank,
        reason=True,
    )


def without_repeats(found: Iterable[tuple[Rule, Finding]]) -> list[Finding]:
    """The findings without those that give way to another one."""
    pairs = list(found)
    places = {(finding.code, finding.container) for _, finding in pairs}

    def repeated(rule: Rule, finding: Finding) -> bool:
        return any(
            code in rule.gives_way_to and (container == finding.container or not container)
            for code, container in places
        )

    return [finding for rule, finding in pairs if not repeated(rule, finding)]
