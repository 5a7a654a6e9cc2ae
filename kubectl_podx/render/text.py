"""The incident view, and the tables: the verdict first, then only what carries a signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Coverage, Verdict
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.revealed import Revealed, Side
from kubectl_podx.sections import folders
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.findings import text as findings
from kubectl_podx.sections.pod import text as pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts import text as restarts
from kubectl_podx.sections.table import BY_KEY, ON_PAGE
from kubectl_podx.sections.timeline import text as timeline
from kubectl_podx.view import layout
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal, aligned
from kubectl_podx.view.page import Page, source_text
from kubectl_podx.view.units import NONE, counted

_MOST_SECTIONS = 4


def coverage(found: Sequence[Coverage], page: Page) -> list[str]:
    """A line per reason, with all the sections that it touches."""
    sentences = not_checked(found, everything=page.everything)
    lines = [line for sentence in sentences for line in page.say(sentence)]
    return ["Not checked:", *lines] if lines else []


def not_checked(found: Sequence[Coverage], *, everything: bool) -> list[str]:
    """A sentence per reason; `everything` names each section that it touches."""
    together: dict[Coverage, list[str]] = {}
    for row in found:
        if row.state != "full":
            alike = msgspec.structs.replace(row, section="")
            together.setdefault(alike, []).append(row.section)
    return [
        coverage_line(
            msgspec.structs.replace(alike, section=_listed(alike, sections, everything=everything))
        )
        for alike, sections in together.items()
    ]


def _listed(row: Coverage, sections: list[str], *, everything: bool) -> str:
    """A container that cannot be looked into touches ten sections: to say so is enough."""
    names = [*dict.fromkeys(sections)]
    if everything or len(names) <= _MOST_SECTIONS:
        return ", ".join(names)
    if row.container and row.state in ("unobservable", "denied"):
        return "inside"
    more = len(names) - _MOST_SECTIONS + 1
    return f"{', '.join(names[: _MOST_SECTIONS - 1])} and {more} more sections"


_NOT_SEEN = {"denied": "forbidden", "timedOut": "no answer in time"}


def coverage_line(row: Coverage) -> str:
    """`probes of app: forbidden; needs get nodes/proxy`."""
    whose = f"{row.section} of {row.container}" if row.container else row.section
    reason = row.reason or _NOT_SEEN.get(row.state, row.state)
    if row.state == "partial":
        reason = f"in part: {reason}"
    return f"{whose}: {reason}" + (f"; needs {row.needs}" if row.needs else "")


_A_PIPE = Terminal()


def tables(
    reports: Sequence[PodReport],
    sections: Sequence[str],
    *,
    terminal: Terminal = _A_PIPE,
    wide: bool = False,
    several: bool = False,
) -> str:
    """The sections' tables, one below the other; empty where no section has a row.

    With `several`, every row begins with its pod, and rows of all pods stand in one table.
    """
    parts: list[str] = []
    for section in sections:
        for columns in _together(reports, section):
            lines = _lines(columns, terminal, wide=wide, several=several)
            if lines:
                parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n" if parts else ""


def _together(reports: Sequence[PodReport], section: str) -> list[list[tuple[PodReport, Grid]]]:
    """The section's grids, each with its part of every pod."""
    row = BY_KEY[section]
    found = [
        (report, each) for report in reports if (each := folders.grids(row, report)) is not None
    ]
    if not found:
        return []
    return [[(report, each[at]) for report, each in found] for at in range(len(found[0][1]))]


def _lines(
    parts: list[tuple[PodReport, Grid]], terminal: Terminal, *, wide: bool, several: bool
) -> list[str]:
    rows: list[list[Cell | str]] = []
    for report, grid in parts:
        now = parse_time(report.metadata.captured_at)
        before: list[Cell | str] = [f"{report.pod.namespace}/{report.pod.name}"] if several else []
        rows += [before + cells for cells in grid.cells(now, wide=wide)]
    if not rows:
        return []
    headers = parts[0][1].headers(wide=wide)
    heads = ["POD", *headers] if several else headers
    return aligned(heads, rows, color=terminal.color, width=terminal.width, headed=terminal.headers)


_SIDES: tuple[Side, ...] = ("declared", "injected", "process")
_NOT_READ = "other bytes, which are not read out"


class RevealedText(Struct, frozen=True):
    """What is printed, and how much of it there is."""

    text: str
    variables: int
    files: int


def revealed_text(
    reports: Sequence[PodReport], found: Revealed, *, everything: bool = False
) -> RevealedText:
    """The tables of values that the reports hide: variables, and files that come from Secrets.

    `everything`: also variables that nobody declared, such as the image's own. Each value is one
    escaped line.
    """
    variables = [row for report in reports for row in _variables(report, found, everything)]
    files = [row for report in reports for row in _files(report, found)]
    parts: list[str] = []
    if variables:
        heads = ["POD", "CONTAINER", "NAME", "SOURCE", "NOW", "INJECTED", "PROCESS"]
        parts.append("\n".join(["Revealed variables:", *_table(heads, variables)]))
    if files:
        heads = ["POD", "CONTAINER", "PATH", "SOURCE", "NOW", "IN THE CONTAINER"]
        parts.append("\n".join(["Revealed files:", *_table(heads, files)]))
    return RevealedText("\n\n".join(parts) + "\n" if parts else "", len(variables), len(files))


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"  {line}" for line in aligned(heads, rows)]


def _variables(report: PodReport, found: Revealed, everything: bool) -> Iterator[list[str]]:
    whose = Reference("Pod", report.pod.namespace, report.pod.name).key
    for row in report.environment or []:
        if row.state == "shadowed" or (row.state == "extra" and not everything):
            continue
        values = [found.variable(whose, row.container, row.name, side) for side in _SIDES]
        if _hides(row, values):
            cells = [NONE if value is None else clean(value) for value in values]
            yield [report.pod.name, row.container, row.name, source_text(row.source), *cells]


def _hides(row: VariableRow, values: list[str | None]) -> bool:
    """Whether the row shows something else than one of the values."""
    shown = (row.declared, row.injected, row.process)
    return any(
        value is not None and value != cell for value, cell in zip(values, shown, strict=True)
    )


def _files(report: PodReport, found: Revealed) -> Iterator[list[str]]:
    for row in report.files or []:
        if row.source.kind != "Secret":
            continue
        secret = Reference("Secret", report.pod.namespace, row.source.name).key
        value = found.key(secret, row.source.key)
        if value is not None:
            now = clean(value.decode("utf-8", "backslashreplace"))
            source = source_text(row.source)
            yield [report.pod.name, row.container, row.path, source, now, _inside(row)]


def _inside(row: FileRow) -> str:
    """The look brings digests of files, no bytes."""
    if row.state == "current":
        return "the same"
    return _NOT_READ if row.digest else row.state


_FIRST = "containers"
"""They stand right below the pod's line, which counts them; then the order of the page."""


def text(
    reports: Sequence[PodReport],
    terminal: Terminal,
    *,
    everything: bool = False,
    wide: bool = False,
) -> str:
    """The reports one after the other."""
    parts = ["\n".join(_report(each, terminal, everything, wide)) for each in reports]
    return "\n\n\n".join(parts) + "\n" if parts else ""


def charts(reports: Sequence[PodReport], terminal: Terminal) -> str:
    """The chart of the timeline of each report that has one, for above their table."""
    parts: list[str] = []
    for report in reports:
        page = Page(terminal, None, everything=True)
        lines = timeline.timeline_chart(report, page)
        parts += ["\n".join(lines) + "\n\n"] if lines else []
    return "".join(parts)


def _report(report: PodReport, terminal: Terminal, everything: bool, wide: bool) -> list[str]:
    now = parse_time(report.metadata.captured_at)
    page = Page(
        terminal,
        now,
        everything or wide,
        wide,
        verdict=report.verdict.summary,
        said=_said(report),
        closed=_closed(report),
        logged=restarts.logged(report.restarts or []),
        pending=tuple(report.scheduling.reasons) if report.scheduling else (),
    )
    blocks = [verdict_lines(report.verdict, page)]
    if report.findings is not None:
        blocks.append(findings.block(report.findings, page))
    blocks.append(ignored(report.silenced, page))
    blocks.append(pod.pod(report.pod, page))
    for section in sorted(ON_PAGE, key=lambda section: section.key != _FIRST):
        found = getattr(report, section.field)
        if found is None or section.key == "findings":
            continue
        if section.key == "timeline":
            blocks.append(timeline.timeline_chart(report, page))
        blocks.append(folders.block(section, found, page))
    blocks.append(coverage(report.coverage, page))
    return _apart([block for block in blocks if block])


def ignored(silenced: Sequence[str], page: Page) -> list[str]:
    """What was left out is always said, with its codes."""
    count = Counter(silenced)
    codes = [code if times == 1 else f"{code} ({times})" for code, times in count.items()]
    if not codes:
        return []
    return page.say(f"Ignored: {counted(len(silenced), 'finding')}: {', '.join(codes)}", 0)


def _closed(report: PodReport) -> frozenset[str]:
    return frozenset(each.name for each in report.containers or [] if each.state != "running")


def _said(report: PodReport) -> str:
    """What stands above the pod's line, so that nothing below needs to repeat it."""
    lines = [report.verdict.summary]
    for finding in report.findings or []:
        lines += [finding.title, *finding.evidence]
    return "\n".join(lines)


def _apart(blocks: list[list[str]]) -> list[str]:
    """The blocks with an empty line between them; blocks of a single line stand together."""
    lines: list[str] = []
    for at, block in enumerate(blocks):
        if at and (at == 1 or len(block) > 1 or len(blocks[at - 1]) > 1):
            lines.append("")
        lines += block
    return lines


def early_lines(verdict: Verdict, terminal: Terminal) -> list[str]:
    """The verdict alone, as the first lines of the report will be laid out."""
    return verdict_lines(verdict, Page(terminal, None))


def verdict_lines(verdict: Verdict, page: Page) -> list[str]:
    """`CRITICAL: app was OOM-killed …`: the first line of every report."""
    word = verdict.severity.upper()
    summary = verdict.summary or "no problem was found" if word == "OK" else verdict.summary
    lines = page.say(f"{word}: {summary or 'see the findings'}", 0)
    lines[0] = page.paint(word, layout.tone(verdict.severity)) + lines[0][len(word) :]
    return lines
