"""Pages of a triage and of a comparison: tables that can be filtered, and an index into them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from kubectl_podx.analysis.reports import ComparisonReport, TriageReport, TriageRow
from kubectl_podx.analysis.standing import severity_of
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Metadata
from kubectl_podx.model.words import SEVERITIES, Severity
from kubectl_podx.render.html.fill import fill
from kubectl_podx.render.reports import comparison_head, owner_of, triage_head
from kubectl_podx.render.text import not_checked
from kubectl_podx.view.units import NONE, ago, counted

_TROUBLED = ("critical", "warning", "unknown")


class Entry(Struct, frozen=True):
    """One cell of a table."""

    text: str
    tone: str = ""
    link: str = ""
    """The anchor of the row that it leads to."""
    severity: bool = False
    command: bool = False


class Row(Struct, frozen=True):
    """One row of a table."""

    anchor: str
    cells: Sequence[Entry]
    stands_out: bool = False


class Sheet(Struct, frozen=True):
    """One table with its title."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Row]
    note: str = ""


def triage_page(report: TriageReport) -> str:
    """The sick, worst first, below them by cause, by node and by owner, each with links to them."""
    rows = report.rows
    where = f"namespace {report.namespace}" if report.namespace else "all namespaces"
    sheets = [
        Sheet("Unhealthy", _HEADERS, [_row(row, at, report) for at, row in enumerate(rows)]),
        _index("By cause", "CAUSE", rows, lambda row: [row.cause]),
        _index("By node", "NODE", rows, lambda row: row.nodes),
        _index("By owner", "OWNER", rows, lambda row: [_named(row)]),
        _nodes(report),
    ]
    return _page(
        report.metadata,
        title=f"Triage of {where}",
        severity=severity_of(report),
        summary=triage_head(report),
        sheets=[sheet for sheet in sheets if sheet.rows],
        not_checked=not_checked(report.coverage, everything=True),
        not_checked_title="Not checked",
    )


_HEADERS = ("SEVERITY", "OWNER", "PODS", "SINCE", "RESTARTS", "WHY", "CAUSE", "NODES", "NEXT")


def _row(row: TriageRow, at: int, report: TriageReport) -> Row:
    pods = f"{row.missing} missing" if row.missing else str(row.pods)
    cells = (
        Entry(row.severity, severity=True),
        Entry(_named(row)),
        Entry(pods),
        Entry(ago(row.since, parse_time(report.metadata.captured_at))),
        Entry(str(row.restarts)),
        Entry(f"{row.summary} [{row.codes[0]}]" if row.codes else row.summary),
        Entry(row.cause),
        Entry(", ".join(row.nodes) or NONE),
        Entry(row.next, command=bool(row.next)),
    )
    return Row(f"row-{at}", cells, row.severity in _TROUBLED)


def _named(row: TriageRow) -> str:
    return f"{row.namespace}/{owner_of(row)}" if row.namespace else owner_of(row)


def _index(
    title: str, header: str, rows: Sequence[TriageRow], keys: Callable[[TriageRow], Iterable[str]]
) -> Sheet:
    """For each key its rows: how many, how many pods, and a link to the worst of them."""
    together: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        for key in dict.fromkeys(keys(row)):
            together.setdefault(key, []).append(at)
    made = []
    for number, (key, found) in enumerate(together.items()):
        mine = [rows[at] for at in found]
        cells = (
            Entry(_worst(mine), severity=True),
            Entry(key or NONE),
            Entry(str(len(found))),
            Entry(str(sum(row.pods or row.missing for row in mine))),
            Entry(mine[0].summary, link=f"row-{found[0]}"),
        )
        made.append(Row(f"{header.lower()}-{number}", cells, _worst(mine) in _TROUBLED))
    return Sheet(title, ("WORST", header, "ROWS", "PODS", "FIRST"), made)


def _nodes(report: TriageReport) -> Sheet:
    rows = [
        Row(
            f"sick-node-{at}",
            (
                Entry(node.name),
                Entry(node.state, "red" if node.state == "notReady" else ""),
                Entry(f"{node.sick}/{node.pods}"),
                Entry(str(node.owners)),
                Entry(node.summary),
            ),
            stands_out=True,
        )
        for at, node in enumerate(report.nodes)
    ]
    return Sheet("Nodes", ("NODE", "STATE", "SICK", "ROWS", "WHY"), rows)


def comparison_page(report: ComparisonReport) -> str:
    """Fact by fact what differs, a column for each pod, the outliers' values marked."""
    labels = [pod.label for pod in report.pods]
    rows = [
        Row(
            f"fact-{at}",
            (
                Entry(one.fact),
                Entry(one.container or NONE),
                *(
                    Entry(value, "yellow" if label in one.outliers else "")
                    for label, value in zip(labels, one.values, strict=True)
                ),
            ),
            stands_out=bool(one.outliers),
        )
        for at, one in enumerate(report.differences)
    ]
    sheets = [Sheet("Differences", ("FACT", "CONTAINER", *labels), rows)] if rows else []
    return _page(
        report.metadata,
        title=f"Comparison of {counted(len(report.pods), 'pod')}",
        severity=severity_of(report),
        summary=comparison_head(report),
        sheets=sheets,
        not_checked=report.notes,
        not_checked_title="Not compared",
    )


def _worst(rows: Sequence[TriageRow]) -> Severity:
    found: list[Severity] = [row.severity for row in rows]
    return min(found, key=SEVERITIES.index)


def _page(metadata: Metadata, **words: object) -> str:
    return fill("list.html", metadata=metadata, nothing=NONE, **words)
