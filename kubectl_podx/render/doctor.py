"""What `doctor` found, for a person; and the Roles that `doctor --rbac` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kubectl_podx.analysis.reports import DoctorReport, RightRow
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.terminal import Terminal
from kubectl_podx.render import coverage
from kubectl_podx.render.document import to_yaml
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import Cell, aligned
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE

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
_COUNTERS = """\
# WARNING: not part of the above. The counters of probes stand in the kubelet's metrics, and
# `get nodes/proxy`, which reads them, amounts to root on every node: it is widely abused to run
# programs in any container there. A report without it says `cannot tell` where the counters alone
# could. Whoever wants it all the same removes the marks:
#
"""


def text(report: DoctorReport, terminal: Terminal, *, everything: bool) -> str:
    """Reachable, complete or not, the rights, and what each pod's report will lack."""
    page = Page(terminal, None, everything=everything)
    lines = [
        f"Server: reachable, {clean(report.metadata.server_version) or 'of unknown version'}",
        f"Namespace: {clean(report.namespace)}",
        "",
        *page.say(_summary(report), indent=0),
        "",
        "Rights:",
        *("  " + line for line in _rights(report.rights, color=terminal.color)),
    ]
    if not report.pods:
        lines += _block("Of any pod", report.coverage, page)
    for pod in report.pods:
        lines += _block(f"Of {clean(pod.namespace)}/{clean(pod.name)}", pod.coverage, page)
    return "\n".join(lines) + "\n"


def _summary(report: DoctorReport) -> str:
    if any(r.state == "missing" and (r.verb, r.resource) == ("get", "pods") for r in report.rights):
        return "No report can be made: get pods is missing."
    missing = [_named(right) for right in report.rights if right.state == "missing"]
    least = [_named(r) for r in report.rights if r.state == "missing" and not r.optional]
    if not missing:
        return "A report is complete as far as rights decide it."
    if not least:
        return (
            f"A report is complete but for the counters of probes ({', '.join(missing)}, which "
            "amounts to root on the node)."
        )
    unique = ", ".join(dict.fromkeys(least))
    return f"A report is partial. Missing: {unique}. 'doctor --rbac' prints what grants it."


def _named(right: RightRow) -> str:
    group = f".{right.group}" if right.group else ""
    return f"{right.verb} {right.resource}{group}"


def _rights(rights: Sequence[RightRow], *, color: bool) -> list[str]:
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
    return aligned(["STATE", "RIGHT", "NAMESPACE", "NAME", "FOR"], rows, color=color)


def _block(head: str, rows: Sequence[Coverage], page: Page) -> list[str]:
    found = coverage.coverage(rows, page)
    return ["", f"{head}: nothing is lacking."] if not found else ["", f"{head}:", *found]


def rbac(roles: Iterable[Mapping[str, Any]], counters: Mapping[str, Any], namespace: str) -> str:
    """Manifests that `kubectl apply -f -` takes; what is dangerous stands in comments only."""
    made = list(roles)
    bindings = "\n".join(f"#   {_binding(role)}" for role in made)
    head = _HEAD.format(namespace=clean(namespace), bindings=bindings)
    apart = "".join(f"# {line}\n" for line in to_yaml(counters).splitlines())
    documents = "---\n".join(to_yaml(role) for role in made)
    return f"{head}---\n{documents}\n{_COUNTERS}# ---\n{apart}"


def _binding(role: Mapping[str, Any]) -> str:
    name, namespace = role["metadata"]["name"], role["metadata"].get("namespace", "")
    if namespace:
        where = f"--namespace={clean(namespace)} --role={name}"
        return f"kubectl create rolebinding {name} {where} --group=GROUP"
    return f"kubectl create clusterrolebinding {name} --clusterrole={name} --group=GROUP"
