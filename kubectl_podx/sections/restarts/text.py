"""The block of this section in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.restarts.columns import RESTART, end_facts, has_restarted
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import counted

_MOST_EVIDENCE = 4
_LOG_TAIL = 5


def grids(found: Sequence[Restart]) -> list[Grid]:
    """Its tables."""
    return [Grid(RESTART, found)]


def block(found: Sequence[Restart], page: Page) -> list[str]:
    """Containers that restarted or ended; all of them where everything is wanted."""
    rows = found if page.everything else [row for row in found if has_restarted(row)]
    if not rows:
        return ["Restarts: none"] if page.everything else []
    return ["Restarts:", *(line for row in rows for line in _one(row, page))]


def _one(row: Restart, page: Page) -> list[str]:
    head = f"{row.container}: no restart"
    if row.count:
        head = f"{row.container}: {counted(row.count, 'restart')}"
        head += f", {share(row)}"
    if row.cause:
        head += f"; last end: {row.cause}" + (f" ({row.confidence})" if row.confidence else "")
    lines = page.say(head)
    if page.news(row.summary):
        lines += page.say(row.summary, 2 * INDENT)
    facts = end_facts(row, page.now, everything=page.everything)
    if facts:
        lines += page.say(", ".join(facts), 2 * INDENT)
    news = [evidence for evidence in row.evidence if page.news(evidence.text)]
    shown = news if page.everything else news[:_MOST_EVIDENCE]
    for evidence in shown:
        lines += page.say(f"{evidence.source}: {evidence.text}", 2 * INDENT)
    if page.news(row.termination_message):
        lines += page.say(f"termination message: {row.termination_message}", 2 * INDENT)
    return lines + _logs(row, page)


def share(row: Restart) -> str:
    """How many of the restarts are explained. The kubelet keeps the last end only, so that of a
    loop mostly that one is, and nothing tells another story of the others.
    """
    if row.explained == row.count:
        return "all explained" if row.count > 1 else "explained"
    if row.explained == 1:
        return "the last one explained"
    return f"{row.explained} explained"


def _logs(row: Restart, page: Page) -> list[str]:
    if page.everything and row.previous_logs:
        head = page.say("log before it ended:", 2 * INDENT)
        return head + page.verbatim(row.previous_logs, 3 * INDENT)
    lines = _tail(row)
    if not any(page.news(line) for line in lines):
        return []
    return page.say("last log lines:", 2 * INDENT) + page.verbatim(lines, 3 * INDENT)


def _tail(row: Restart) -> list[str]:
    """The last lines; the one that looks like the crash, where it stands further up."""
    tail = row.previous_logs[-_LOG_TAIL:] if row.cause else []
    shown = any(row.crash_line in line for line in tail)
    return tail if shown else [row.crash_line]


def logged(found: Sequence[Restart]) -> frozenset[str]:
    """The log lines that these restarts show."""
    return frozenset(line for row in found if has_restarted(row) for line in _tail(row))
