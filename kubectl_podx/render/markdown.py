"""The report as Markdown (GitHub's and GitLab's), for a ticket: what is wrong, how that is known.

Text from outside is inert: it makes no heading, link, picture or mention, and stays in its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kubectl_podx.analysis.standing import severity_of
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Coverage, Finding, Verdict
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import SEVERITIES
from kubectl_podx.render.text import not_checked
from kubectl_podx.sections import folders
from kubectl_podx.sections.table import BY_KEY
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.escape import clean
from kubectl_podx.view.units import ago, counted

if TYPE_CHECKING:
    from kubectl_podx.analysis.reports import TriageReport, WorkloadReport
    from kubectl_podx.model.parts import Metadata
    from kubectl_podx.sections.report import PodReport, PodReportList

MOST_PODS = 5
"""So many pods have their findings in it, the worst ones; all stand in the table."""
_TABLES = ("containers", "restarts", "probes")
_LONGEST_CELL = 120
# A backslash before what Markdown reads; a comment within what a forge makes a link of.
_MARKS = lazy(r"([\\`*_\[\]<>|~&$])")
# What begins a heading, an item or a rule, where it stands first.
_FIRST = lazy(r"^([-+#=]|\d{1,9}(?=[.)]))")
_LINKED = lazy(r"(@|#|://|www\.)")


def markdown(document: PodReport | PodReportList | WorkloadReport | TriageReport) -> str:
    """The document in Markdown, with a line end."""
    match document.kind:
        case "PodReport":
            parts = _pod(document)
        case "TriageReport":
            parts = _triage(document)
        case _:
            parts = _several(document)
    return "\n\n".join([*parts, _foot(document.metadata)]) + "\n"


def inert(text: str, limit: int = 2000) -> str:
    """The text in one line, none of it read as Markdown."""
    escaped = _FIRST.sub(_broken, _MARKS.sub(r"\\\1", clean(text, limit).strip()))
    return _LINKED.sub(lambda match: f"{match[1][0]}<!-- -->{match[1][1:]}", escaped)


def _broken(match: re.Match[str]) -> str:
    """A digit has no escape: a comment keeps it from being a number of a list. It must not stand
    first itself: a line that begins with one is HTML to its end.
    """
    mark = match[1]
    return f"{mark}<!-- -->" if mark.isdigit() else f"\\{mark}"


def _code(command: str) -> str:
    """A command in a block of its own, whatever stands in it."""
    text = clean(command)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"


def _verdict(verdict: Verdict, what: str) -> str:
    summary = verdict.summary or "no problem was found"
    return f"**{verdict.severity.upper()}** {inert(what)}: {inert(summary)}"


def _pod(report: PodReport) -> Iterator[str]:
    pod = report.pod
    yield _verdict(report.verdict, f"pod {pod.namespace}/{pod.name}")
    yield from _findings(report.findings or [])
    for key in _TABLES:
        yield from _section(report, key)
    yield from _gaps(report.coverage)


def _findings(found: Sequence[Finding]) -> Iterator[str]:
    for each in found:
        lines = [f"- **{each.severity}** {each.code} {inert(each.title)}"]
        lines += [f"  - {inert(line)}" for line in each.evidence]
        if each.remedy:
            lines.append(f"  - {inert(each.remedy)}")
        yield "\n".join(lines)
        for command in (each.fix, each.next):
            if command:
                yield _code(command)


def _section(report: PodReport, key: str) -> Iterator[str]:
    """The tables of a section, where it has rows."""
    now = parse_time(report.metadata.captured_at)
    for grid in folders.grids(BY_KEY[key], report) or ():
        if grid.rows:
            yield f"**{BY_KEY[key].title}**"
            yield _table(grid.headers(wide=False), grid.cells(now, wide=False))


def _table(headers: Sequence[str], rows: Iterable[Sequence[Cell | str]]) -> str:
    def row(cells: Iterable[Cell | str]) -> str:
        texts = (cell.text if isinstance(cell, Cell) else cell for cell in cells)
        return f"| {' | '.join(inert(text, _LONGEST_CELL) for text in texts)} |"

    return "\n".join([row(headers), "|" + " --- |" * len(headers), *map(row, rows)])


def _gaps(rows: Sequence[Coverage]) -> Iterator[str]:
    lines = not_checked(rows, everything=False)
    if lines:
        yield "**Not checked**"
        yield "\n".join(f"- {inert(line)}" for line in lines)


def _several(document: PodReportList | WorkloadReport) -> Iterator[str]:
    if document.kind == "WorkloadReport":
        one = document.workload
        yield _verdict(document.verdict, f"{one.kind} {one.namespace}/{one.name}")
        yield from _findings(document.findings)
        yield from _gaps(document.coverage)
    else:
        yield _verdict(document.verdict, counted(len(document.items), "pod"))
    if document.items:
        rows = [
            [
                each.verdict.severity,
                f"{each.pod.namespace}/{each.pod.name}",
                each.pod.status,
                each.pod.ready,
                str(each.pod.restarts),
                each.pod.node,
                each.verdict.summary,
            ]
            for each in document.items
        ]
        heads = ("VERDICT", "POD", "STATUS", "READY", "RESTARTS", "NODE", "SUMMARY")
        yield _table(heads, rows)
    if document.distinctions:
        yield "\n".join(f"- {inert(line)}" for line in document.distinctions)
    order = sorted(document.items, key=lambda each: SEVERITIES.index(each.verdict.severity))
    troubled = [each for each in order if each.verdict.severity not in ("ok", "info")]
    for report in troubled[:MOST_PODS]:
        yield from _pod(report)


def _triage(report: TriageReport) -> Iterator[str]:
    from kubectl_podx.render.reports import owner_of, triage_head  # noqa: PLC0415

    yield f"**{severity_of(report).upper()}** {inert(triage_head(report))}"
    if report.rows:
        now = parse_time(report.metadata.captured_at)
        rows = [
            [
                row.severity,
                f"{row.namespace}/{owner_of(row)}" if row.namespace else owner_of(row),
                f"{row.missing} missing" if row.missing else str(row.pods),
                ago(row.since, now),
                row.summary,
                " ".join(row.codes[:1]),
            ]
            for row in report.rows
        ]
        yield _table(("SEVERITY", "OWNER", "PODS", "SINCE", "WHY", "CODE"), rows)
        if report.rows[0].next:
            yield _code(report.rows[0].next)
    yield from _gaps(report.coverage)


def _foot(metadata: Metadata) -> str:
    source = "" if metadata.source == "live" else f" from a {metadata.source}"
    server = f", Kubernetes {metadata.server_version}" if metadata.server_version else ""
    words = f"podx {metadata.podx_version}{source}, inspected {metadata.captured_at}{server}"
    return f"<sub>{inert(words)}. Values of Secrets are not in it.</sub>"
