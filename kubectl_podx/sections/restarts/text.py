"""Columns of restarts, and their block in the text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import NONE, ago, counted, is_past, seconds, text_or_none


def exit_text(row: Restart) -> str:
    """`137 SIGKILL`; `<none>` where nothing ended."""
    if row.exit_code is None:
        return NONE
    return f"{row.exit_code} {row.signal}".rstrip()


def has_restarted(row: Restart) -> bool:
    """Whether there is something to tell: a first run that completed, as of an init container, is
    none.
    """
    return bool(row.count) or row.cause not in (None, "completed")


def end_facts(row: Restart, now: datetime | None, *, everything: bool = True) -> list[str]:
    """How the last instance ended, and when the next one starts: `exit 137 SIGKILL`, `ran 17s`."""
    facts: list[str] = []
    if row.exit_code is not None:
        facts.append(f"exit {exit_text(row)}")
    if row.duration is not None:
        facts.append(f"ran {seconds(row.duration)}")
    if row.finished_at:
        facts.append(f"ended {ago(row.finished_at, now)} ago")
    backoff = row.backoff
    if backoff is not None and backoff.next:
        due = ago(backoff.next, now)
        late = is_past(backoff.next, now)
        facts.append(f"next start due {due} ago" if late else f"next start {due}")
    if backoff is not None and backoff.delay is not None:
        facts.append(f"back-off {seconds(backoff.delay)}")
    if backoff is not None and backoff.resets and everything:
        facts.append(f"the back-off resets {backoff.resets}")
    return facts


RESTART: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("KIND", lambda row, _: row.kind),
    Column("COUNT", lambda row, _: str(row.count)),
    Column("EXPLAINED", lambda row, _: f"{row.explained}/{row.count}"),
    Column("CAUSE", lambda row, _: text_or_none(row.cause)),
    Column("CONFIDENCE", lambda row, _: text_or_none(row.confidence)),
    Column("EXIT", lambda row, _: exit_text(row)),
    Column("ENDED", lambda row, now: ago(row.finished_at, now)),
    Column("SUMMARY", lambda row, _: text_or_none(row.summary)),
    Column("REASON", lambda row, _: text_or_none(row.reason), wide=True, prose=True),
    Column("RAN", lambda row, _: seconds(row.duration), wide=True),
    Column("NEXT", lambda row, now: ago(row.backoff and row.backoff.next, now), wide=True),
    Column("BACKOFF", lambda row, _: seconds(row.backoff and row.backoff.delay), wide=True),
    Column("MESSAGE", lambda row, _: text_or_none(row.termination_message), wide=True, prose=True),
)

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
