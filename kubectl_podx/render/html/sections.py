"""A report's sections as the page shows them: headings, pictures, tables, notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from markupsafe import Markup
from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.render.html.history import probe_picture
from kubectl_podx.render.html.pod_map import pod_picture
from kubectl_podx.render.html.timeline import timeline_picture
from kubectl_podx.sections import folders, table
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.restarts.text import end_facts, has_restarted, share
from kubectl_podx.sections.table import ON_PAGE
from kubectl_podx.sections.timeline.lanes import chart
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.units import NONE, counted

_TOLD = {"restarts": ("SUMMARY", "MESSAGE", "REASON"), "containers": ("MESSAGE",)}
"""Columns that the notes of a section tell."""


class Table(Struct, frozen=True):
    """Rows of one type. A column that says nothing in any row is left out."""

    headers: list[str]
    rows: list[list[Cell]]

    @property
    def standing_out(self) -> int:
        """How many rows have a cell with the colour of trouble."""
        return sum(stands_out(row) for row in self.rows)


class Note(Struct, frozen=True):
    """What a table has no room for: a heading, sentences, and lines that stay as they are."""

    head: str
    badge: str
    sentences: list[str]
    lines: list[str]


class Section(Struct, frozen=True):
    """One section of the page."""

    key: str
    title: str
    picture: Markup | None
    tables: list[Table]
    notes: list[Note]
    size: int
    """How many there are: rows of its first table, and of restarts the sum."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.picture or self.tables or self.notes)

    @property
    def standing_out(self) -> int:
        """Rows that stand out, of all its tables."""
        return sum(table.standing_out for table in self.tables)


def stands_out(row: list[Cell]) -> bool:
    """Whether a cell of the row has the colour of trouble."""
    return any(cell.tone in ("red", "yellow") for cell in row)


def sections(report: PodReport, name: str) -> list[Section]:
    """The report's sections in the order they are read, without those it does not have.

    `name` is the prefix of identifiers within the page.
    """
    now = parse_time(report.metadata.captured_at)
    made = (_section(report, row, name, now) for row in ON_PAGE if row.key != "findings")
    return [section for section in made if section is not None]


def timeline(report: PodReport, name: str) -> Markup | None:
    """The picture of the timeline; None without a dated fact."""
    drawn = chart(report)
    return timeline_picture(drawn, name) if drawn is not None else None


_PICTURES: dict[str, Callable[[PodReport, str], Markup | None]] = {
    "probes": probe_picture,
    "containers": pod_picture,
}


def _section(
    report: PodReport, row: table.Section, name: str, now: datetime | None
) -> Section | None:
    key = row.key
    found = folders.grids(row, report)
    if found is None:
        return None
    if key == "restarts":
        # Of what did not restart there is nothing to say.
        rows = [row for row in report.restarts or [] if has_restarted(row)]
        found = [Grid(found[0].columns, rows)]
    told = _TOLD.get(key, ())
    found = [
        Grid([each for each in grid.columns if each.header not in told], grid.rows)
        for grid in found
    ]
    shown = [_table(grid, now) for grid in found if grid.rows]
    draw = _PICTURES.get(key)
    picture = draw(report, name) if draw else None
    size = len(shown[0].rows) if shown else 0
    size = sum(row.count for row in report.restarts or []) if key == "restarts" else size
    return Section(key, row.title, picture, shown, list(_notes(report, key, now)), size)


def _table(grid: Grid, now: datetime | None) -> Table:
    headers = grid.headers(wide=True)
    cells = [
        [each if isinstance(each, Cell) else Cell(each) for each in row]
        for row in grid.cells(now, wide=True)
    ]
    kept = [
        at for at in range(len(headers)) if any(row[at].text not in (NONE, "") for row in cells)
    ]
    return Table([headers[at] for at in kept], [[row[at] for at in kept] for row in cells])


def _notes(report: PodReport, key: str, now: datetime | None) -> Iterator[Note]:
    if key == "restarts":
        yield from (_restart(row, now) for row in report.restarts or [] if has_restarted(row))
    if key == "containers":
        for container in report.containers or []:
            sentences = [container.message] if container.message else []
            if sentences or container.recent_logs:
                head = (
                    f"{container.name}, newest log lines"
                    if container.recent_logs
                    else container.name
                )
                yield Note(head, "", sentences, container.recent_logs)
    if key == "probes":
        for probe in report.probes or []:
            said = [
                f"{one.kind} x{one.count}: {one.message}"
                for one in probe.recent_failures
                if one.message
            ]
            if said:
                rests = [f"Based on: {probe.coverage}"] if probe.coverage else []
                yield Note(f"{probe.container} {probe.type}", probe.state, [*said, *rests], [])


def _restart(row: Restart, now: datetime | None) -> Note:
    """Cause, witnesses and log of one container's last end."""
    count = counted(row.count, "restart") if row.count else "no restart"
    head = f"{row.container}: {count}" + (f", {share(row)}" if row.count else "")
    sentences = [row.summary] if row.summary else []
    facts = end_facts(row, now)
    sentences += [", ".join(facts)] if facts else []
    sentences += [f"{each.source}: {each.text}" for each in row.evidence]
    if row.termination_message:
        sentences.append(f"termination message: {row.termination_message}")
    badge = f"{row.cause}, {row.confidence}" if row.cause and row.confidence else row.cause or ""
    return Note(head, badge, sentences, row.previous_logs)
