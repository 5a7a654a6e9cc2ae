"""How a report stands: well, with a cause that is known, or still open; and how bad it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from kubectl_podx.analysis.catalogue import rule_of
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Finding, Verdict
from kubectl_podx.model.words import SEVERITIES, Severity

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import (
        ComparisonReport,
        DoctorReport,
        TriageReport,
        WorkloadReport,
    )
    from kubectl_podx.sections.report import PodReport, PodReportList

State = Literal["healthy", "diagnosed", "open"]


class Standing(Struct, frozen=True):
    """Whether there is still something to wait for."""

    state: State
    blocks: bool = False
    """Of `diagnosed`: it keeps a pod from being ready now, so that more time changes nothing."""
    what: str = ""
    """The cause, or what is the case so far, in one line."""
    codes: tuple[str, ...] = ()
    """What the cause is known by: the same ones twice are no passing state."""
    lasted: float = math.inf
    """Of `healthy`: for how many seconds the pod that became ready last has been so."""


def standing(document: PodReport | PodReportList | WorkloadReport) -> Standing:
    """Of a report on pods or on a workload."""
    if document.kind == "PodReport":
        return _of_pod(document)
    if document.kind == "WorkloadReport":
        own = _cause(document.verdict, document.findings)
        if own is not None:
            return _diagnosed(document.verdict, blocks=own.blocking)
        if _is_complete(document):
            return Standing("healthy", what=document.verdict.summary)
        worst = _worst(document.items)
        if worst is not None and worst.state == "diagnosed":
            return worst
        if _has_its_pods(document) and (worst is None or worst.state == "healthy"):
            lasted = worst.lasted if worst else math.inf
            return Standing("healthy", what=document.verdict.summary, lasted=lasted)
        return Standing("open", what=document.verdict.summary)
    worst = _worst(document.items)
    if worst is None:
        return Standing("open", what=document.verdict.summary or "there are no pods")
    if worst.state == "healthy" and document.verdict.severity in ("critical", "unknown"):
        # A Service or an owner among the targets that is in trouble without its pods being so.
        return Standing("open", what=document.verdict.summary)
    return worst


def _is_complete(document: WorkloadReport) -> bool:
    job = document.workload.job
    return job is not None and job.state == "complete"


def _has_its_pods(document: WorkloadReport) -> bool:
    """As many pods as it wants, all of them of its current template and ready."""
    found = document.workload
    if found.behind or found.job is not None or document.verdict.severity in _NOT_WELL:
        return False
    if found.kind == "CronJob":
        return True
    counts = [each for each in (found.ready, found.updated) if each is not None]
    return found.wanted is not None and bool(counts) and all(n >= found.wanted for n in counts)


_NOT_WELL = ("critical", "unknown")


def _worst(items: list[PodReport]) -> Standing | None:
    """The pods together: one with a known cause, else one that is open, else well."""
    order: tuple[State, ...] = ("diagnosed", "open", "healthy")
    found = [_of_pod(each) for each in items]
    return min(
        found,
        key=lambda each: (order.index(each.state), not each.blocks, each.lasted),
        default=None,
    )


def _of_pod(report: PodReport) -> Standing:
    cause = _cause(report.verdict, report.findings or [])
    if cause is not None and _is_proven(report, cause):
        blocks = cause.blocking or any(
            row.looping and row.container == cause.container for row in report.restarts or ()
        )
        return _diagnosed(report.verdict, blocks=blocks)
    lasted = None if _is_going_down(report) else _ready_for(report)
    if lasted is None:
        return Standing("open", what=report.verdict.summary)
    return Standing("healthy", what=report.verdict.summary, lasted=lasted)


_OF_ENDS = frozenset({"probes", "lifecycle"})
_STEADY = 60.0
"""Seconds of being ready after which an end is past."""


def _is_going_down(report: PodReport) -> bool:
    """Whether it is ended, or is between two ends: a container that crashes every few seconds is
    ready meanwhile, where it has no readiness probe. What went down once and has been ready for a
    minute since is well.
    """
    if report.verdict.severity in _NOT_WELL or report.pod.deletion_timestamp is not None:
        return True
    if report.verdict.severity != "warning":
        return False
    sections = {rule_of(code).section for code in report.verdict.codes}
    if sections & _OF_ENDS:
        return True
    looping = any(row.looping for row in report.restarts or ())
    return "restarts" in sections and (looping or (_ready_for(report) or 0.0) < _STEADY)


def _ready_for(report: PodReport) -> float | None:
    """Seconds for which the pod is ready; without a bound where it has succeeded; None if not."""
    if report.pod.phase == "Succeeded":
        return math.inf
    now = parse_time(report.metadata.captured_at)
    for each in report.pod.conditions:
        if each.type == "Ready" and each.status == "True":
            since = parse_time(each.since)
            return (now - since).total_seconds() if now and since else 0.0
    return None


def _cause(verdict: Verdict, found: list[Finding]) -> Finding | None:
    """The finding that the verdict states, where it is bad and excludes every other cause."""
    main = next((each for code in verdict.codes for each in found if each.code == code), None)
    if main is None or main.rivals or verdict.severity not in ("critical", "warning"):
        return None
    return main if main.blocking or main.severity == "critical" else None


def _is_proven(report: PodReport, cause: Finding) -> bool:
    """An end is proven or it is not; of everything else the finding states what is the case."""
    ends = [
        row
        for row in report.restarts or ()
        if row.cause and row.container == cause.container and row.summary == cause.title
    ]
    return all(row.confidence == "proven" for row in ends)


def _diagnosed(verdict: Verdict, *, blocks: bool) -> Standing:
    return Standing("diagnosed", blocks, verdict.summary, tuple(verdict.codes))


# -- documents without a verdict of their own ----------------------------------------------------


def severity_of(document: TriageReport | ComparisonReport | DoctorReport) -> Severity:
    """How bad it is: of the worst row; `unknown` where nothing bad was seen and not all was."""
    match document.kind:
        case "TriageReport":
            unseen: Severity = "unknown" if document.coverage else "ok"
            found: list[Severity] = [row.severity for row in document.rows]
            return min(found, key=SEVERITIES.index) if found else unseen
        case "ComparisonReport":
            if document.differences:
                return "warning"
            return "unknown" if document.notes else "ok"
        case _:
            states = {row.state for row in document.rights if not row.optional}
            if "missing" in states:
                return "warning"
            return "unknown" if "unknown" in states else "ok"
