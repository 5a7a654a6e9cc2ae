"""Autoscalers and disruption budgets of a workload, and the nodes that a DaemonSet leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.reference import selects
from kubectl_podx.model.words import GuardKind, GuardState
from kubectl_podx.pod.nodes import repels, taint_text, term_matches, tolerated
from kubectl_podx.pod.workload import condition
from kubectl_podx.workload.report import Guard, NodeWithout
from kubectl_podx.workload.view import WorkloadView

_MOST_NODES = 20


def guards(view: WorkloadView) -> list[Guard]:
    """Those that name this workload, or that select its pods."""
    return [*_autoscalers(view), *_vertical(view), *_budgets(view)]


def _autoscalers(view: WorkloadView) -> Iterator[Guard]:
    for body in view.all_of("HorizontalPodAutoscaler"):
        target = mapping(body, "spec", "scaleTargetRef")
        if (target.get("kind"), target.get("name")) == (view.reference.kind, view.reference.name):
            yield _autoscaler(body)


def _autoscaler(body: Json) -> Guard:
    """`ScalingActive` False: no metrics, or no requests to count in shares of; `AbleToScale` False:
    the target cannot be scaled; `ScalingLimited` True: it wants more or fewer than its bounds.
    """
    least = number(body, "spec", "minReplicas")
    most, now = number(body, "spec", "maxReplicas"), number(body, "status", "currentReplicas")
    desired = number(body, "status", "desiredReplicas")
    detail = f"{now or 0} pods, wants {desired or 0}, between {least or 1} and {most or '?'}"
    for kind, bad in (("AbleToScale", "False"), ("ScalingActive", "False")):
        told = condition(body, kind)
        # `ScalingDisabled`: the target is scaled to 0, and the autoscaler rests.
        if text(told, "status") == bad and text(told, "reason") != "ScalingDisabled":
            return _guard(body, "failing", detail, told)
    limited = condition(body, "ScalingLimited")
    if text(limited, "status") == "True" and text(limited, "reason") == "TooManyReplicas":
        return _guard(body, "limited", detail, limited)
    return _guard(body, "fine", detail, None)


def _vertical(view: WorkloadView) -> Iterator[Guard]:
    """A VerticalPodAutoscaler changes requests: by new pods, or in place. `RecommendationProvided`
    False and `NoPodsMatched` True: it has nothing to go by.
    """
    for body in view.all_of("VerticalPodAutoscaler"):
        target = mapping(body, "spec", "targetRef")
        if (target.get("kind"), target.get("name")) != (view.reference.kind, view.reference.name):
            continue
        mode = text(body, "spec", "updatePolicy", "updateMode") or "Auto"
        detail = "; ".join((f"mode {mode}", *_recommended(body)))
        found = {
            kind: condition(body, kind) for kind in ("RecommendationProvided", "NoPodsMatched")
        }
        none = found["RecommendationProvided"]
        lost = found["NoPodsMatched"]
        if text(lost, "status") == "True":
            yield _guard(body, "failing", detail, lost, "VerticalPodAutoscaler")
        elif text(none, "status") == "False":
            yield _guard(body, "failing", detail, none, "VerticalPodAutoscaler")
        else:
            yield _guard(body, "fine", detail, None, "VerticalPodAutoscaler")


def _recommended(body: Json) -> Iterator[str]:
    """`app: cpu 25m, memory 262144k`, of each container."""
    for one in items(body, "status", "recommendation", "containerRecommendations"):
        amounts = ", ".join(f"{name} {amount}" for name, amount in mapping(one, "target").items())
        yield f"recommends {text(one, 'containerName')}: {amounts}"


def _guard(
    body: Json,
    state: GuardState,
    detail: str,
    told: Json | None,
    kind: GuardKind = "HorizontalPodAutoscaler",
) -> Guard:
    return Guard(
        kind=kind,
        name=text(body, "metadata", "name"),
        state=state,
        detail=detail,
        reason=text(told, "reason"),
        message=text(told, "message"),
    )


def _budgets(view: WorkloadView) -> Iterator[Guard]:
    labels = _labels(view)
    for body in view.all_of("PodDisruptionBudget"):
        if not labels or not selects(dig(body, "spec", "selector"), labels):
            continue
        allowed, status = number(body, "status", "disruptionsAllowed"), mapping(body, "status")
        healthy, needed = status.get("currentHealthy"), status.get("desiredHealthy")
        detail = (
            f"{allowed if allowed is not None else '?'} disruptions allowed: {healthy} healthy of "
            f"{status.get('expectedPods')}, {needed} needed"
        )
        state: GuardState = "blocked" if allowed == 0 else "fine"
        told = condition(body, "DisruptionAllowed")
        yield _guard(body, state, detail, told, "PodDisruptionBudget")


def _labels(view: WorkloadView) -> Mapping[str, object]:
    return mapping(view.body, "spec", "template", "metadata", "labels")


def nodes_without(view: WorkloadView) -> list[NodeWithout]:
    """Nodes on which a DaemonSet has no pod; those that should have one first."""
    if view.reference.kind != "DaemonSet":
        return []
    on = {text(pod, "spec", "nodeName") or _meant_for(pod) for pod in view.pods}
    spec = mapping(view.body, "spec", "template", "spec")
    found = []
    for node in view.all_of("Node"):
        name = text(node, "metadata", "name")
        if name not in on:
            reason = _left_out(spec, node)
            found.append(NodeWithout(node=name, reason=reason, wanted=not reason))
    return sorted(found, key=lambda one: (not one.wanted, one.node))[:_MOST_NODES]


def _meant_for(pod: Json) -> str:
    """The node of a DaemonSet's pod that waits: its controller names it by an affinity
    (util.ReplaceDaemonSetPodNodeNameNodeAffinity).
    """
    terms = items(
        pod,
        "spec",
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    for term in terms:
        for field in items(term, "matchFields"):
            values = dig(field, "values")
            if text(field, "key") == "metadata.name" and isinstance(values, list) and values:
                return str(values[0])
    return ""


def _left_out(spec: Json, node: Json) -> str:
    """Why the DaemonSet does not want this node; empty where nothing says so."""
    labels = mapping(node, "metadata", "labels")
    for key, value in mapping(spec, "nodeSelector").items():
        if labels.get(key) != value:
            return f"nodeSelector {key}={value}: the node has {_value(labels, key)}"
    name = text(spec, "nodeName")
    if name and name != text(node, "metadata", "name"):
        return f"spec.nodeName is {name}"
    terms = items(
        spec,
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    matches = [term_matches(term, labels, text(node, "metadata", "name")) for term in terms]
    if matches and all(one is False for one in matches):
        return "no term of its node affinity matches"
    for taint in items(node, "spec", "taints"):
        wards_off = repels(taint) and not _added(spec, taint)
        if wards_off and tolerated(items(spec, "tolerations"), taint) is False:
            return f"taint {taint_text(taint)} is not tolerated"
    return ""


def _value(labels: Json, key: str) -> str:
    return f"{key}={labels[key]}" if key in labels else "no such label"


# The DaemonSet controller adds these tolerations (pkg/controller/daemon/util/daemonset_util.go).
_ALWAYS = frozenset(
    {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/disk-pressure",
        "node.kubernetes.io/memory-pressure",
        "node.kubernetes.io/pid-pressure",
        "node.kubernetes.io/unschedulable",
    }
)


def _added(spec: Json, taint: Json) -> bool:
    """Whether every pod of a DaemonSet tolerates this taint."""
    key = text(taint, "key")
    no_network = key == "node.kubernetes.io/network-unavailable"
    return key in _ALWAYS or (no_network and dig(spec, "hostNetwork") is True)
