"""The block of this section in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.probes.columns import LIVE, PROBE, live_lines
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import INDENT, Page
from kubectl_podx.view.units import counted

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
            lines += page.say(f"{row.container} {row.type} rests on: {row.coverage}")
    return lines + _live(found, page)


def _live(found: Sequence[Probe], page: Page) -> list[str]:
    """What `--run-probes` did."""
    rows = live_lines(found)
    return ["", "Probes, run now:", *page.table(LIVE, rows)] if rows else []
