"""Whether a report says what an incident expects; one way for live runs and for replays."""

from __future__ import annotations

from incidents.incident import Expected, Incident
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.model.parts import Verdict
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts.report import Restart

RANK = {None: 0, "possible": 1, "likely": 2, "proven": 3}


def row_of(report: PodReport, container: str) -> Restart | None:
    """The row of `restarts` of this container."""
    return next((row for row in report.restarts or [] if row.container == container), None)


def cause_is_right(incident: Incident, report: PodReport) -> bool:
    """The one thing that the score counts."""
    row = row_of(report, incident.expected.container)
    return _right(incident.expected, row.cause, row.confidence) if row else False


def mistakes(incident: Incident, report: PodReport) -> list[str]:
    """What the report says otherwise than expected, a line each; none where it is right."""
    found = [*_cause(incident.expected, report), *_verdict(incident.expected, report)]
    if incident.healthy:
        found += [
            f"finding {each.code} of a healthy pod: {each.title}"
            for each in report.findings or []
            if each.severity != "info"
        ]
    return found


def workload_mistakes(incident: Incident, report: WorkloadReport) -> list[str]:
    """The same of a report on a workload."""
    expected = incident.expected
    found = _of_verdict(expected, report.verdict)
    told = "\n".join(
        [
            report.verdict.summary,
            *(words for each in report.findings for words in (each.title, *each.evidence)),
        ]
    )
    found += [f'"{words}" is false, and said' for words in expected.never if words in told]
    codes = {each.code for each in report.findings}
    missing = sorted(set(expected.codes) - codes)
    if missing:
        found.append(f"no finding {', '.join(missing)}: there are {', '.join(sorted(codes))}")
    return found


def mistakes_with_less(
    incident: Incident, whole: PodReport, part: PodReport, *, blind: bool = False
) -> list[str]:
    """What a witness that is gone has spoiled: a wrong cause, or more confidence than before.

    `blind`: so much is gone that the causes cannot be told apart: a wrong one is `possible`, never
    more.
    """
    found = []
    for row in whole.restarts or []:
        less = row_of(part, row.container)
        cause, sure = (less.cause, less.confidence) if less else (None, None)
        if sure == "possible" and (blind or cause in incident.expected.also):
            continue
        if cause not in (row.cause, "unknown"):
            found.append(f"{row.container}: the cause {row.cause} became {cause} ({sure})")
        elif RANK[sure] > RANK[row.confidence]:
            found.append(f"{row.container}: {row.confidence} {cause} became {sure}")
    if incident.healthy:
        found += [
            f"finding {each.code} of a healthy pod: {each.title}"
            for each in part.findings or []
            if each.severity != "info"
        ]
    return found


def _told(report: PodReport) -> list[str]:
    """Every sentence of the verdict, the causes and the findings."""
    return [
        report.verdict.summary,
        *(row.summary for row in report.restarts or []),
        *(each.text for row in report.restarts or [] for each in row.evidence),
        *(words for each in report.findings or [] for words in (each.title, *each.evidence)),
    ]


def _right(expected: Expected, cause: str | None, confidence: str | None) -> bool:
    open_ = cause in expected.also and confidence == "possible"
    return cause == expected.cause or open_


def _cause(expected: Expected, report: PodReport) -> list[str]:
    row = row_of(report, expected.container)
    if row is None:
        return [f"there is no row of {expected.container}"]
    if not _right(expected, row.cause, row.confidence):
        return [f"cause {row.cause} ({row.confidence}), not {expected.cause}: {row.summary}"]
    if row.cause is None:
        return []
    sure, wanted = RANK[row.confidence], RANK[expected.at_least]
    if sure < wanted or (expected.exactly and sure > wanted):
        return [f"confidence {row.confidence}, not {expected.at_least}: {row.summary}"]
    return []


def _verdict(expected: Expected, report: PodReport) -> list[str]:
    found = _of_verdict(expected, report.verdict)
    told = "\n".join(_told(report))
    found += [f'"{words}" is false, and said' for words in expected.never if words in told]
    codes = {each.code for each in report.findings or []}
    missing = sorted(set(expected.codes) - codes)
    if missing:
        found.append(f"no finding {', '.join(missing)}: there are {', '.join(sorted(codes))}")
    return found


def _of_verdict(expected: Expected, verdict: Verdict) -> list[str]:
    said = f"{verdict.severity}: {verdict.summary}"
    found = []
    if verdict.severity not in expected.severity:
        found.append(f"the verdict is not {' or '.join(expected.severity)}: {said}")
    found += [
        f'"{words}" is not in the verdict: {said}'
        for words in expected.words
        if words not in verdict.summary
    ]
    return found
