"""A report as checks that passed, failed or could not be made: what JUnit and SARIF are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from kubectl_podx.model.parts import Coverage, Finding, Verdict
from kubectl_podx.model.words import Severity

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import (
        ComparisonReport,
        PreflightReport,
        RehearsalReport,
        TriageReport,
        WorkloadReport,
    )
    from kubectl_podx.sections.report import PodReport, PodReportList
    from kubectl_podx.start.report import PodStart

    Checked = (
        PodReport
        | PodReportList
        | WorkloadReport
        | TriageReport
        | ComparisonReport
        | RehearsalReport
        | PreflightReport
    )

Outcome = Literal["passed", "failed", "undecided", "notChecked"]
"""`undecided`: it was looked for, and cannot be told; `notChecked`: it was not looked for."""
VERDICT, DIFFERENCE, COVERAGE, START = "verdict", "difference", "coverage", "start"
"""Rules that are no code of a finding."""


class Check(Struct, frozen=True):
    """One thing that was looked for in one subject."""

    subject: str
    """`KIND/NAMESPACE/NAME`, such as `pod/shop/web-0`."""
    rule: str
    """The code of a finding; else `verdict`, `difference`, `coverage`, or `start/` with the kind of
    what keeps a pod from starting.
    """
    outcome: Outcome
    severity: Severity
    title: str
    container: str = ""
    details: tuple[str, ...] = ()
    next: str = ""
    fix: str = ""
    file: str = ""
    """The manifest that it is about; empty for what a cluster has."""
    line: int = 0
    """Of the file, from 1; 0 where it is not known."""


_NO_PODS = Check("pods", VERDICT, "passed", "ok", "no pods were found")


def checks(document: Checked) -> list[Check]:
    """The checks of a report, by subject; at least one for every subject."""
    match document.kind:
        case "PodReport":
            return list(_of_pod(document))
        case "TriageReport":
            return list(_of_triage(document))
        case "ComparisonReport":
            return list(_of_comparison(document))
        case "RehearsalReport":
            return list(_of_starts(document.items, "")) or [_NO_PODS]
        case "PreflightReport":
            return list(_of_starts(document.items, document.file)) or [_NO_PODS]
        case _:
            return list(_of_several(document))


def _of_pod(report: PodReport) -> Iterator[Check]:
    subject = f"pod/{report.pod.namespace}/{report.pod.name}"
    yield from _judged(subject, report.verdict, report.findings or [])
    yield from _not_checked(subject, report.coverage)


def _judged(subject: str, verdict: Verdict, findings: list[Finding]) -> Iterator[Check]:
    """The verdict, where no finding states it, and the findings."""
    stated = any(each.code in verdict.codes for each in findings)
    if not (stated and verdict.severity in ("warning", "critical")):
        words = verdict.summary or "no problem was found"
        yield Check(subject, VERDICT, _outcome(verdict.severity), verdict.severity, words)
    for each in findings:
        yield Check(
            subject,
            each.code,
            _outcome(each.severity),
            each.severity,
            each.title,
            each.container,
            tuple(each.evidence),
            each.next,
            each.fix,
        )


def _outcome(severity: Severity) -> Outcome:
    if severity == "unknown":
        return "undecided"
    return "failed" if severity in ("warning", "critical") else "passed"


def _not_checked(subject: str, rows: list[Coverage]) -> Iterator[Check]:
    """One for each reason, with all the sections that it touches."""
    together: dict[Coverage, list[str]] = {}
    for row in rows:
        if row.state != "full":
            alike = msgspec.structs.replace(row, section="")
            together.setdefault(alike, []).append(row.section)
    for row, sections in together.items():
        needs = (f"needs {row.needs}",) if row.needs else ()
        title = f"{', '.join(dict.fromkeys(sections))}: {row.reason or row.state}"
        yield Check(subject, COVERAGE, "notChecked", "unknown", title, row.container, needs)


def _of_several(document: PodReportList | WorkloadReport) -> Iterator[Check]:
    if document.kind == "WorkloadReport":
        one = document.workload
        subject = f"{one.kind.lower()}/{one.namespace}/{one.name}"
        yield from _judged(subject, document.verdict, document.findings)
        yield from _not_checked(subject, document.coverage)
    elif not document.items:
        yield _NO_PODS
    for report in document.items:
        yield from _of_pod(report)


def _of_starts(items: Sequence[PodStart], file: str) -> Iterator[Check]:
    """Each problem of each pod that would be made; a pod without one by what is said of it."""
    for one in items:
        kind, _, name = (one.object or f"Pod/{one.name}").partition("/")
        subject = f"{kind.lower()}/{one.namespace}/{name}"
        for problem in one.problems:
            where = (f"field {problem.field}",) if problem.field else ()
            yield Check(
                subject,
                f"{START}/{problem.kind}",
                _outcome(problem.severity),
                problem.severity,
                problem.title,
                problem.container,
                (*where, *problem.evidence),
                problem.next,
                file=file,
                line=problem.line or one.line,
            )
        if not one.problems or one.state == "unknown":
            outcome: Outcome = "undecided" if one.state == "unknown" else "passed"
            severity: Severity = "unknown" if one.state == "unknown" else "ok"
            yield Check(subject, VERDICT, outcome, severity, one.summary, file=file, line=one.line)
        yield from _not_checked(subject, one.coverage)


def _of_triage(report: TriageReport) -> Iterator[Check]:
    where = f"namespace/{report.namespace}" if report.namespace else "cluster"
    for row in report.rows:
        names = (row.kind.lower(), row.namespace, row.name)
        subject = "/".join(word for word in names if word) or where
        details = tuple(
            word
            for word in (
                f"symptom {row.symptom}, cause {row.cause}, by {row.basis}",
                f"pods: {', '.join(row.names)}" if row.names else "",
            )
            if word
        )
        rule = row.codes[0] if row.codes else VERDICT
        outcome = _outcome(row.severity)
        yield Check(subject, rule, outcome, row.severity, row.summary, "", details, row.next)
    if report.rows_left_out:
        words = f"{report.rows_left_out} rows were left out by --limit"
        yield Check(where, COVERAGE, "notChecked", "unknown", words)
    words = f"{report.healthy} of {report.scanned} pods are healthy"
    yield Check(where, VERDICT, "passed", "ok", words)
    yield from _not_checked(where, report.coverage)


def _of_comparison(report: ComparisonReport) -> Iterator[Check]:
    labels = [pod.label for pod in report.pods]
    subject = f"comparison/{' '.join(labels)}"
    for each in report.differences:
        values = tuple(
            f"{label}: {value}" for label, value in zip(labels, each.values, strict=True)
        )
        title = f"{each.fact} differs"
        yield Check(subject, DIFFERENCE, "failed", "warning", title, each.container, values)
    if not report.differences:
        words = f"{report.compared} facts agree"
        yield Check(subject, VERDICT, "passed", "ok", words)
    for note in report.notes:
        yield Check(subject, COVERAGE, "notChecked", "unknown", note)
