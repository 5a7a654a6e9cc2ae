"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.model.parts import Finding
from kubectl_podx.view import layout
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import ABOVE, INDENT, Page
from kubectl_podx.view.units import NONE, counted, text_or_none

_MOST_EVIDENCE = 4


def grids(found: Sequence[Finding]) -> list[Grid]:
    """Its tables."""
    return [Grid(FINDING, found)]


def block(found: Sequence[Finding], page: Page) -> list[str]:
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
    # The finding that it rests on stands first in it, the reason for that last.
    told = page.verdict.startswith(finding.title) or page.verdict.endswith(finding.title)
    title = ABOVE if told and not page.everything else finding.title
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
    if finding.remedy:
        lines += page.say(finding.remedy, 2 * INDENT)
    for label, command in (("fix: ", finding.fix), ("next:", finding.next)):
        if command:
            # A command is one line, so that it can be pasted.
            lines += layout.block(f"{label} {command}", indent=2 * INDENT)
    return lines


FINDING: tuple[Column, ...] = (
    Column("SEVERITY", lambda row, _: state_cell(row.severity)),
    Column("CODE", lambda row, _: row.code),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("TITLE", lambda row, _: row.title),
    Column("FIX", lambda row, _: row.fix or row.next or text_or_none(row.remedy)),
    Column("EVIDENCE", lambda row, _: "; ".join(row.evidence) or NONE, wide=True),
)
