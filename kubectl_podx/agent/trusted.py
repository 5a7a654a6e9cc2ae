"""What podx says of a report in its own words: closed words, codes, numbers and commands.

Titles and remedies are those of the catalogue, not of the finding: these name what is in the
cluster. Commands are made of checked names by `rules/remedies.py` and `rules/fixes.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kubectl_podx.agent.answers import Cause, Gap, Statement, Trusted
from kubectl_podx.analysis.standing import severity_of
from kubectl_podx.generated import explain
from kubectl_podx.model.parts import Coverage, Finding, Verdict
from kubectl_podx.model.words import SEVERITIES, DriftState, StartProblemKind

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import (
        ComparisonReport,
        DoctorReport,
        DriftReport,
        RehearsalReport,
        TriageReport,
        TriageRow,
        WorkloadReport,
    )
    from kubectl_podx.sections.report import PodReport, PodReportList

    Report = (
        PodReport
        | PodReportList
        | WorkloadReport
        | TriageReport
        | ComparisonReport
        | DoctorReport
        | DriftReport
        | RehearsalReport
    )

_MOST_FINDINGS = 8
_MOST_GAPS = 12


def trusted(document: Report) -> Trusted:
    """Of any report."""
    match document.kind:
        case "PodReport":
            return _of_reports(document.verdict, [document], document.findings or [])
        case "TriageReport":
            return _of_triage(document)
        case "ComparisonReport":
            counts = {
                "pods": len(document.pods),
                "compared": document.compared,
                "differences": len(document.differences),
                "notCompared": len(document.notes),
            }
            return Trusted(severity=severity_of(document), counts=counts)
        case "DoctorReport":
            return _of_doctor(document)
        case "DriftReport":
            return _of_drift(document)
        case "RehearsalReport":
            return _of_rehearsal(document)
        case "WorkloadReport":
            own = [*document.findings]
            return _of_reports(document.verdict, document.items, own, document.coverage)
        case _:
            return _of_reports(document.verdict, document.items, [])


def _of_reports(
    verdict: Verdict,
    reports: Sequence[PodReport],
    own: Sequence[Finding],
    rows: Sequence[Coverage] = (),
) -> Trusted:
    found = [*own]
    if not found:
        found = [each for report in reports for each in report.findings or []]
    found.sort(key=lambda each: (each.code not in verdict.codes, SEVERITIES.index(each.severity)))
    restarts = [row for report in reports for row in report.restarts or [] if row.cause]
    causes = [
        Cause(cause=row.cause or "", confidence=row.confidence, restarts=row.count)
        for row in restarts
    ]
    gaps = [*rows, *(row for report in reports for row in report.coverage)]
    return Trusted(
        severity=verdict.severity,
        codes=verdict.codes,
        findings=_statements(found),
        causes=causes[:_MOST_FINDINGS],
        not_checked=_gaps(gaps),
        counts={"pods": len(reports), "findings": len(found)},
    )


def _statements(found: Iterable[Finding]) -> list[Statement]:
    """One for each code: the first, which is the worst, brings its commands."""
    by_code: dict[str, Statement] = {}
    for each in found:
        known = explain.codes().get(each.code)
        if known is None or each.code in by_code:
            continue
        by_code[each.code] = Statement(
            code=each.code,
            severity=each.severity,
            title=known.title,
            what_to_do=known.remedy,
            next=each.next,
            fix=each.fix,
            proven=not each.rivals,
        )
    return list(by_code.values())[:_MOST_FINDINGS]


def _gaps(rows: Iterable[Coverage]) -> list[Gap]:
    """Section, state and what is missing; the reason may hold what a server said."""
    together: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row.state != "full":
            together.setdefault((row.state, row.needs), {})[row.section] = None
    found = [
        Gap(sections=list(sections), state=state, needs=needs)
        for (state, needs), sections in together.items()
    ]
    return found[:_MOST_GAPS]


def _of_triage(report: TriageReport) -> Trusted:
    return Trusted(
        severity=severity_of(report),
        codes=list(dict.fromkeys(code for row in report.rows for code in row.codes)),
        findings=_of_rows(report.rows),
        not_checked=_gaps(report.coverage),
        counts={
            "scanned": report.scanned,
            "healthy": report.healthy,
            "sick": report.sick,
            "rows": len(report.rows),
            "rowsLeftOut": report.rows_left_out,
        },
    )


def _of_rows(rows: Iterable[TriageRow]) -> list[Statement]:
    found: dict[str, Statement] = {}
    for row in rows:
        for code in row.codes[:1]:
            known = explain.codes().get(code)
            if known is not None and code not in found:
                found[code] = Statement(
                    code=code,
                    severity=row.severity,
                    title=known.title,
                    what_to_do=known.remedy,
                    next=row.next,
                )
    return list(found.values())[:_MOST_FINDINGS]


def _of_doctor(report: DoctorReport) -> Trusted:
    states = [row.state for row in report.rights if not row.optional]
    missing = [
        Gap(sections=row.sections, state=row.state, needs=f"{row.verb} {row.resource}")
        for row in report.rights
        if not row.optional and row.state != "held"
    ]
    counts = {state: states.count(state) for state in ("held", "missing", "unknown")}
    return Trusted(severity=severity_of(report), not_checked=missing[:_MOST_GAPS], counts=counts)


_DRIFT: dict[DriftState, str] = {
    "old": "running pods hold something older than its source",
    "gone": "the source is gone; running pods hold what it was",
    "reload": "files were written after the start; the program must reload them",
    "expires": "a certificate expires soon, or has expired",
    "current": "current",
    "unknown": "not known whether it is current",
}


def _of_drift(report: DriftReport) -> Trusted:
    found: dict[tuple[str, ...], Statement] = {}
    for row in report.rows:
        key = (row.drift, row.state, row.confidence)
        if key not in found:
            found[key] = Statement(
                code="",
                severity=row.severity,
                title=f"{row.drift}: {_DRIFT[row.state]}",
                next=row.next,
                fix=row.fix,
                proven=row.confidence == "proven",
            )
    return Trusted(
        severity=report.verdict.severity,
        findings=list(found.values())[:_MOST_FINDINGS],
        not_checked=_gaps(report.coverage),
        counts={
            "scanned": report.scanned,
            "workloads": report.workloads,
            "stale": report.stale,
            "lookedInto": report.looked_into,
            "rows": len(report.rows),
        },
    )


_AGAINST: dict[StartProblemKind, str] = {
    "configMap": "a ConfigMap that the pod needs does not exist",
    "secret": "a Secret that the pod needs does not exist",
    "key": "a key of a ConfigMap or Secret that the pod needs does not exist",
    "serviceAccount": "its ServiceAccount does not exist",
    "pullSecret": "a pull secret does not exist",
    "claim": "a PersistentVolumeClaim cannot be used",
    "storageClass": "a StorageClass does not exist",
    "priorityClass": "its PriorityClass does not exist",
    "runtimeClass": "its RuntimeClass does not exist",
    "device": "a ResourceClaim cannot be satisfied",
    "node": "no node fits",
    "gate": "a scheduling gate holds the pod",
    "image": "an image cannot be had",
    "quota": "a ResourceQuota has no room for the pod",
    "limitRange": "a LimitRange refuses the pod",
    "podSecurity": "Pod Security refuses the pod",
    "webhook": "an admission webhook refuses the pod, or cannot be called",
    "policy": "a ValidatingAdmissionPolicy refuses the pod",
    "namespace": "its namespace does not exist, or is being deleted",
    "invalid": "the pod is invalid",
    "refused": "the API server refuses the pod",
}


def _of_rehearsal(report: RehearsalReport) -> Trusted:
    found: dict[tuple[str, ...], Statement] = {}
    for problem in (each for one in report.items for each in one.problems):
        key = (problem.kind, problem.severity, problem.confidence)
        if key not in found:
            found[key] = Statement(
                code="",
                severity=problem.severity,
                title=f"{problem.kind}: {_AGAINST[problem.kind]}",
                next=problem.next,
                proven=problem.confidence == "proven",
            )
    listed = sorted(found.values(), key=lambda each: SEVERITIES.index(each.severity))
    gaps = [*report.coverage, *(row for one in report.items for row in one.coverage)]
    return Trusted(
        severity=report.verdict.severity,
        findings=listed[:_MOST_FINDINGS],
        not_checked=_gaps(gaps),
        counts={
            "pods": len(report.items),
            "wouldStart": report.would_start,
            "wouldNotStart": report.would_not_start,
            "unknown": report.unknown,
        },
    )
