"""Columns of this section's rows."""

from __future__ import annotations

from datetime import datetime

from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.view.columns import Column
from kubectl_podx.view.units import NONE, ago, is_past, seconds, text_or_none


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
