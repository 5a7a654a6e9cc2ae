"""The incident view: the verdict first, then what is wrong, then only what carries a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render import coverage
from kubectl_podx.sections.changes import text as changes_text
from kubectl_podx.sections.containers import text as containers
from kubectl_podx.sections.downward import text as downward_text
from kubectl_podx.sections.environment import text as environment_text
from kubectl_podx.sections.files import text as files_text
from kubectl_podx.sections.findings import text as findings
from kubectl_podx.sections.hosts import text as hosts_text
from kubectl_podx.sections.images import text as images_text
from kubectl_podx.sections.injections import text as injections_text
from kubectl_podx.sections.lifecycle import text as lifecycle_text
from kubectl_podx.sections.namespaces import text as namespaces
from kubectl_podx.sections.network import text as network
from kubectl_podx.sections.node import text as node_text
from kubectl_podx.sections.pod import text as pod
from kubectl_podx.sections.probes import text as probes
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts import text as restarts
from kubectl_podx.sections.scheduling import text as scheduling_text
from kubectl_podx.sections.timeline import chart as timeline
from kubectl_podx.sections.timeline import text as timeline_text
from kubectl_podx.sections.tokens import text as tokens_text
from kubectl_podx.sections.volumes import text as volumes
from kubectl_podx.view import layout
from kubectl_podx.view.page import Page

BLOCKS: dict[str, tuple[str, Callable[[Any, Page], list[str]]]] = {
    "containers": ("containers", containers.containers),
    "restarts": ("restarts", restarts.restarts),
    "probes": ("probes", probes.probes),
    "changes": ("changes", changes_text.changes),
    "files": ("files", files_text.files),
    "environment": ("environment", environment_text.environment),
    "downwardAPI": ("downward_api", downward_text.downward),
    "serviceAccountTokens": ("service_account_tokens", tokens_text.tokens),
    "namespaces": ("namespaces", namespaces.namespaces),
    "network": ("network", network.network),
    "volumes": ("volumes", volumes.volumes),
    "images": ("images", images_text.images),
    "lifecycle": ("lifecycle", lifecycle_text.lifecycle),
    "scheduling": ("scheduling", scheduling_text.scheduling),
    "node": ("node", node_text.node),
    "hosts": ("hosts", hosts_text.hosts),
    "injections": ("injections", injections_text.injections),
    "timeline": ("timeline", timeline_text.timeline),
}
"""The blocks below the pod's line, in the order they are read; findings come before it."""


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
        blocks.append(findings.findings(report.findings, page))
    blocks.append(pod.pod(report.pod, page))
    for field, block in BLOCKS.values():
        found = getattr(report, field)
        if found is not None and field == "timeline":
            blocks.append(timeline.timeline_chart(report, page))
        if found is not None:
            blocks.append(block(found, page))
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
