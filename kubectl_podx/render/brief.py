"""The report for a chat or a model: what is wrong, how that is known, what was not checked.

At most `MOST` characters, always in the same order, without colour. Every text from outside stands
in one line behind a label of ours, so that none of them can pretend to be another line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx.analysis.standing import severity_of
from kubectl_podx.model.parts import Coverage, Finding, Verdict
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import counted

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import (
        ComparisonReport,
        DoctorReport,
        DriftReport,
        PreflightReport,
        RehearsalReport,
        TriageReport,
        WorkloadReport,
    )
    from kubectl_podx.sections.report import PodReport, PodReportList

MOST = 1500
"""Characters of a whole brief, its line ends among them."""
_TAIL = 90
"""Kept for the line that says what did not fit."""
_LONGEST_COMMAND = 420


class _Part(Struct, frozen=True):
    """Lines under one label."""

    label: str
    texts: Sequence[str]
    weight: int
    """What is placed first when room is short: lower is more important."""
    most: int = 1
    """Lines at most."""
    longest: int = 200
    """Characters of one text."""
    whole: bool = False
    """A command: cut short it would be another one."""
    what: str = ""
    """What the texts are, for the line that counts what did not fit."""


def brief(
    document: PodReport
    | PodReportList
    | WorkloadReport
    | TriageReport
    | ComparisonReport
    | DoctorReport
    | RehearsalReport
    | PreflightReport
    | DriftReport,
) -> str:
    """The brief of any report, with a line end."""
    match document.kind:
        case "PodReport":
            return _packed(_pod(document))
        case "TriageReport":
            return _packed(_triage(document))
        case "ComparisonReport":
            return _packed(_comparison(document))
        case "DoctorReport":
            return _packed(_doctor(document))
        case "RehearsalReport" | "PreflightReport":
            return _packed(_starts(document))
        case "DriftReport":
            return _packed(_drift(document))
        case _:
            return _packed(_several(document))


def _packed(parts: Iterable[_Part]) -> str:
    """The lines that fit, in the order of the parts; the most important ones were placed first."""
    listed = list(parts)
    room = MOST - _TAIL
    kept: dict[int, list[str]] = {}
    missing: dict[str, int] = {}
    for at in sorted(range(len(listed)), key=lambda at: listed[at].weight):
        part = listed[at]
        for count, text in enumerate(part.texts):
            line = f"{part.label}: {clean(text, part.longest)}"
            fits = len(line) < room and count < part.most
            if not fits or (part.whole and len(text) > part.longest):
                missing[part.what] = missing.get(part.what, 0) + 1
                continue
            kept.setdefault(at, []).append(line)
            room -= len(line) + 1
    lines = [line for at in range(len(listed)) for line in kept.get(at, ())]
    left = [counted(number, what) for what, number in missing.items() if what]
    if left:
        lines.append(clean(f"left out: {', '.join(left)}; see -o json", _TAIL - 1))
    return "\n".join(lines) + "\n"


def _head(verdict: Verdict, what: str) -> _Part:
    severity = verdict.severity.upper()
    summary = verdict.summary or "no problem was found"
    return _Part(f"{severity} {clean(what, 140)}", [summary], 0, longest=420)


# -- one pod -------------------------------------------------------------------------------------


def _pod(report: PodReport) -> Iterator[_Part]:
    pod = report.pod
    yield _head(report.verdict, f"pod {pod.namespace}/{pod.name}")
    state = [word for word in (pod.status, f"{pod.ready} ready" if pod.ready else "") if word]
    if pod.restarts:
        state.append(counted(pod.restarts, "restart"))
    yield _Part("state", [", ".join(state)] if state else [], 3)
    yield from _diagnosis(report)
    yield _not_checked(report.coverage)


def _diagnosis(report: PodReport) -> Iterator[_Part]:
    """What the verdict is based on, what else it could be, and what to do."""
    found = report.findings or []
    main = _main(report.verdict, found)
    proof, cause = _proof(report, main)
    yield _Part("cause", [cause] if cause else [], 1)
    yield _Part("proof", proof, 2, most=3, longest=170, what="piece of evidence")
    yield from _others_excluded(report, main)
    because = [each for each in found if each is not main and each.code in report.verdict.codes]
    reasons = [" ".join([each.code, *each.evidence[:2]]) for each in because]
    yield _Part("likely reason", reasons, 2, most=2, longest=220, what="reason")
    others = [each for each in found if each is not main and each not in because]
    others.sort(key=lambda each: SEVERITIES.index(each.severity))
    yield _Part("also", [_line(each) for each in others], 6, 3, 130, what="finding")
    yield from _commands(main)


def _main(verdict: Verdict, found: Sequence[Finding]) -> Finding | None:
    """The finding that the verdict states."""
    for code in verdict.codes:
        for each in found:
            if each.code == code:
                return each
    return None


def _proof(report: PodReport, main: Finding | None) -> tuple[list[str], str]:
    """The evidence, and the cause of an end with how sure it is."""
    if main is None:
        return [], ""
    for row in report.restarts or ():
        if row.cause and row.container == main.container and row.summary == main.title:
            evidence = [f"{each.source}: {each.text}" for each in row.evidence]
            return evidence or main.evidence, f"{row.cause} of {row.container}, {row.confidence}"
    sure = "not proven" if main.rivals else f"see kubectl podx explain {main.code}"
    return main.evidence, f"{main.code}, {sure}"


def _others_excluded(report: PodReport, main: Finding | None) -> Iterator[_Part]:
    """Rivals of the cause: open ones with what would tell them apart, else those excluded."""
    if main is None:
        return
    if main.rivals:
        yield _Part("not excluded", main.rivals, 4, most=2, longest=200, what="other cause")
        return
    from kubectl_podx.generated import explain  # noqa: PLC0415 - only where there is a finding

    proven = {
        row.container for row in report.restarts or () if row.cause and row.confidence == "proven"
    }
    known = explain.codes().get(main.code)
    if known is not None and main.container in proven:
        histories = [rival[0] for rival in known.rivals]
        yield _Part("excluded", histories, 5, most=2, longest=130)


def _line(found: Finding) -> str:
    return f"{found.severity} {found.code} {found.title}"


def _commands(main: Finding | None) -> Iterator[_Part]:
    if main is None:
        return
    yield _command("next", main.next)
    yield _command("fix", main.fix)
    if not main.fix and main.remedy:
        yield _Part("to do", [main.remedy], 3, longest=220)


def _command(label: str, command: str) -> _Part:
    """The whole of it or nothing: cut short it would do something else."""
    texts = [command] if command else []
    return _Part(label, texts, 1, longest=_LONGEST_COMMAND, whole=True, what="command")


def _not_checked(rows: Sequence[Coverage]) -> _Part:
    """A line per reason; an answer that leaves something open must not read as a whole one."""
    from kubectl_podx.render.text import coverage  # noqa: PLC0415 - the tables come with it

    lines = [line.strip() for line in coverage(rows, Page(Terminal(), None))[1:]]
    return _Part("not checked", lines, 2, most=3, longest=170, what="gap")


# -- several pods --------------------------------------------------------------------------------


def _several(document: PodReportList | WorkloadReport) -> Iterator[_Part]:
    yield _head(document.verdict, _subject(document))
    worst = _worst(document)
    if document.kind == "WorkloadReport":
        main = _main(document.verdict, document.findings)
        if main is not None:
            yield _Part("proof", main.evidence, 2, 3, 170, what="piece of evidence")
            yield from _commands(main)
            worst = None
    groups = [
        f"{counted(len(each.pods), 'pod')} {each.severity}, such as {each.pods[0]}: {each.summary}"
        for each in document.groups
        if each.pods
    ]
    yield _Part("pods", groups, 3, 3, 220, what="group of pods")
    yield _Part("differs", document.distinctions, 5, 2, 150, what="difference")
    if worst is not None:
        yield from _diagnosis(worst)
    rows = document.coverage if document.kind == "WorkloadReport" else []
    yield _not_checked([*rows, *(row for each in document.items for row in each.coverage)])


def _starts(document: RehearsalReport | PreflightReport) -> Iterator[_Part]:
    """What would keep pods from starting, worst first."""
    what = f"manifests of {document.file}" if document.kind == "PreflightReport" else "rehearsal"
    yield _head(document.verdict, what)
    found = [(one, problem) for one in document.items for problem in one.problems]
    found.sort(key=lambda each: SEVERITIES.index(each[1].severity))
    lines = [
        f"{one.object or one.name}{f', line {problem.line}' if problem.line else ''}: "
        f"{problem.severity} {problem.title}"
        for one, problem in found
    ]
    yield _Part("problem", lines, 2, 5, 200, what="problem")
    yield from (_command("next", problem.next) for _, problem in found[:1])
    yield _not_checked([row for one in document.items for row in one.coverage])


def _drift(document: DriftReport) -> Iterator[_Part]:
    """What is older than its source, worst first."""
    yield _head(document.verdict, f"drift of {document.source or document.namespace or 'all'}")
    lines = [
        f"{row.severity} {row.kind.lower()}/{row.name}: {row.summary}" for row in document.rows
    ]
    yield _Part("stale", lines, 2, 5, 200, what="row")
    for row in document.rows[:1]:
        yield from (_command("next", row.next), _command("fix", row.fix))
    yield _not_checked(document.coverage)


def _subject(document: PodReportList | WorkloadReport) -> str:
    if document.kind == "WorkloadReport":
        one = document.workload
        numbers = {"wanted": one.wanted, "ready": one.ready}
        counts = [f"{name} {number}" for name, number in numbers.items() if number is not None]
        of = f" ({', '.join(counts)})" if counts else ""
        return f"{one.kind.lower()} {one.namespace}/{one.name}{of}"
    return counted(len(document.items), "pod")


def _worst(document: PodReportList | WorkloadReport) -> PodReport | None:
    """The pod to speak of: the worst one; None where none is in trouble."""
    order = sorted(document.items, key=lambda each: SEVERITIES.index(each.verdict.severity))
    return order[0] if order and order[0].verdict.severity not in ("ok", "info") else None


# -- the other documents -------------------------------------------------------------------------


def _triage(report: TriageReport) -> Iterator[_Part]:
    where = f"namespace {report.namespace}" if report.namespace else "all namespaces"
    lacking = counted(report.lacking, "workload lacks", "workloads lack")
    lacks = f", {lacking} pods or runs" if report.lacking else ""
    numbers = f"{counted(report.scanned, 'pod')} read, {report.sick} unhealthy{lacks}"
    yield _head(Verdict(severity=severity_of(report), summary=numbers), where)
    rows = [
        f"{row.severity} {_owner(row.namespace, row.kind, row.name)} "
        f"({counted(row.pods, 'pod')}): {row.summary}"
        for row in report.rows
    ]
    yield _Part("row", rows, 2, most=6, longest=230, what="row")
    yield _command("next", next((row.next for row in report.rows if row.next), ""))
    if report.rows_left_out:
        yield _Part("not shown", [f"{report.rows_left_out} rows, by --limit"], 3)
    yield _not_checked(report.coverage)


def _owner(namespace: str, kind: str, name: str) -> str:
    return "/".join(word for word in (namespace, kind.lower(), name) if word) or "several owners"


def _comparison(report: ComparisonReport) -> Iterator[_Part]:
    found = len(report.differences)
    agree = f"{counted(report.compared, 'fact')} compared, {found} differ"
    severity = severity_of(report).upper()
    labels = [pod.label for pod in report.pods]
    pods = clean(", ".join(labels), 140)
    yield _Part(f"{severity} {counted(len(labels), 'pod')} ({pods})", [agree], 0)
    rows = []
    for each in report.differences:
        whose = f" of {each.container}" if each.container else ""
        pairs = [f"{label}={value}" for label, value in zip(labels, each.values, strict=True)]
        rows.append(f"{each.fact}{whose}: {', '.join(pairs[:4])}")
    yield _Part("differs", rows, 1, most=8, longest=200, what="difference")
    yield _Part("not compared", report.notes, 2, most=3, longest=170, what="gap")


def _doctor(report: DoctorReport) -> Iterator[_Part]:
    rights = [row for row in report.rights if not row.optional]
    gone = [row for row in rights if row.state == "missing"]
    unsure = [row for row in rights if row.state == "unknown"]
    severity = severity_of(report).upper()
    held = f"{len(rights) - len(gone) - len(unsure)} of {counted(len(rights), 'permission')} held"
    yield _Part(f"{severity} namespace {clean(report.namespace, 100)}", [held], 0)
    for label, rows, weight in (("missing", gone, 1), ("unknown", unsure, 2)):
        texts = [
            f"{row.verb} {row.resource}{'.' * bool(row.group)}{row.group}, "
            f"for {', '.join(row.sections)}"
            for row in rows
        ]
        yield _Part(label, texts, weight, most=6, longest=170, what="permission")
    yield _not_checked(report.coverage)
