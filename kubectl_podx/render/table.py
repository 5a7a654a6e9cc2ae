"""Sections as tables in kubectl's look, for one pod or for several."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.model.clock import parse_time
from kubectl_podx.sections import folders
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import BY_KEY
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.layout import Cell, aligned


def tables(
    reports: Sequence[PodReport],
    sections: Sequence[str],
    *,
    wide: bool = False,
    color: bool = False,
    several: bool = False,
) -> str:
    """The sections' tables, one below the other; empty where no section has a row.

    With `several`, every row begins with its pod, and rows of all pods stand in one table.
    """
    parts: list[str] = []
    for section in sections:
        for columns in _together(reports, section):
            lines = _lines(columns, wide=wide, color=color, several=several)
            if lines:
                parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n" if parts else ""


def _together(reports: Sequence[PodReport], section: str) -> list[list[tuple[PodReport, Grid]]]:
    """The section's grids, each with its part of every pod."""
    row = BY_KEY[section]
    found = [
        (report, each) for report in reports if (each := folders.grids(row, report)) is not None
    ]
    if not found:
        return []
    return [[(report, each[at]) for report, each in found] for at in range(len(found[0][1]))]


def _lines(
    parts: list[tuple[PodReport, Grid]], *, wide: bool, color: bool, several: bool
) -> list[str]:
    rows: list[list[Cell | str]] = []
    for report, grid in parts:
        now = parse_time(report.metadata.captured_at)
        before: list[Cell | str] = [f"{report.pod.namespace}/{report.pod.name}"] if several else []
        rows += [before + cells for cells in grid.cells(now, wide=wide)]
    if not rows:
        return []
    headers = parts[0][1].headers(wide=wide)
    return aligned(["POD", *headers] if several else headers, rows, color=color)
