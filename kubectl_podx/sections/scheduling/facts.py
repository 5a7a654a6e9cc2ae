"""What the pod asks of a node, what the node has now, and why it is still pending."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.words import SchedulingState
from kubectl_podx.pod.nodes import (
    expression_text,
    repels,
    taint_text,
    term_matches,
    tolerated,
)
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.scheduling.report import Requirement, Scheduling

DEFAULT_SCHEDULER = "default-scheduler"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"

# Added to every pod by the DefaultTolerationSeconds admission plugin, and by the DaemonSet
# controller: saying them explains nothing.
_ORDINARY = ("node.kubernetes.io/",)
_AVAILABLE = lazy(r"^(\d+/\d+ nodes are available): ")
_NEXT_REASON = lazy(r"[,.] (?=\d+ )")

# Since 1.34 dynamic resource allocation speaks first in the last part.
_PREEMPTION = lazy(r"\.? (?:no new claims to deallocate, )?preemption: ")


class Taint(Struct, frozen=True):
    """A taint of the pod's node that the pod does not tolerate."""

    text: str
    """As `taint_text` writes it."""
    evicts: bool


def untolerated(view: PodView) -> list[Taint]:
    """The taints of the pod's own node that it does not tolerate, where the node was read."""
    stored = view.object("Node", view.api.node)
    tolerations = items(view.pod, "spec", "tolerations")
    return [
        Taint(taint_text(taint), text(taint, "effect") == "NoExecute")
        for taint in items(stored.body if stored else None, "spec", "taints")
        # Cordoning adds this one, and says no more than the cordon does.
        if text(taint, "key") != "node.kubernetes.io/unschedulable"
        and repels(taint)
        and tolerated(tolerations, taint) is False
    ]


def build(view: PodView) -> Scheduling:
    """State, requirements and reasons."""
    state = _state(view)
    told = reasons(view) if state in ("pending", "gated") else []
    return Scheduling(
        state=state,
        requirements=list(_requirements(view)),
        reasons=told,
        held=_held(view, told) if told else [],
    )


def _held(view: PodView, told: list[str]) -> list[str]:
    from kubectl_podx.sections.scheduling.offers import held  # noqa: PLC0415 - of a pending pod

    return held(view, told, candidates(view))


def _state(view: PodView) -> SchedulingState:
    if view.api.node:
        return "scheduled"
    if items(view.pod, "spec", "schedulingGates"):
        return "gated"
    return "pending" if text(view.pod, "status", "phase") in ("Pending", "") else "unknown"


def reasons(view: PodView) -> list[str]:
    """Why no node fits: the scheduler's own counts, a line each.

    From the PodScheduled condition, which outlives the FailedScheduling event and says the same.
    """
    message = scheduler_message(view)
    return [message] if message and not _AVAILABLE.match(message) else split_reasons(message)


def scheduler_message(view: PodView) -> str:
    """The scheduler's newest message; empty where it has not spoken."""
    for condition in items(view.pod, "status", "conditions"):
        if text(condition, "type") == "PodScheduled" and text(condition, "status") == "False":
            return text(condition, "message")
    spoken = [e for e in view.events if text(e, "reason") == "FailedScheduling"]
    return text(spoken[-1], "message") if spoken else ""


def split_reasons(message: str) -> list[str]:
    """`0/3 nodes are available: 1 A, 2 B. preemption: …` -> `1 A`, `2 B`.

    pkg/scheduler/framework/types.go FitError: `PreFilter. Filter. PostFilter.`; the last part
    speaks of preemption and is left out.
    """
    match = _AVAILABLE.match(message)
    if match is None:
        return []
    # `persistentvolumeclaim "x" not found. not found` says one thing twice.
    body = _PREEMPTION.split(message[match.end() :])[0].replace("not found. not found", "not found")
    return [
        reason for part in _NEXT_REASON.split(body) if (reason := part.strip().rstrip(".").rstrip())
    ]


def preemption(view: PodView) -> str:
    """What the scheduler says of making room by ending others; empty where it says nothing."""
    parts = _PREEMPTION.split(scheduler_message(view), maxsplit=1)
    said = parts[1].strip() if len(parts) > 1 else ""
    return _AVAILABLE.sub("", said).rstrip(".")


def _requirements(view: PodView) -> Iterator[Requirement]:
    spec = mapping(view.pod, "spec")
    node = _node(view)
    labels = mapping(node, "metadata", "labels") if node is not None else None
    nodes = candidates(view)
    scheduler = text(spec, "schedulerName")
    if scheduler and scheduler != DEFAULT_SCHEDULER:
        yield Requirement(kind="schedulerName", text=scheduler)
    for gate in items(spec, "schedulingGates"):
        yield Requirement(kind="schedulingGate", text=text(gate, "name"), satisfied=False)
    for key, value in sorted(mapping(spec, "nodeSelector").items()):
        yield _selector(key, str(value), labels, nodes)
    yield from _affinity(view, spec, labels, nodes)
    yield from _taints(spec, node)
    for spread in items(spec, "topologySpreadConstraints"):
        if text(spread, "whenUnsatisfiable") != "ScheduleAnyway":
            yield Requirement(
                kind="topology",
                text=f"{text(spread, 'topologyKey')}, skew at most {dig(spread, 'maxSkew')}",
            )


def candidates(view: PodView) -> list[Json] | None:
    """The nodes that a pending pod could go to; None where they were not read."""
    stored = view.capture.lists.get("Node/")
    return list(stored.items) if stored is not None and stored.state == "present" else None


def _count(matching: int, nodes: list[Json]) -> str:
    """How many nodes have what a pending pod asks for."""
    if not nodes:
        return "there is no node"
    return f"{matching} of {len(nodes)} nodes match" if matching else "no node has it"


def _selector(
    key: str, value: str, labels: dict[str, object] | None, nodes: list[Json] | None
) -> Requirement:
    satisfied, detail = None, ""
    if labels is None and nodes is not None:
        matching = sum(mapping(each, "metadata", "labels").get(key) == value for each in nodes)
        satisfied, detail = matching > 0, _count(matching, nodes)
    if labels is not None:
        found = labels.get(key)
        satisfied = found == value
        if not satisfied:
            detail = (
                f"the node has {key}={found}" if key in labels else "the node has no such label"
            )
    return Requirement(
        kind="nodeSelector", text=f"{key}={value}", satisfied=satisfied, detail=detail
    )


def _affinity(
    view: PodView, spec: Json, labels: dict[str, object] | None, nodes: list[Json] | None
) -> Iterator[Requirement]:
    """Required node affinity: one of its terms must match."""
    terms = items(spec, "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    if not terms:
        return
    written = " or ".join(
        " and ".join(
            expression_text(each)
            for each in (*items(term, "matchExpressions"), *items(term, "matchFields"))
        )
        for term in terms
    )
    satisfied, detail = None, ""
    if labels is not None:
        satisfied = _fits(terms, labels, view.api.node)
    elif nodes is not None:
        results = [
            _fits(terms, mapping(each, "metadata", "labels"), text(each, "metadata", "name"))
            for each in nodes
        ]
        satisfied = True if True in results else None if None in results else False
        detail = _count(results.count(True), nodes) if satisfied is not None else ""
    yield Requirement(kind="nodeAffinity", text=written, satisfied=satisfied, detail=detail)


def _fits(terms: list[Json], labels: dict[str, object], name: str) -> bool | None:
    """Whether one of the terms matches; None where an operator is not known."""
    results = [term_matches(term, labels, name) for term in terms]
    return True if True in results else None if None in results else False


def _taints(spec: Json, node: Json | None) -> Iterator[Requirement]:
    """The node's taints against the tolerations, and tolerations beyond the ordinary ones."""
    tolerations = items(spec, "tolerations")
    for taint in items(node, "spec", "taints"):
        if repels(taint):
            covered = tolerated(tolerations, taint)
            yield Requirement(
                kind="toleration",
                text=f"taint {taint_text(taint)}",
                satisfied=covered,
                detail="" if covered else "no toleration covers it" if covered is False else "",
            )
    for toleration in tolerations:
        key = text(toleration, "key")
        if not key.startswith(_ORDINARY):
            yield Requirement(kind="toleration", text=_toleration(toleration))


def _toleration(toleration: Json) -> str:
    key, effect = text(toleration, "key") or "every taint", text(toleration, "effect")
    value = text(toleration, "value")
    return f"tolerates {key}{'=' + value if value else ''}{':' + effect if effect else ''}"


def _node(view: PodView) -> Json | None:
    """The node the pod is bound to, where it could be read."""
    name = view.api.node
    stored = view.object("Node", name) if name else None
    return stored.body if stored is not None and stored.state == "present" else None
