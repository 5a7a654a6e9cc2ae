"""What a triage read -> its report: one row for each owner and symptom, worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.analysis.reports import TriageNode, TriageReport, TriageRow, TriageShard
from kubectl_podx.analysis.workloads import lack_report
from kubectl_podx.model.capture import Capture, CapturedPod, CapturedWorkload
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.parts import Coverage, Metadata
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import SEVERITIES, GroupedBy, Symptom, TriageBasis
from kubectl_podx.pod.gate import gate_of
from kubectl_podx.pod.pod import Pod
from kubectl_podx.pod.sick import (
    RANK,
    Group,
    GroupKey,
    Lacking,
    Looked,
    Tally,
    Triaged,
    key_of,
    symptom,
)
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.remedies import checked, kubectl
from kubectl_podx.sections.report import PodReport

# A node is told of when so many pods, the most of those on it, of several owners, are sick.
_FEW, _SHARE, _OWNERS = 5, 0.5, 2
_MOST = 5

# What a status alone can fill; the other sections would cost time and have nothing to say.
_OF_A_STATUS = frozenset({"restarts"})
_MILD: frozenset[Symptom] = frozenset(
    {"restarting", "terminating", "unknown", "oomKilled", "runsMissed", "jobHeld"}
)
"""Symptoms of pods that serve, or that nobody waits for. The others are critical when looked at."""

_WORDS: Mapping[Symptom, str] = {
    "crashLoop": "goes down again and again",
    "imagePull": "an image cannot be pulled",
    "cannotStart": "a container cannot start",
    "unschedulable": "no node has been found",
    "initStuck": "an init container does not end",
    "stuckStarting": "its containers are not created",
    "nodeLost": "its node is silent",
    "oomKilled": "was OOM-killed recently",
    "failed": "failed",
    "evicted": "was evicted",
    "notReady": "runs and is not ready",
    "restarting": "restarted recently",
    "terminating": "is being deleted, and does not end",
    "unknown": "has no status that tells anything",
    "podsMissing": "has fewer pods than it should",
    "jobFailed": "failed",
    "jobHeld": "a container keeps the Job from being complete",
    "runsMissed": "has missed runs",
}


def report(triaged: Triaged, *, by: GroupedBy = "owner", limit: int = 0) -> TriageReport:
    """The report of a run. `limit`: rows that are shown, 0 for all."""
    return arranged(whole(triaged), by=by, limit=limit)


def whole(triaged: Triaged) -> TriageReport:
    """All rows by owner, and every node with a sick pod: what several shards are joined by."""
    groups = triaged.tally.groups
    # Rows at once: nobody needs to hold the reports.
    judged: dict[GroupKey, TriageRow] = {}
    denied: dict[tuple[str, str], Coverage] = {}
    metadata = Metadata(captured_at=triaged.captured_at, source="live")
    for looked in triaged.looked:
        metadata = _newer(metadata, looked.capture)
        sections = _OF_A_STATUS if looked.basis == "status" else frozenset[str]()
        for captured in looked.capture.pods:
            found = pod_report(looked.capture, captured, sections)
            key = looked.keys[captured.reference]
            judged[key] = _row(key, groups[key], (looked.basis, found))
            if looked.basis != "status":
                for row in found.coverage:
                    if row.state == "denied":
                        denied.setdefault((row.section, row.needs), row)
        for workload in looked.capture.workloads:
            key = looked.keys[workload.reference]
            judged[key] = _lacking_row(key, triaged.lacking[key], (looked, workload))
    rows = [judged.get(key) or _row(key, group, None) for key, group in groups.items()]
    rows += [
        judged.get(key) or _lacking_row(key, one, None) for key, one in triaged.lacking.items()
    ]
    nodes = _nodes(triaged, rows)
    return TriageReport(
        metadata=metadata,
        namespace=triaged.namespace,
        scanned=triaged.tally.scanned,
        healthy=triaged.tally.scanned - triaged.tally.sick,
        sick=triaged.tally.sick,
        lacking=len(triaged.lacking),
        rows=rows,
        nodes=nodes,
        coverage=[*triaged.coverage, *_lacking(denied.values())],
    )


def arranged(found: TriageReport, *, by: GroupedBy = "owner", limit: int = 0) -> TriageReport:
    """The report with its rows merged by `by`, the worst first, at most `limit` of them."""
    rows = list(found.rows) if by == "owner" else _merged(found.rows, by)
    rows.sort(key=_badness)
    shown = rows[:limit] if limit else rows
    return msgspec.structs.replace(
        found,
        by=by,
        rows=shown,
        rows_left_out=len(rows) - len(shown),
        nodes=[node for node in found.nodes if _stands_out(node, found)],
    )


def _newer(metadata: Metadata, capture: Capture) -> Metadata:
    return Metadata(
        captured_at=metadata.captured_at,
        source=capture.source,
        server_version=capture.server_version or metadata.server_version,
        podx_version=capture.podx_version or metadata.podx_version,
    )


def _badness(row: TriageRow) -> tuple[int, int, int, str, str]:
    return SEVERITIES.index(row.severity), RANK[row.symptom], -row.pods, row.namespace, row.name


def _row(key: GroupKey, group: Group, judged: tuple[TriageBasis, PodReport] | None) -> TriageRow:
    basis: TriageBasis = judged[0] if judged else "status"
    found = judged[1] if judged else None
    row = TriageRow(
        namespace=key.namespace,
        kind=key.kind,
        name=key.name,
        pods=group.count,
        names=group.names,
        symptom=group.symptom,
        cause=group.symptom,
        severity="unknown",
        summary=_WORDS[group.symptom],
        basis=basis,
        nodes=sorted(group.nodes, key=lambda name: (-group.nodes[name], name)),
        since=group.since,
        restarts=group.restarts,
        next=_next(group),
    )
    if found is None:
        return row
    severity, summary = found.verdict.severity, found.verdict.summary
    if severity == "unknown":
        # Nothing told more: the symptom is all there is. How bad that is does not depend on how
        # many rows were looked at.
        severity = "warning" if group.symptom in _MILD else "critical"
        if basis == "status" and group.symptom != "failed":
            summary = f"{_WORDS[group.symptom]} (by its status alone)"
    return msgspec.structs.replace(
        row,
        cause=_cause(group.symptom, found),
        severity=severity,
        summary=summary,
        codes=found.verdict.codes,
    )


def _lacking_row(
    key: GroupKey, lacking: Lacking, judged: tuple[Looked, CapturedWorkload] | None
) -> TriageRow:
    """A workload that lacks pods or runs: there is no pod to stand for it."""
    kind = f"{key.kind.lower()}/{checked(key.name)}"
    row = TriageRow(
        namespace=key.namespace,
        kind=key.kind,
        name=key.name,
        pods=0,
        missing=lacking.pods,
        symptom=key.family,
        cause=key.family,
        severity="warning" if key.family in _MILD else "critical",
        summary=_WORDS[key.family],
        since=lacking.since,
        next=kubectl("podx", "describe", kind, namespace=key.namespace),
    )
    if judged is None:
        return row
    looked, captured = judged
    found = lack_report(looked.capture, captured)
    refusal = found.workload.refusals[0].by if found.workload.refusals else key.family
    told = found.verdict.severity not in ("ok", "info")
    return msgspec.structs.replace(
        row,
        cause=refusal,
        summary=found.verdict.summary if told else row.summary,
        codes=found.verdict.codes,
        basis=looked.basis,
    )


def _cause(symptom: Symptom, found: PodReport) -> str:
    """The cause of the restarts, where going down is what the pod is sick of."""
    if symptom not in ("crashLoop", "restarting", "oomKilled", "failed", "evicted"):
        return symptom
    rows = [row for row in found.restarts or [] if row.cause is not None]
    rows.sort(key=lambda row: (not row.looping, row.finished_at or ""))
    told = next((row.cause for row in rows if row.cause != "unknown"), None)
    return told or symptom


def _next(group: Group) -> str:
    namespace, _, name = (group.names or [""])[0].partition("/")
    return kubectl("podx", "describe", checked(name), namespace=namespace)


def _lacking(rows: Iterable[Coverage]) -> list[Coverage]:
    """What the looks at the representatives were refused, each once."""
    return [
        msgspec.structs.replace(
            row, container="", reason="forbidden for the pods that were inspected"
        )
        for row in rows
    ]


def _nodes(triaged: Triaged, rows: Sequence[TriageRow]) -> list[TriageNode]:
    """Every node with a sick pod on it; which of them stand out, `arranged` decides."""
    owners: dict[str, int] = {}
    for row in rows:
        for name in row.nodes:
            owners[name] = owners.get(name, 0) + 1
    return [
        node_row(name, triaged.nodes.get(name, "unknown"), pods, sick, owners.get(name, 0))
        for name, (pods, sick) in sorted(triaged.tally.on_node.items())
        if sick
    ]


def node_row(name: str, state: str, pods: int, sick: int, owners: int) -> TriageNode:
    """One node, with what is the matter in a line."""
    words = f"{sick} of its {pods} pods {'is' if sick == 1 else 'are'} sick"
    if state == "notReady":
        words = f"the node is not ready; {words}"
    return TriageNode(
        name=name,
        state=state,  # type: ignore[arg-type]
        pods=pods,
        sick=sick,
        owners=owners,
        summary=words,
    )


def _stands_out(node: TriageNode, found: TriageReport) -> bool:
    """Not ready; or most of its pods are sick, of several owners, and far more than elsewhere."""
    if node.state == "notReady":
        return True
    many = node.sick >= _FEW and node.sick >= _SHARE * node.pods
    share = found.sick / found.scanned if found.scanned else 0.0
    return many and node.owners >= _OWNERS and node.sick >= 2 * share * node.pods


def _merged(rows: Sequence[TriageRow], by: GroupedBy) -> list[TriageRow]:
    """Rows of one cause, or of one first node, as one: the worst of them, with all their pods."""
    groups: dict[str, list[TriageRow]] = {}
    for row in sorted(rows, key=_badness):
        key = row.cause if by == "cause" else (row.nodes or [""])[0]
        groups.setdefault(key, []).append(row)
    return [_one_of(key, found, by) for key, found in groups.items()]


def _one_of(key: str, rows: Sequence[TriageRow], by: GroupedBy) -> TriageRow:
    worst = rows[0]
    namespaces = {row.namespace for row in rows}
    single = len(rows) == 1
    nodes = dict.fromkeys(name for row in rows for name in row.nodes)
    return msgspec.structs.replace(
        worst,
        namespace=worst.namespace if len(namespaces) == 1 else "",
        kind=worst.kind if single else "",
        name=worst.name if single else "",
        owners=sum(row.owners for row in rows),
        pods=sum(row.pods for row in rows),
        names=[name for row in rows for name in row.names][:_MOST],
        nodes=[key] if by == "node" and key else list(nodes)[:_MOST],
        since=min((row.since for row in rows if row.since), default=None),
        restarts=max(row.restarts for row in rows),
    )


def of_capture(capture: Capture, namespace: str = "") -> Triaged:
    """The pods of the capture, those of one namespace where it is named.

    All of the capture's facts are there for every pod, so no row is judged by less.
    """
    tally = Tally(groups={}, on_node={})
    keys: dict[str, GroupKey] = {}
    now = parse_time(capture.captured_at)
    for pod in capture.pods:
        if namespace and Reference.of_key(pod.reference).namespace != namespace:
            continue
        stored = capture.objects.get(pod.reference)
        body = (stored.body if stored else None) or {}
        gate = gate_of(body)
        found = None if _sound(capture, pod, body) else symptom(gate, now)
        if tally.add(gate, found) is not None and found is not None:
            keys[pod.reference] = key_of(gate, found.symptom)
    basis: TriageBasis = "status" if capture.source == "manifest" else "api"
    if any(pod.observations for pod in capture.pods):
        basis = "inside"
    chosen = [pod for pod in capture.pods if pod.reference in keys]
    part = Capture(
        source=capture.source,
        podx_version=capture.podx_version,
        captured_at=capture.captured_at,
        server_version=capture.server_version,
        pods=chosen,
        objects=capture.objects,
        lists=capture.lists,
    )
    looked = [Looked(basis, keys, part)] if chosen else []
    return Triaged(tally, namespace, capture.captured_at, {}, looked, [])


def _sound(capture: Capture, pod: CapturedPod, body: dict[str, Any]) -> bool:
    """Whether it is a manifest that was never applied and nothing in it would fail."""
    if capture.source != "manifest" or not Pod(body).draft:
        return False
    from kubectl_podx.start.facts import by_itself  # noqa: PLC0415 - of a manifest only

    return not any(one.severity == "critical" for one in by_itself(PodView(capture, pod)))


_MOST_LINES = 1_000_000
_MOST_NAMES = 5


class _Any(msgspec.Struct):
    kind: str = ""


class _RowLine(msgspec.Struct):
    row: TriageRow
    kind: str = "TriageRow"
    shard: int = 0


_ANY = Decoder(_Any)
_ROW = Decoder(_RowLine)
_END = Decoder(TriageShard)
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
        nodes=_nodes_of_all(reports),
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


def _nodes_of_all(reports: Sequence[TriageReport]) -> list[TriageNode]:
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
