"""Rehearsals for a person: pods that would not start again first, alike ones together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubectl_podx.analysis.reports import PreflightReport, RehearsalReport
from kubectl_podx.render import text as coverage
from kubectl_podx.start.report import PodStart, StartProblem
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal, aligned, paint, tone
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, counted

_WORDS = {"wouldStart": "yes", "wouldNotStart": "no", "unknown": "unknown"}
_MOST_NAMES = 3
_Alike = tuple[str, str, str, str]


def rehearsal_text(report: RehearsalReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The verdict, a row for pods that are alike, and what is against them."""
    page = Page(terminal, None, everything=wide)
    head = f"{report.verdict.severity.upper()}: {report.verdict.summary}"
    lines = [
        paint(line, tone(report.verdict.severity), allowed=terminal.color)
        for line in page.say(head, indent=0)
    ]
    groups = alike(report.items)
    if groups:
        lines += ["", *_table(groups, terminal, wide=wide)]
    for group in groups:
        if group[0].problems:
            lines += ["", *_problems(group, page)]
    rows = [*report.coverage, *(row for one in report.items for row in one.coverage)]
    found = coverage.coverage(list(dict.fromkeys(rows)), page)
    return "\n".join([*lines, *(["", *found] if found else [])]) + "\n"


def preflight_text(report: PreflightReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The verdict, and each problem with `FILE:LINE`, as compilers have it."""
    page = Page(terminal, None, everything=wide)
    head = f"{report.verdict.severity.upper()}: {report.verdict.summary}"
    lines = [
        paint(line, tone(report.verdict.severity), allowed=terminal.color)
        for line in page.say(head, indent=0)
    ]
    file = "stdin" if report.file == "-" else report.file
    for one in report.items:
        lines += ["", clean(f"{one.object} ({file}:{one.line}): {_WORDS_OF[one.state]}")]
        for problem in one.problems:
            lines += page.say(f"{file}:{problem.line}: {problem.severity}: {problem.title}")
            lines += [line for each in problem.evidence for line in page.say(each, indent=4)]
            if problem.next:
                lines += page.say(f"next: {problem.next}", indent=4)
        if wide and one.nodes is not None:
            lines += page.say(f"{one.nodes.fit} of {one.nodes.of} nodes could take its pods")
    rows = [row for one in report.items for row in one.coverage]
    found = coverage.coverage(list(dict.fromkeys(rows)), page)
    return "\n".join([*lines, *(["", *found] if found else [])]) + "\n"


_WORDS_OF = {
    "wouldStart": "would start",
    "wouldNotStart": "would not start",
    "unknown": "nothing found against it, not all was checked",
}


def rehearsal_names(report: RehearsalReport) -> str:
    """`pod/NAME` of every pod that is not known to start."""
    bad = [one for one in report.items if one.state != "wouldStart"]
    return "".join(f"pod/{clean(one.name)}\n" for one in bad)


def preflight_names(report: PreflightReport) -> str:
    """`kind/name` of every object whose pods would not start."""
    bad = [one for one in report.items if one.state == "wouldNotStart"]
    return "".join(f"{clean(one.object.lower())}\n" for one in bad)


def alike(items: Iterable[PodStart]) -> list[list[PodStart]]:
    """Pods of one owner of which the same is to be said, in the order of the report."""
    found: dict[_Alike, list[PodStart]] = {}
    for one in items:
        key = (one.namespace, one.owner or one.name, one.state, one.summary)
        found.setdefault(key, []).append(one)
    return list(found.values())


def _table(groups: Sequence[Sequence[PodStart]], terminal: Terminal, *, wide: bool) -> list[str]:
    heads = ["NAMESPACE", "OWNER", "PODS", "WOULD START", "WHY"]
    rows = []
    for group in groups:
        one = group[0]
        names = ", ".join(each.name for each in group[:_MOST_NAMES])
        if len(group) > _MOST_NAMES:
            names += f" and {len(group) - _MOST_NAMES} more"
        row: list[Cell | str] = [
            one.namespace or NONE,
            one.owner or NONE,
            names,
            Cell(_WORDS[one.state], tone(one.state)),
            one.summary,
        ]
        if wide:
            nodes = one.nodes
            row += [
                one.basis,
                one.admission.state,
                f"{nodes.fit} of {nodes.of}" if nodes is not None else "unknown",
                ", ".join(one.pulls) or NONE,
            ]
        rows.append(row)
    more = ["BASIS", "ADMISSION", "NODES", "TO PULL"] if wide else []
    return aligned([*heads, *more], rows, color=terminal.color, width=terminal.width)


def _problems(group: Sequence[PodStart], page: Page) -> list[str]:
    one = group[0]
    what = one.name if len(group) == 1 else f"{counted(len(group), 'pod')} of {one.owner}"
    lines = [f"{clean(what)}:"]
    for problem in one.problems:
        lines += problem_lines(problem, page)
    return lines


def problem_lines(problem: StartProblem, page: Page) -> list[str]:
    """One problem with its evidence and the command that tells more."""
    sure = "" if problem.confidence == "proven" else f" ({problem.confidence})"
    lines = page.say(f"{problem.severity}: {problem.title}{sure}")
    for each in problem.evidence:
        lines += page.say(each, indent=4)
    if problem.field:
        lines += page.say(f"field {problem.field}", indent=4)
    if problem.next:
        lines += page.say(f"next: {problem.next}", indent=4)
    return lines
