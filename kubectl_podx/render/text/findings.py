"""The second block: what is wrong, worst first, each with its evidence and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.model.report.finding import Finding
from kubectl_podx.render import layout
from kubectl_podx.render.escape import clean
from kubectl_podx.render.text.page import ABOVE, INDENT, Page
from kubectl_podx.render.units import counted

_MOST_EVIDENCE = 4


def findings(found: Sequence[Finding], page: Page) -> list[str]:
    """Critical ones and warnings in full; notes in one line each unless everything is wanted."""
    if not found:
        return ["Findings: none"] if page.everything else []
    lines = ["Findings:"]
    for finding in found:
        lines += _one(finding, page)
    return lines


def _one(finding: Finding, page: Page) -> list[str]:
    severity = page.paint(finding.severity, layout.tone(finding.severity))
    # Padded by hand: the escape sequence of a colour has no width.
    pad = " " * (len("critical") - len(finding.severity))
    title = ABOVE if page.verdict == finding.title and not page.everything else finding.title
    head = f"{finding.severity}{pad}  {finding.code}  {title}"
    lines = page.say(head, INDENT, len(f"critical  {clean(finding.code)}  "))
    lines[0] = lines[0].replace(finding.severity, severity, 1)
    if finding.severity == "info" and not page.everything:
        return lines
    shown = finding.evidence if page.everything else finding.evidence[:_MOST_EVIDENCE]
    for evidence in shown:
        lines += page.say(evidence, 2 * INDENT)
    if len(shown) < len(finding.evidence):
        more = counted(len(finding.evidence) - len(shown), "more fact")
        lines += page.say(f"and {more} with -o wide", 2 * INDENT)
    return lines + _fix(finding.remedy, page)


def _fix(remedy: str, page: Page) -> list[str]:
    if not remedy:
        return []
    if remedy.startswith("kubectl "):
        # A command is one line, so that it can be pasted.
        return layout.block(f"fix: {remedy}", indent=2 * INDENT)
    return page.say(f"fix: {remedy}", 2 * INDENT, len("fix: "))
