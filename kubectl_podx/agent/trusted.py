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
from kubectl_podx.model.words import SEVERITIES

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import (
        ComparisonReport,
        DoctorReport,
        TriageReport,
        TriageRow,
        WorkloadReport,
    )
    from kubectl_podx.sections.report import PodReport, PodReportList

    Report = (
        PodReport | PodReportList | WorkloadReport | TriageReport | ComparisonReport | DoctorReport
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
