"""Comparison, triage and doctor for a person; and the Job that runs a triage in a cluster, as YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kubectl_podx.analysis.reports import (
    ComparisonReport,
    Difference,
    DoctorReport,
    RightRow,
    TriageReport,
    TriageRow,
)
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Coverage
from kubectl_podx.render import text as coverage
from kubectl_podx.render.document import to_yaml
from kubectl_podx.view.cell import Cell
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Terminal, aligned, columns, paint, state_cell, tone
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, ago, counted

_MOST_COLUMNS = 4


def comparison_text(report: ComparisonReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The outliers first; all values of all pods where they fit, or where all is wanted."""
    page = Page(terminal, None)
    lines = [_head(report, terminal), ""]
    if report.differences:
        side_by_side = wide or len(report.pods) <= _MOST_COLUMNS
        rows = _columns(report) if side_by_side else _grouped(report)
        lines += [*aligned(rows[0], rows[1:], color=terminal.color, width=terminal.width), ""]
    if report.notes:
        lines.append("Not compared:")
        lines += [line for note in report.notes for line in page.say(note)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _head(report: ComparisonReport, terminal: Terminal) -> str:
    (line,) = aligned([], [[comparison_head(report)]])
    return paint(line, "bold", allowed=terminal.color and bool(report.differences))


def comparison_head(report: ComparisonReport) -> str:
    """In how many facts the pods differ, and which are the outliers."""
    pods = counted(len(report.pods), "pod")
    found = len(report.differences)
    if not found:
        unseen = ", as far as they could be seen" if report.notes else ""
        return f"{pods} agree in all of {counted(report.compared, 'fact')}{unseen}"
    odd = list(dict.fromkeys(label for one in report.differences for label in one.outliers))
    head = f"{pods} differ in {found} of {counted(report.compared, 'fact')}"
    if odd:
        return f"{head}; apart from the others: {', '.join(odd)}"
    return f"{head}; there are no outliers" if len(report.pods) > 2 else head


def _columns(report: ComparisonReport) -> list[list[str]]:
    heads = ["FACT", "CONTAINER", *(pod.label for pod in report.pods)]
    return [heads, *([one.fact, one.container or NONE, *one.values] for one in report.differences)]


def _grouped(report: ComparisonReport) -> list[list[str]]:
    """For many pods: who stands apart, with what, and what the others have."""
    rows = [["FACT", "CONTAINER", "APART", "HAS", "OTHERS"]]
    return rows + [_group(one, report) for one in report.differences]


def _group(one: Difference, report: ComparisonReport) -> list[str]:
    labels = [pod.label for pod in report.pods]
    groups: dict[str, list[str]] = {}
    for label, value in zip(labels, one.values, strict=True):
        groups.setdefault(value, []).append(label)
    if not one.outliers:
        spread = ", ".join(f"{value} ({len(pods)})" for value, pods in groups.items())
        return [one.fact, one.container or NONE, NONE, spread, NONE]
    apart = {value: pods for value, pods in groups.items() if set(pods) & set(one.outliers)}
    others = [f"{value} ({len(pods)})" for value, pods in groups.items() if value not in apart]
    return [
        one.fact,
        one.container or NONE,
        ", ".join(one.outliers),
        ", ".join(apart),
        ", ".join(others),
    ]


_TONES = {"held": "green", "missing": "red", "unknown": "yellow"}

_HEAD = """\
# The least rights with which a report on the pods of namespace {namespace} is complete, but for
# the counters of probes (below). Bind them, for example, to a group:
#
{bindings}
#
# pods/exec runs programs in containers: a look is one, and so is anything else that its holder
# likes. Without it, and with --no-exec, a report says what the API declares. `get secrets` is for
# comparing what is mounted with what is stored; podx never shows a value.
"""

_DEBUG = """\
# Not part of the above: a right to write, for --debug-image alone. It adds ephemeral containers to
# pods, which run any image and cannot be removed. Whoever wants it removes the marks:
#
"""

_COUNTERS = """\
# WARNING: not part of the above. The counters of probes stand in the kubelet's metrics, and
# `get nodes/proxy`, which reads them, amounts to root on every node: it is widely abused to run
# programs in any container there. A report without it says `cannot tell` where the counters alone
# could. Whoever wants it all the same removes the marks:
#
"""


def doctor_text(report: DoctorReport, terminal: Terminal, *, everything: bool) -> str:
    """Reachable, complete or not, the rights, and what each pod's report will lack."""
    page = Page(terminal, None, everything=everything)
    lines = [
        f"Server: reachable, {clean(report.metadata.server_version) or 'of unknown version'}",
        f"Namespace: {clean(report.namespace)}",
        "",
        *page.say(_summary(report), indent=0),
        "",
        "Rights:",
        *("  " + line for line in _rights(report.rights, terminal)),
    ]
    if not report.pods:
        lines += _block("Of any pod", report.coverage, page)
    for pod in report.pods:
        lines += _block(f"Of {clean(pod.namespace)}/{clean(pod.name)}", pod.coverage, page)
    return "\n".join(lines) + "\n"


def _summary(report: DoctorReport) -> str:
    if any(r.state == "missing" and (r.verb, r.resource) == ("get", "pods") for r in report.rights):
        return "No report can be made: get pods is missing."
    missing = [right for right in report.rights if right.state == "missing"]
    least = [_named(right) for right in missing if not right.optional]
    apart = [_named(right) for right in missing if right.optional and right.verb != "patch"]
    writes = [_named(right) for right in missing if right.optional and right.verb == "patch"]
    without = f" --debug-image needs {', '.join(writes)}." if writes else ""
    if not least and not apart:
        return f"A report is complete as far as rights decide it.{without}"
    if not least:
        return (
            f"A report is complete but for the counters of probes ({', '.join(apart)}, which "
            f"amounts to root on the node).{without}"
        )
    unique = ", ".join(dict.fromkeys(least))
    return f"A report is partial. Missing: {unique}. 'doctor --rbac' prints what grants it."


def _named(right: RightRow) -> str:
    group = f".{right.group}" if right.group else ""
    return f"{right.verb} {right.resource}{group}"


def _rights(rights: Sequence[RightRow], terminal: Terminal) -> list[str]:
    rows = [
        (
            Cell(right.state, _TONES.get(right.state, "")),
            _named(right) + (" (optional)" if right.optional else ""),
            right.namespace or NONE,
            right.name or "*",
            ", ".join(right.sections),
        )
        for right in rights
    ]
    return aligned(
        ["STATE", "RIGHT", "NAMESPACE", "NAME", "FOR"],
        rows,
        color=terminal.color,
        width=terminal.within(2),
    )


def _block(head: str, rows: Sequence[Coverage], page: Page) -> list[str]:
    found = coverage.coverage(rows, page)
    return ["", f"{head}: nothing is lacking."] if not found else ["", f"{head}:", *found]


def rbac(
    roles: Iterable[Mapping[str, Any]], apart: Sequence[Mapping[str, Any]], namespace: str
) -> str:
    """Manifests that `kubectl apply -f -` takes; what writes or is dangerous stands in comments."""
    made = list(roles)
    bindings = "\n".join(f"#   {_binding(role)}" for role in made)
    head = _HEAD.format(namespace=clean(namespace), bindings=bindings)
    documents = "---\n".join(to_yaml(role) for role in made)
    marked = "\n".join(
        why + "# ---\n" + "".join(f"# {line}\n" for line in to_yaml(role).splitlines())
        for why, role in zip((_DEBUG, _COUNTERS), apart, strict=True)
    )
    return f"{head}---\n{documents}\n{marked}"


_FROM_LOGS = """\
# What the API server refused to the ServiceAccount of {pods}, as its logs tell.
# Whoever writes to the log decides what stands here: read it before you apply it.
"""


def from_logs(
    roles: Sequence[Mapping[str, Any]], left_out: Iterable[str], pods: Sequence[str]
) -> str:
    """Roles and bindings that `kubectl apply -f -` takes; what was left out in comments."""
    head = _FROM_LOGS.format(pods=clean(", ".join(pods) or "no pod"))
    apart = "".join(f"# left out: {clean(each)}\n" for each in left_out)
    if not roles:
        return f"{head}{apart}# No Role: the logs tell of no refusal that one would allow.\n"
    return head + apart + "---\n" + "---\n".join(to_yaml(role) for role in roles)


def _binding(role: Mapping[str, Any]) -> str:
    name, namespace = role["metadata"]["name"], role["metadata"].get("namespace", "")
    if namespace:
        where = f"--namespace={clean(namespace)} --role={name}"
        return f"kubectl create rolebinding {name} {where} --group=GROUP"
    return f"kubectl create clusterrolebinding {name} --clusterrole={name} --group=GROUP"


_LONGEST_WHY = 160
_Value = Callable[[TriageRow], str]


def triage_text(report: TriageReport, terminal: Terminal, *, wide: bool = False) -> str:
    """The report as lines. `wide` has the columns that a first look does not need."""
    page = Page(terminal, None, everything=wide)
    lines = [*page.say(triage_head(report), indent=0)]
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
    """`pod/NAME` of the pod of each row that was looked at; a workload without pods itself."""
    lines = [
        f"pod/{row.names[0].partition('/')[2]}" if row.names else owner_of(row)
        for row in report.rows
        if row.names or row.name
    ]
    return "".join(f"{clean(line)}\n" for line in lines)


def triage_head(report: TriageReport) -> str:
    """How many pods there are and how many are sick, in a sentence."""
    where = f"namespace {report.namespace}" if report.namespace else "all namespaces"
    lacking = f"{_count(report.lacking, 'workload')} {'lacks' if report.lacking == 1 else 'lack'}"
    if not report.scanned and not report.lacking:
        return f"No pods in {where}."
    if not report.sick and not report.lacking:
        return f"{_count(report.scanned, 'pod')} in {where}: nothing wrong by status."
    words = (
        f"{_count(report.scanned, 'pod')} in {where}: {report.sick:,} sick, "
        f"{report.healthy:,} healthy."
    )
    if report.lacking:
        words += f" {lacking} pods or runs."
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
            f"{row.missing} missing" if row.missing else str(row.pods),
            ago(row.since, now),
            str(row.restarts),
            _why(row, wide=wide),
            *(_more(row) if wide else ()),
        ]
        for row in report.rows
    ]
    limit = 400 if wide else _LONGEST_WHY
    return columns(
        head,
        table,
        color=terminal.color,
        limit=limit,
        width=terminal.width,
        headed=terminal.headers,
    )


def _first(report: TriageReport) -> list[tuple[str, _Value]]:
    """The columns that say what a row stands for."""
    if report.by == "cause":
        return [("CAUSE", lambda row: row.cause), ("OWNERS", _owners)]
    if report.by == "node":
        return [("NODE", lambda row: (row.nodes or [NONE])[0]), ("OWNERS", _owners)]
    owner: tuple[str, _Value] = ("OWNER", owner_of)
    return [owner] if report.namespace else [("NAMESPACE", lambda r: r.namespace or NONE), owner]


def owner_of(row: TriageRow) -> str:
    """`deployment/web`; how many there are, where the row stands for several."""
    return f"{row.kind.lower()}/{row.name}" if row.name else str(row.owners)


def _owners(row: TriageRow) -> str:
    where = f"{row.namespace}/" if row.namespace else ""
    return f"{where}{owner_of(row)}" if row.name else str(row.owners)


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
    return columns(head, table, color=terminal.color, width=terminal.width)


_INDEX = "$(JOB_COMPLETION_INDEX)"

_JOB_HEAD = """\
# kubectl podx {command} as a Job: each completion looks at its share of the namespaces (by a hash of
# their names) and prints JSON lines. It reads no Secret, runs nothing in a container, and writes
# nothing.{more} When it has completed:
#
#   kubectl logs -n {name} -l app={name} --tail=-1 --max-log-requests={shards} \\
#     | kubectl podx {command} --from -
#   kubectl delete namespace {name} && kubectl delete clusterrole,clusterrolebinding {name}
"""
_LESS = {
    "drift": " Add `list` of secrets to the ClusterRole for rows about Secrets: podx\n# reads their "
    "metadata alone, but the right covers what they hold.",
    "rehearse": " Add `create` of pods and `get` of secrets to the ClusterRole for\n# admission by "
    "dry run and for Secrets; without them a pod can only be called unknown, or not to start.",
}


def manifest(
    role: Mapping[str, Any],
    *,
    shards: int,
    image: str,
    words: Sequence[str] = (),
    command: str,
) -> str:
    """YAML for `kubectl apply -f -`. `words` are further ones for the command."""
    name = f"podx-{command}"
    labels = {"app": name}
    where = {"name": name, "namespace": name}
    parts: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": where},
        dict(role),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": name,
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
                    "spec": _pod(shards, image, words, command),
                },
            },
        },
    ]
    head = _JOB_HEAD.format(command=command, name=name, shards=shards, more=_LESS.get(command, ""))
    return head + "".join("---\n" + to_yaml(part) for part in parts)


def _pod(shards: int, image: str, words: Sequence[str], command: str) -> dict[str, Any]:
    return {
        "serviceAccountName": f"podx-{command}",
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": command,
                "image": image,
                "args": [command, "--shard", f"{_INDEX}/{shards}", "--deadline", "10m", *words],
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
