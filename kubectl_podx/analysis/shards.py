"""What the shards of a Job print, and the one report of all their lines: of a drift, a rehearsal.

A line of JSON for each row, and the shard's own line last: without it the rest was cut. A triage
has its own, as its rows may belong together across shards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from kubectl_podx.analysis import drift, rehearsal
from kubectl_podx.analysis.reports import DriftReport, RehearsalReport
from kubectl_podx.drift.report import DriftRow
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.parts import Coverage, Metadata
from kubectl_podx.start.report import PodStart

_MOST_LINES = 1_000_000
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_R = TypeVar("_R", DriftReport, RehearsalReport)


class _Any(msgspec.Struct):
    kind: str = ""
    shard: int = 0
    shards: int = 0
    row_count: int = msgspec.field(name="rowCount", default=0)
    row: msgspec.Raw = msgspec.Raw(b"null")
    report: msgspec.Raw = msgspec.Raw(b"null")


_ANY = Decoder(_Any)


class Sharded(NamedTuple, Generic[_R]):
    """How one kind of report goes into lines and comes out of them."""

    row: str
    """The kind of a line with a row."""
    end: str
    """The kind of the last line."""
    command: str
    rows: Callable[[_R], Sequence[Any]]
    without: Callable[[_R], _R]
    """The report without its rows."""
    read_row: Callable[[msgspec.Raw], Any]
    read_report: Callable[[msgspec.Raw], _R]
    joined: Callable[[Sequence[_R], list[Any], list[Coverage]], _R]


def lines(kind: Sharded[_R], report: _R, shard: int, shards: int) -> str:
    """What one shard prints."""
    rows = kind.rows(report)
    made: list[Any] = [{"kind": kind.row, "shard": shard, "row": row} for row in rows]
    end: dict[str, Any] = {
        "apiVersion": "podx/v1",
        "kind": kind.end,
        "shard": shard,
        "shards": shards,
        "rowCount": len(rows),
        "report": kind.without(report),
    }
    return b"\n".join([*map(msgspec.json.encode, [*made, end]), b""]).decode()


def merged(kind: Sharded[_R], text: bytes) -> _R:
    """One report of the lines of several shards, in any order and between lines of others.

    InputError where no line is one of theirs. Of a shard that ran twice the last run counts.
    """
    rows: dict[int, list[Any]] = {}
    ends: dict[int, tuple[_Any, _R]] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        if line.startswith(b"{"):
            _read(kind, line, rows, ends)
    if not ends:
        raise InputError(
            f"no line of a shard: --from takes what '{kind.command} --shard K/N' prints (with "
            "'kubectl logs', use --tail=-1)"
        )
    shards = max(end.shards for end, _ in ends.values())
    every: list[Any] = []
    coverage: list[Coverage] = []
    lost = [str(at) for at in range(shards) if at not in ends]
    if lost:
        why = f"shards {', '.join(lost)} of {shards} are not among the lines"
        coverage.append(Coverage(section=kind.command, state="partial", reason=why))
    for at, (end, _) in sorted(ends.items()):
        mine = rows.get(at, [])
        every += mine[len(mine) - end.row_count :] if end.row_count else []
        if len(mine) < end.row_count:
            why = f"lines of shard {at} are missing"
            coverage.append(Coverage(section=kind.command, state="partial", reason=why))
    return kind.joined([report for _, report in ends.values()], every, coverage)


def _read(
    kind: Sharded[_R],
    line: bytes,
    rows: dict[int, list[Any]],
    ends: dict[int, tuple[_Any, _R]],
) -> None:
    try:
        found = _ANY.decode(line)
        if found.kind == kind.row:
            rows.setdefault(found.shard, []).append(kind.read_row(found.row))
        elif found.kind == kind.end:
            ends[found.shard] = found, kind.read_report(found.report)
    except _BROKEN:
        return


def _metadata(reports: Sequence[DriftReport] | Sequence[RehearsalReport]) -> Metadata:
    first = min((one.metadata for one in reports), key=lambda one: one.captured_at)
    return msgspec.structs.replace(first, source="bundle")


def _drifts(
    reports: Sequence[DriftReport], rows: list[DriftRow], coverage: list[Coverage]
) -> DriftReport:
    known = [*coverage, *dict.fromkeys(row for one in reports for row in one.coverage)]
    return drift.assembled(
        DriftReport(
            metadata=_metadata(reports),
            verdict=reports[0].verdict,
            scanned=sum(one.scanned for one in reports),
            workloads=sum(one.workloads for one in reports),
            looked_into=sum(one.looked_into for one in reports),
            coverage=known,
        ),
        rows,
    )


def _rehearsals(
    reports: Sequence[RehearsalReport], rows: list[PodStart], coverage: list[Coverage]
) -> RehearsalReport:
    return rehearsal.assembled(_metadata(reports), rows, coverage)


DRIFT: Sharded[DriftReport] = Sharded(
    "DriftRow",
    "DriftShard",
    "drift",
    lambda report: report.rows,
    lambda report: msgspec.structs.replace(report, rows=[]),
    lambda raw: msgspec.json.decode(raw, type=DriftRow),
    lambda raw: msgspec.json.decode(raw, type=DriftReport),
    _drifts,
)
REHEARSAL: Sharded[RehearsalReport] = Sharded(
    "PodStart",
    "RehearsalShard",
    "rehearse",
    lambda report: report.items,
    lambda report: msgspec.structs.replace(report, items=[]),
    lambda raw: msgspec.json.decode(raw, type=PodStart),
    lambda raw: msgspec.json.decode(raw, type=RehearsalReport),
    _rehearsals,
)
