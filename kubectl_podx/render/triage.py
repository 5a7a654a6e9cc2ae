"""A triage for a person, and the Job that runs one inside of a cluster, as YAML."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubectl_podx.analysis.reports import TriageReport, TriageRow
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render import coverage
from kubectl_podx.render.document import to_yaml
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Cell, columns, state_cell, tone
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, ago

_LONGEST_WHY = 160
_Value = Callable[[TriageRow], str]


def text(report: TriageReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The report as lines. `wide` has the columns that a first look does not need."""
    page = Page(terminal, None, everything=wide)
    lines = [*page.say(_head(report), indent=0)]
    if report.rows:
        lines += ["", *_rows(report, terminal, wide=wide)]
    if report.nodes:
        lines += ["", "Nodes:", *_nodes(report, terminal)]
    if report.rows and not wide:
        lines += ["", f"Next: {clean(report.rows[0].next)}"]
    if report.coverage:
        lines += ["", *coverage.coverage(report.coverage, page)]
    return "\n".join(lines) + "\n"


def names(report: TriageReport) -> str:
    """`pod/NAME` of the pod of each row that was looked at."""
    found = (row.names[0].partition("/")[2] for row in report.rows if row.names)
    return "".join(f"pod/{clean(name)}\n" for name in found)


def _head(report: TriageReport) -> str:
    where = f"namespace {report.namespace}" if report.namespace else "all namespaces"
    if not report.scanned:
        return f"No pods in {where}."
    if not report.sick:
        return f"{_count(report.scanned, 'pod')} in {where}: nothing wrong by status."
    words = (
        f"{_count(report.scanned, 'pod')} in {where}: {report.sick:,} sick, "
        f"{report.healthy:,} healthy."
    )
    if report.rows_left_out:
        words += f" The worst {len(report.rows)} rows; {report.rows_left_out:,} more are left out."
    return words


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _rows(report: TriageReport, terminal: Terminal, *, wide: bool) -> list[str]:
    now = parse_time(report.metadata.captured_at)
    head = ["SEVERITY", "PODS", "SINCE", "RESTARTS", "WHY"]
    first = _first(report)
    head = [*(name for name, _ in first), *head]
    if wide:
        head += ["SYMPTOM", "CAUSE", "BASIS", "NODES", "NEXT"]
    table: list[list[Cell | str]] = [
        [
            *(Cell(value(row)) for _, value in first),
            state_cell(row.severity),
            str(row.pods),
            ago(row.since, now),
            str(row.restarts),
            _why(row, wide=wide),
            *(_more(row) if wide else ()),
        ]
        for row in report.rows
    ]
    limit = 400 if wide else _LONGEST_WHY
    return columns(head, table, color=terminal.color, limit=limit)


def _first(report: TriageReport) -> list[tuple[str, _Value]]:
    """The columns that say what a row stands for."""
    if report.by == "cause":
        return [("CAUSE", lambda row: row.cause), ("OWNERS", _owners)]
    if report.by == "node":
        return [("NODE", lambda row: (row.nodes or [NONE])[0]), ("OWNERS", _owners)]
    owner: tuple[str, _Value] = ("OWNER", _owner)
    return [owner] if report.namespace else [("NAMESPACE", lambda r: r.namespace or NONE), owner]


def _owner(row: TriageRow) -> str:
    return f"{row.kind.lower()}/{row.name}" if row.name else str(row.owners)


def _owners(row: TriageRow) -> str:
    where = f"{row.namespace}/" if row.namespace else ""
    return f"{where}{_owner(row)}" if row.name else str(row.owners)


def _why(row: TriageRow, *, wide: bool) -> str:
    if wide or not row.codes:
        return row.summary
    return f"{row.summary} [{row.codes[0]}]"


def _more(row: TriageRow) -> Sequence[str]:
    nodes = ",".join(row.nodes) or NONE
    return row.symptom, row.cause, row.basis, nodes, row.next


def _nodes(report: TriageReport, terminal: Terminal) -> list[str]:
    table: list[list[Cell | str]] = [
        [
            f"  {node.name}",
            Cell(node.state, tone("critical") if node.state == "notReady" else ""),
            f"{node.sick}/{node.pods}",
            str(node.owners),
            node.summary,
        ]
        for node in report.nodes
    ]
    head = ["  NODE", "STATE", "SICK", "ROWS", "WHY"]
    return columns(head, table, color=terminal.color)


NAME = "podx-triage"
_INDEX = "$(JOB_COMPLETION_INDEX)"

_HEAD = f"""\
# kubectl podx triage as a Job: each completion looks at its share of the namespaces (by a hash of
# their names) and prints JSON lines. It reads no Secret, runs nothing in a container, and writes
# nothing. When it has completed:
#
#   kubectl logs -n {NAME} -l app={NAME} --tail=-1 --max-log-requests={{shards}} \\
#     | kubectl podx triage --from -
#   kubectl delete namespace {NAME} && kubectl delete clusterrole,clusterrolebinding {NAME}
"""


def manifest(role: Mapping[str, Any], *, shards: int, image: str, words: Sequence[str] = ()) -> str:
    """YAML for `kubectl apply -f -`. `words` are further ones for the command."""
    labels = {"app": NAME}
    where = {"name": NAME, "namespace": NAME}
    parts: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": where},
        dict(role),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": NAME,
            },
            "subjects": [{"kind": "ServiceAccount", **where}],
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": where,
            "spec": {
                "completionMode": "Indexed",
                "completions": shards,
                "parallelism": shards,
                "backoffLimit": shards,
                "ttlSecondsAfterFinished": 3600,
                "template": {
                    "metadata": {"labels": labels},
                    "spec": _pod(shards, image, words),
                },
            },
        },
    ]
    return _HEAD.format(shards=shards) + "".join("---\n" + to_yaml(part) for part in parts)


def _pod(shards: int, image: str, words: Sequence[str]) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "triage",
                "image": image,
                "args": ["triage", "--shard", f"{_INDEX}/{shards}", "--deadline", "10m", *words],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"memory": "256Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                },
            }
        ],
    }
