"""Columns of probes, and their block in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from kubectl_podx.sections.probes.report import Counters, LiveProbe, Probe
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import NONE, counted, seconds, text_or_none


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


class LiveLine(Struct, frozen=True):
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

_MOST_FAILURES = 2


def grids(found: list[Probe]) -> list[Grid]:
    """Its tables."""
    return [Grid(PROBE, found), Grid(LIVE, live_lines(found))]


def block(found: Sequence[Probe], page: Page) -> list[str]:
    """One line where all of them pass; else a table and the newest failures."""
    if not found:
        return ["Probes: none"] if page.everything else []
    quiet = all(
        row.state == "passing" and not row.recent_failures and not row.live for row in found
    )
    if quiet and not page.everything:
        return [f"Probes: {counted(len(found), 'probe')}, all passing"]
    lines = ["Probes:", *page.table(PROBE, found)]
    for row in found:
        failures = row.recent_failures if page.everything else row.recent_failures[-_MOST_FAILURES:]
        for failure in (each for each in failures if page.news(each.message)):
            text = f"{row.container} {row.type} {failure.kind} x{failure.count}: {failure.message}"
            lines += page.say(text.removesuffix(": "), INDENT)
        if page.everything and row.coverage and not page.wide:
            lines += page.say(f"{row.container} {row.type} is based on {row.coverage}")
    return lines + _live(found, page)


def _live(found: Sequence[Probe], page: Page) -> list[str]:
    """What `--run-probes` did."""
    rows = live_lines(found)
    return ["", "Probes, run now:", *page.table(LIVE, rows)] if rows else []
