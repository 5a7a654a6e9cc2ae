"""Rules about StatefulSets, DaemonSets, autoscalers and budgets, and what a revision changed."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.words import BAD
from kubectl_podx.pod.workload import MAKING
from kubectl_podx.rules.remedies import DOCS, checked
from kubectl_podx.rules.rule import Fix, Hit, Rule
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.units import counted
from kubectl_podx.workload.case import WorkloadCase, rule
from kubectl_podx.workload.report import RevisionChange

_MOST = 5
_ACTING = 10
"""Seconds after which the controller would have replaced a pod that it does not wait for."""
_ALL = '{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}'


def _forced_rollback(case: WorkloadCase) -> Iterator[Hit]:
    """An old pod that never becomes ready keeps the repaired template from being rolled out."""
    found, revision = case.workload, case.workload.revision
    if not found.ordered or revision is None or not revision.old_pods:
        return
    held = [report for report in case.pods if _holds_up(case, report)]
    for report in held[:1]:
        delete = case.kubectl("delete", "pod", checked(report.pod.name))
        changes = [_change(one) for one in revision.changes[:_MOST]]
        yield Hit(
            f"pod {report.pod.name} keeps the old template of {case.label}: with "
            "podManagementPolicy OrderedReady the controller waits for it to become ready before "
            f"it rolls out the new one; {delete} ends that",
            (
                f"the pod: {report.verdict.summary}",
                f"revision {revision.name} replaces {revision.previous or 'an older one'}",
                *changes,
            ),
            fix=Fix(delete),
            blocking=True,
        )


def _holds_up(case: WorkloadCase, report: PodReport) -> bool:
    """Of an old revision, due for the new one, broken, and not on its way out."""
    found, revision = case.workload, case.workload.revision
    if revision is None or report.pod.name not in revision.old_pods:
        return False
    if report.pod.deletion_timestamp or report.verdict.severity not in BAD:
        return False
    if not case.settled(_ACTING):
        return False
    ordinal = report.pod.name.rpartition("-")[2]
    return not ordinal.isdecimal() or int(ordinal) >= (found.partition or 0)


def _ordered(case: WorkloadCase) -> Iterator[Hit]:
    """The next pod is not made before this one is ready."""
    found = case.workload
    if not found.ordered or not case.missing or found.refusals:
        return
    waits = [report for report in case.pods if report.verdict.severity in BAD]
    for report in waits[:1]:
        yield Hit(
            f"{case.has}: the next one is not made before {report.pod.name} is ready "
            "(podManagementPolicy OrderedReady)",
            (f"{report.pod.name}: {report.verdict.summary}",),
            next=case.kubectl("describe", "pod", checked(report.pod.name)),
        )


def _partition(case: WorkloadCase) -> Iterator[Hit]:
    found, revision = case.workload, case.workload.revision
    if not found.partition or revision is None or not revision.old_pods:
        return
    yield Hit(
        f"{counted(len(revision.old_pods), 'pod')} of {case.label} keep the old template: the "
        f"partition of its update is {found.partition}",
        (f"pods: {', '.join(revision.old_pods[:_MOST])}",),
        fix=Fix(case.kubectl("patch", case.target, "-p", _ALL)),
    )


def _on_delete(case: WorkloadCase) -> Iterator[Hit]:
    found, revision = case.workload, case.workload.revision
    if found.strategy == "OnDelete" and revision is not None and revision.old_pods:
        first = revision.old_pods[0]
        yield Hit(
            f"{counted(len(revision.old_pods), 'pod')} of {case.label} keep the old template: with "
            "the update strategy OnDelete a pod is replaced when somebody deletes it",
            (f"pods: {', '.join(revision.old_pods[:_MOST])}",),
            fix=Fix(case.kubectl("delete", "pod", checked(first))),
        )


def _nodes_without(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    wanted = [one.node for one in found.nodes_without if one.wanted]
    if found.kind != "DaemonSet" or not wanted or not case.missing or found.refusals:
        return
    if case.settled(MAKING):
        yield Hit(
            f"{case.has}: none on node {', '.join(wanted[:_MOST])}",
            tuple(f"{one.node}: {one.reason or 'wanted'}" for one in found.nodes_without[:_MOST]),
            next=case.kubectl("describe", case.target),
            blocking=True,
        )


def _no_node(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if found.kind != "DaemonSet" or found.wanted != 0 or not case.settled(MAKING):
        return
    out = [one for one in found.nodes_without if one.reason]
    reasons = list(dict.fromkeys(one.reason for one in out))
    why = f": {reasons[0]}" if len(reasons) == 1 else ""
    yield Hit(
        f"{case.label} wants no pods: no node fits its nodeSelector, affinity and tolerations{why}",
        tuple(f"{one.node}: {one.reason}" for one in out[:_MOST]),
        fix=case.edit,
    )


def _autoscaler(case: WorkloadCase) -> Iterator[Hit]:
    for one in case.workload.guards:
        if one.kind == "HorizontalPodAutoscaler" and one.state in ("failing", "limited"):
            failing = one.state == "failing"
            what = "cannot scale" if failing else "is at its maximum for"
            yield Hit(
                f"HorizontalPodAutoscaler {one.name} {what} {case.label} ({one.reason})",
                (one.message, one.detail),
                next=case.kubectl("describe", "hpa", checked(one.name)),
                severity="warning" if failing else "info",
            )


def _vertical(case: WorkloadCase) -> Iterator[Hit]:
    for one in case.workload.guards:
        if one.kind == "VerticalPodAutoscaler" and one.state == "failing":
            yield Hit(
                f"VerticalPodAutoscaler {one.name} has no recommendation for {case.label}"
                + (f" ({one.reason})" if one.reason else ""),
                tuple(filter(None, (one.message, one.detail))),
                next=case.kubectl("describe", "vpa", checked(one.name)),
            )


def _budget(case: WorkloadCase) -> Iterator[Hit]:
    for one in case.workload.guards:
        if one.kind == "PodDisruptionBudget" and one.state == "blocked":
            yield Hit(
                f"PodDisruptionBudget {one.name} allows no eviction of pods of {case.label}: a "
                "node with one of them cannot be drained",
                (one.detail, *([f"{one.reason}: {one.message}"] if one.message else ())),
                next=case.kubectl("describe", "pdb", checked(one.name)),
            )


def _changed(case: WorkloadCase) -> Iterator[Hit]:
    """Beside trouble only: what the current revision has changed."""
    revision = case.workload.revision
    if revision is None or not revision.changes or not case.sick:
        return
    named = [
        f"{c.field} {c.before or 'nothing'} -> {c.after or 'nothing'}" for c in revision.changes
    ]
    more = f" and {len(named) - 2} more fields" if len(named) > 2 else ""
    ago = case.ago(revision.changed_at)
    yield Hit(
        f"revision {revision.name} of {case.label}{f', {ago},' if ago else ''} changed "
        f"{', '.join(named[:2])}{more}",
        tuple(named[2:]),
        next=_diff(case),
    )


def _change(one: RevisionChange) -> str:
    """`containers[app].image web:1 -> web:2`."""
    return f"{one.field} {one.before or 'nothing'} -> {one.after or 'nothing'}"


def _diff(case: WorkloadCase) -> str:
    return case.kubectl("rollout", "history", case.target)


def _no_selection(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if found.kind != "Service" or case.pods:
        return
    if not found.selector:
        yield Hit(
            f"{case.label} has no selector: its endpoints are somebody else's",
            ("spec.selector is empty",),
            next=case.kubectl("get", "endpointslices", "-l", _slices(case)),
            severity="info",
        )
        return
    yield Hit(
        f"{case.label} selects no pods: its selector {found.selector} matches none",
        next=case.kubectl("get", "pods", "--show-labels"),
        blocking=True,
    )


def _slices(case: WorkloadCase) -> str:
    return f"kubernetes.io/service-name={checked(case.workload.name)}"


_STS = f"{DOCS}concepts/workloads/controllers/statefulset/"
_DS = f"{DOCS}concepts/workloads/controllers/daemonset/"

RULES: tuple[Rule, ...] = (
    rule(
        30,
        "A broken pod keeps the repaired template from being rolled out",
        "With OrderedReady a StatefulSet waits until each pod is ready before it replaces one, "
        "also for one of an old template that cannot become ready. Repairing the template is not "
        "enough: the broken pod has to be deleted (kubernetes/kubernetes#67250). One that is ready "
        "for a moment between two crashes may be replaced in that moment.",
        "a pod with the label of an older revision is broken, and the template has a newer one",
        remedy="Delete the broken pod.",
        link=f"{_STS}#forced-rollback",
        check=_forced_rollback,
    ),
    rule(
        31,
        "The next pod of a StatefulSet waits for one that is not ready",
        "With OrderedReady pods are made one after the other.",
        "pods are missing, and one that exists is not well",
        severity="warning",
        remedy="Fix the pod that is not ready, or use podManagementPolicy: Parallel.",
        link=f"{_STS}#orderedready-pod-management",
        check=_ordered,
    ),
    rule(
        32,
        "Pods below the partition keep the old template",
        "spec.updateStrategy.rollingUpdate.partition holds an update back for a part of the pods.",
        "the partition, and pods with the label of an older revision",
        severity="info",
        remedy="Set the partition to 0, if all pods should be updated.",
        link=f"{_STS}#partitions",
        check=_partition,
    ),
    rule(
        33,
        "Pods keep the old template until somebody deletes them",
        "The update strategy is OnDelete.",
        "the strategy, and pods with the label of an older revision",
        severity="info",
        remedy="Delete the pods that should be updated.",
        link=f"{_STS}#on-delete",
        check=_on_delete,
    ),
    rule(
        34,
        "A node that should have a pod of the DaemonSet has none",
        "The DaemonSet fits the node, and no pod of it is there.",
        "the nodes against nodeSelector, affinity and tolerations, and the pods by their node",
        remedy="Look at the DaemonSet's events.",
        link=f"{_DS}#how-daemon-pods-are-scheduled",
        check=_nodes_without,
    ),
    rule(
        35,
        "No node fits the DaemonSet",
        "nodeSelector, affinity or taints leave out every node, so no pod is wanted.",
        "status.desiredNumberScheduled is 0",
        severity="info",
        remedy="Compare nodeSelector and tolerations with the nodes.",
        link=f"{_DS}#taints-and-tolerations",
        check=_no_node,
    ),
    rule(
        36,
        "A HorizontalPodAutoscaler cannot scale, or is at its maximum",
        "Without metrics, or without requests to count in shares of, it does nothing. At its "
        "maximum it would like more pods than it may make.",
        "its conditions AbleToScale, ScalingActive and ScalingLimited",
        severity="warning",
        remedy="Look at the condition's message.",
        link=f"{DOCS}concepts/workloads/autoscaling/horizontal-pod-autoscale/",
        check=_autoscaler,
    ),
    rule(
        40,
        "A VerticalPodAutoscaler has no recommendation",
        "It leaves the requests as they are until it has seen enough of the pods.",
        "its conditions RecommendationProvided and NoPodsMatched",
        severity="info",
        remedy="Look at the condition's message, and at the recommender.",
        link=f"{DOCS}concepts/workloads/autoscaling/vertical-pod-autoscale/",
        check=_vertical,
    ),
    rule(
        37,
        "A PodDisruptionBudget allows no eviction",
        "A drain of a node waits as long as that is so.",
        "status.disruptionsAllowed is 0",
        severity="info",
        remedy="Fix the pods that are not healthy, or change the budget.",
        link=f"{DOCS}tasks/run-application/configure-pdb/",
        check=_budget,
    ),
    rule(
        38,
        "What the current revision changed",
        "The template beside that of the revision before, field by field.",
        "ReplicaSets of a Deployment, ControllerRevisions of a StatefulSet or DaemonSet",
        severity="info",
        remedy="Undo the rollout, if the change is the cause.",
        link=f"{DOCS}concepts/workloads/controllers/deployment/#rolling-back-a-deployment",
        check=_changed,
    ),
    rule(
        39,
        "The Service selects no pods",
        "No pod of the namespace has all labels of its selector: connections are refused.",
        "the selector against the labels of all pods of the namespace",
        severity="warning",
        remedy="Compare the selector with the labels of the pods.",
        link=f"{DOCS}tasks/debug/debug-application/debug-service/",
        check=_no_selection,
    ),
)
