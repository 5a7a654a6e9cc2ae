"""The incident view: the verdict first, then what is wrong, then only what carries a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.report import PodReport
from kubectl_podx.model.report.pod import Verdict
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render import layout
from kubectl_podx.render.text import (
    containers,
    coverage,
    findings,
    namespaces,
    network,
    pod,
    probes,
    restarts,
    surroundings,
    timeline,
    values,
    volumes,
)
from kubectl_podx.render.text.page import Page

BLOCKS: dict[str, tuple[str, Callable[[Any, Page], list[str]]]] = {
    "containers": ("containers", containers.containers),
    "restarts": ("restarts", restarts.restarts),
    "probes": ("probes", probes.probes),
    "changes": ("changes", surroundings.changes),
    "files": ("files", values.files),
    "environment": ("environment", values.environment),
    "downwardAPI": ("downward_api", values.downward),
    "serviceAccountTokens": ("service_account_tokens", values.tokens),
    "namespaces": ("namespaces", namespaces.namespaces),
    "network": ("network", network.network),
    "volumes": ("volumes", volumes.volumes),
    "images": ("images", surroundings.images),
    "lifecycle": ("lifecycle", surroundings.lifecycle),
    "scheduling": ("scheduling", surroundings.scheduling),
    "node": ("node", surroundings.node),
    "hosts": ("hosts", surroundings.hosts),
    "injections": ("injections", surroundings.injections),
    "timeline": ("timeline", surroundings.timeline),
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
