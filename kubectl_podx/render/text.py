"""The incident view: the verdict first, then what is wrong, then only what carries a signal."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render import coverage
from kubectl_podx.sections import folders
from kubectl_podx.sections.findings import text as findings
from kubectl_podx.sections.pod import text as pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts import text as restarts
from kubectl_podx.sections.table import ON_PAGE
from kubectl_podx.sections.timeline import chart as timeline
from kubectl_podx.view import layout
from kubectl_podx.view.page import Page

_FIRST = "containers"
"""They stand right below the pod's line, which counts them; then the order of the page."""


def text(
    reports: Sequence[PodReport],
    terminal: Terminal,
    *,
    distinctions: Sequence[str] = (),
    everything: bool = False,
    wide: bool = False,
) -> str:
    """The reports one after the other; what sets one pod apart comes before all of them."""
    parts: list[str] = []
    if distinctions:
        page = Page(terminal, None)
        lines = [line for each in distinctions for line in page.say(each)]
        parts.append("\n".join(["What sets one apart:", *lines]))
    parts += ["\n".join(_report(each, terminal, everything, wide)) for each in reports]
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
    blocks = [_verdict(report.verdict, page)]
    if report.findings is not None:
        blocks.append(findings.block(report.findings, page))
    blocks.append(pod.pod(report.pod, page))
    for section in sorted(ON_PAGE, key=lambda section: section.key != _FIRST):
        found = getattr(report, section.field)
        if found is None or section.key == "findings":
            continue
        if section.key == "timeline":
            blocks.append(timeline.timeline_chart(report, page))
        blocks.append(folders.block(section, found, page))
    blocks.append(coverage.coverage(report.coverage, page))
    return _apart([block for block in blocks if block])


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


def _verdict(verdict: Verdict, page: Page) -> list[str]:
    word = verdict.severity.upper()
    summary = verdict.summary or "no problem was found" if word == "OK" else verdict.summary
    lines = page.say(f"{word}: {summary or 'see the findings'}", 0)
    lines[0] = page.paint(word, layout.tone(verdict.severity)) + lines[0][len(word) :]
    return lines
