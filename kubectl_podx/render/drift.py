"""Drift for a person: who holds something older than its source, as what, and since when."""

from __future__ import annotations

from kubectl_podx.analysis.reports import DriftReport
from kubectl_podx.drift.report import DriftRow
from kubectl_podx.model.clock import parse_time
from kubectl_podx.render import text as coverage
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal, aligned, paint, tone
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, ago

_MOST_FIXES = 10


def drift_text(report: DriftReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The verdict, the rows, and the commands that bring them up to date."""
    page = Page(terminal, None, everything=wide)
    head = f"{report.verdict.severity.upper()}: {report.verdict.summary}"
    lines = [
        paint(line, tone(report.verdict.severity), allowed=terminal.color)
        for line in page.say(head, indent=0)
    ]
    if report.rows:
        lines += ["", *_table(report, terminal, wide=wide)]
    fixes = list(dict.fromkeys(row.fix for row in report.rows if row.fix))
    if fixes:
        lines += ["", "To bring them up to date:"]
        lines += [f"  {clean(fix)}" for fix in fixes[:_MOST_FIXES]]
        if len(fixes) > _MOST_FIXES:
            lines.append(f"  and {len(fixes) - _MOST_FIXES} more: see -o json")
    rows = coverage.coverage(report.coverage, page)
    return "\n".join([*lines, *(["", *rows] if rows else [])]) + "\n"


def _table(report: DriftReport, terminal: Terminal, *, wide: bool) -> list[str]:
    now = parse_time(report.metadata.captured_at)
    heads = ["NAMESPACE", "WORKLOAD", "PODS", "DRIFT", "STATE", "SOURCE", "CHANGED", "BY", "WHAT"]
    rows = []
    for row in report.rows:
        state = row.state if row.confidence == "proven" else f"{row.state} (likely)"
        cells: list[Cell | str] = [
            row.namespace or NONE,
            f"{row.kind}/{row.name}",
            f"{row.pods}/{row.of}" if row.of else str(row.pods),
            row.drift,
            Cell(state, tone(row.severity)),
            row.source or NONE,
            ago(row.changed_at, now),
            row.changed_by or NONE,
            _what(row),
        ]
        if wide:
            cells += [ago(row.started_at, now), ", ".join(row.names) or NONE]
        rows.append(cells)
    more = ["STARTED", "NAMES"] if wide else []
    return aligned([*heads, *more], rows, color=terminal.color, width=terminal.width)


def _what(row: DriftRow) -> str:
    """As what it is used, where that says it; else the whole sentence."""
    if row.drift in ("environment", "subPath", "immutable", "files", "pullSecret") and row.how:
        return ", ".join(row.how)
    return row.summary


def names(report: DriftReport) -> str:
    """`deployment/NAME` of every workload with something older."""
    found = dict.fromkeys(
        f"{row.kind.lower()}/{row.name}" for row in report.rows if row.state != "current"
    )
    return "".join(f"{clean(one)}\n" for one in found)
