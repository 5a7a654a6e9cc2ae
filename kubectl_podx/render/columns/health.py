"""Columns of probes, restarts, hooks and the timeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from kubectl_podx.model.report.health import Counters, LiveProbe, Probe, Restart, TimelineEntry
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.layout import state_cell
from kubectl_podx.render.units import NONE, ago, seconds, text_or_none


def _good(counters: Counters | None) -> str:
    return NONE if counters is None else str(counters.successful)


def _bad(counters: Counters | None) -> str:
    return NONE if counters is None else str(counters.failed)


def _failures(row: Probe) -> str:
    """`3 failed, 2 errored` of the recent failures; `<none>` without any."""
    counts: dict[str, int] = {}
    for failure in row.recent_failures:
        counts[failure.kind] = counts.get(failure.kind, 0) + failure.count
    return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or NONE


PROBE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("TYPE", lambda row, _: row.type),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("HANDLER", lambda row, _: row.handler.text),
    Column("OK", lambda row, _: _good(row.counters)),
    Column("FAILED", lambda row, _: _bad(row.counters)),
    Column("ACTS-AFTER", lambda row, _: seconds(row.seconds_to_action)),
    Column("RECENT", lambda row, _: _failures(row)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("DELAY", lambda row, _: seconds(row.timing.initial_delay), wide=True),
    Column("PERIOD", lambda row, _: seconds(row.timing.period), wide=True),
    Column("TIMEOUT", lambda row, _: seconds(row.timing.timeout), wide=True),
    Column("FAILURES", lambda row, _: str(row.timing.failure_threshold), wide=True),
    Column("SUCCESSES", lambda row, _: str(row.timing.success_threshold), wide=True),
    Column("GRACE", lambda row, _: seconds(row.timing.termination_grace_period), wide=True),
    Column("COVERAGE", lambda row, _: text_or_none(row.coverage), wide=True),
)


class LiveLine(NamedTuple):
    """The runs of one probe by `--run-probes`."""

    probe: Probe
    runs: list[LiveProbe]

    @property
    def result(self) -> str:
        """`3 succeeded: HTTP 200`; each result with how often it came."""
        said = Counter(f"{one.result}: {one.detail}".removesuffix(": ") for one in self.runs)
        return ", ".join(f"{count} {words}" for words, count in said.items())

    @property
    def took(self) -> str:
        """Fastest, median and slowest; `<none>` where nothing was run."""
        times = sorted(one.seconds for one in self.runs if one.result != "notRun")
        if not times:
            return NONE
        from statistics import median  # noqa: PLC0415 - 2 ms that only --run-probes costs

        if times[0] == times[-1]:
            return f"{times[0]:.3f}s"
        return f"{times[0]:.3f}s {median(times):.3f}s {times[-1]:.3f}s"


def live_lines(rows: Sequence[Probe]) -> list[LiveLine]:
    """A line for each probe that was to be run."""
    return [LiveLine(row, row.live) for row in rows if row.live]


LIVE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.probe.container),
    Column("TYPE", lambda row, _: row.probe.type),
    Column("RUN-NOW", lambda row, _: row.result),
    Column("MIN-MEDIAN-MAX", lambda row, _: row.took),
    Column("TIMEOUT", lambda row, _: seconds(row.probe.timing.timeout)),
    Column("FROM", lambda row, _: row.runs[0].method),
    Column("NEEDS", lambda row, _: text_or_none(row.runs[0].needs), wide=True),
)


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
        facts.append(f"next start {due}" if due.startswith("in ") else f"next start due {due} ago")
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

HOOK: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("HOOK", lambda row, _: row.type),
    Column("HANDLER", lambda row, _: row.handler.text),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("GRACE", lambda row, _: seconds(row.grace_period)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("STOP-SIGNAL", lambda row, _: text_or_none(row.stop_signal), wide=True),
)


def times(row: TimelineEntry) -> str:
    """The fact, and how often it happened where that was more than once."""
    return f"{row.what} (x{row.count})" if row.count > 1 else row.what


TIMELINE: tuple[Column, ...] = (
    Column("TIME", lambda row, _: row.time),
    Column("AGE", lambda row, now: ago(row.time, now)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("WHAT", lambda row, _: times(row), prose=True),
    Column("SOURCE", lambda row, _: text_or_none(row.source), wide=True),
)
