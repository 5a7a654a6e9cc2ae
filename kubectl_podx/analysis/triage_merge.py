"""The lines that the shards of a triage print, and the one report of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from kubectl_podx.analysis.reports import TriageNode, TriageReport, TriageRow, TriageShard
from kubectl_podx.analysis.triage import node_row
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.parts import Coverage, Metadata

_MOST_LINES = 1_000_000
_MOST_NAMES = 5


class _Any(msgspec.Struct):
    kind: str = ""


class _RowLine(msgspec.Struct):
    row: TriageRow
    kind: str = "TriageRow"
    shard: int = 0


_ANY = msgspec.json.Decoder(_Any)
_ROW = msgspec.json.Decoder(_RowLine)
_END = msgspec.json.Decoder(TriageShard)
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


def lines(report: TriageReport, shard: int, shards: int) -> str:
    """A line of JSON for each row, and the shard's own line last: without it the rest was cut."""
    rows = [msgspec.json.encode(_RowLine(row=row, shard=shard)) for row in report.rows]
    end = TriageShard(
        shard=shard,
        shards=shards,
        row_count=len(rows),
        report=msgspec.structs.replace(report, rows=[]),
    )
    return b"\n".join([*rows, msgspec.json.encode(end), b""]).decode()


def merged(text: bytes) -> TriageReport:
    """One report of the lines of several shards, in any order and between lines of others.

    InputError where no line is one of theirs. A shard of which lines are missing, and one that is
    missing altogether, is a row of coverage. A shard that ran twice (its pod was replaced) counts
    once.
    """
    rows: dict[int, list[TriageRow]] = {}
    ends: dict[int, TriageShard] = {}
    for line in text.splitlines()[:_MOST_LINES]:
        _read(line, rows, ends)
    if not ends:
        raise InputError(
            "no line of a shard: --from takes a bundle, or what 'triage --shard K/N' prints (with "
            "'kubectl logs', use --tail=-1)"
        )
    shards = max(end.shards for end in ends.values())
    reports = [ends[at].report for at in sorted(ends)]
    every = [row for at in sorted(ends) for row in _unique(rows.get(at, []))]
    return TriageReport(
        metadata=_metadata(reports),
        scanned=sum(one.scanned for one in reports),
        healthy=sum(one.healthy for one in reports),
        sick=sum(one.sick for one in reports),
        rows=_joined(every),
        nodes=_nodes(reports),
        coverage=[
            *_missing(shards, rows, ends),
            *dict.fromkeys(row for one in reports for row in one.coverage),
        ],
    )


def _read(line: bytes, rows: dict[int, list[TriageRow]], ends: dict[int, TriageShard]) -> None:
    """One line; what is not ours (a warning in a log) is left out."""
    if not line.startswith(b"{"):
        return
    try:
        match _ANY.decode(line).kind:
            case "TriageRow":
                found = _ROW.decode(line)
                rows.setdefault(found.shard, []).append(found.row)
            case "TriageShard":
                end = _END.decode(line)
                ends[end.shard] = end
    except _BROKEN:
        return


def _metadata(reports: Sequence[TriageReport]) -> Metadata:
    first = min(reports, key=lambda one: one.metadata.captured_at)
    return msgspec.structs.replace(first.metadata, source="bundle")


def _unique(rows: Iterable[TriageRow]) -> list[TriageRow]:
    """Of each owner and symptom the last row, which is that of the last run."""
    return list({(r.namespace, r.kind, r.name, r.symptom): r for r in rows}.values())


def _joined(rows: Sequence[TriageRow]) -> list[TriageRow]:
    """A node is in every shard that has pods on it."""
    found: dict[tuple[str, str, str, str], TriageRow] = {}
    for row in rows:
        key = (row.namespace, row.kind, row.name, row.symptom)
        before = found.get(key)
        if before is not None:
            row = msgspec.structs.replace(  # noqa: PLW2901 - the two as one
                before,
                pods=before.pods + row.pods,
                names=[*before.names, *row.names][:_MOST_NAMES],
                since=min(filter(None, (before.since, row.since)), default=None),
                restarts=max(before.restarts, row.restarts),
            )
        found[key] = row
    return list(found.values())


def _nodes(reports: Sequence[TriageReport]) -> list[TriageNode]:
    found: dict[str, TriageNode] = {}
    for node in (node for one in reports for node in one.nodes):
        before = found.get(node.name)
        if before is None:
            found[node.name] = node
            continue
        state = node.state if before.state == "unknown" else before.state
        found[node.name] = node_row(
            node.name,
            state,
            before.pods + node.pods,
            before.sick + node.sick,
            before.owners + node.owners,
        )
    return [found[name] for name in sorted(found)]


def _missing(
    shards: int, rows: dict[int, list[TriageRow]], ends: dict[int, TriageShard]
) -> list[Coverage]:
    lost = [str(at) for at in range(shards) if at not in ends]
    cut = [str(at) for at, end in sorted(ends.items()) if len(rows.get(at, [])) < end.row_count]
    found: list[Coverage] = []
    if lost:
        why = f"shards {', '.join(lost)} of {shards} are not among the lines"
        found.append(Coverage(section="triage", state="partial", reason=why))
    if cut:
        why = f"lines of shards {', '.join(cut)} are missing"
        found.append(Coverage(section="triage", state="partial", reason=why))
    return found
