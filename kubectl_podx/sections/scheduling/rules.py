"""Rules about pods that no node takes, and nodes that no longer fit."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.devices import device_claims
from kubectl_podx.pod.start_error import without_quotes
from kubectl_podx.pod.victims import victims
from kubectl_podx.rules.fixes import edit_owner
from kubectl_podx.rules.remedies import (
    DOCS,
    about_pod,
    checked,
    describe_pod,
    get,
    kubectl,
    what_is_there,
)
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule
from kubectl_podx.rules.waiting import before_sandbox
from kubectl_podx.sections.scheduling.facts import DEFAULT_SCHEDULER, preemption, untolerated
from kubectl_podx.view.units import times

_SCHEDULING = DOCS + "concepts/scheduling-eviction/assign-pod-node/"
_DEVICES = DOCS + "concepts/scheduling-eviction/dynamic-resource-allocation/"
_PATIENCE = 30
_FEW = 3

# What the scheduler's plugins say -> what it means (pkg/scheduler/framework/plugins).
_PLAIN: tuple[tuple[str, str], ...] = (
    ("Insufficient ", "no room left on them for what the pod requests"),
    ("had untolerated taint", "their taints are not tolerated by the pod"),
    ("didn't match Pod's node affinity/selector", "their labels are not what the pod asks for"),
    ("were unschedulable", "they are cordoned"),
    ("didn't have free ports", "the host port is taken on them"),
    ("unbound immediate PersistentVolumeClaims", "a claim has no volume yet"),
    ("persistentvolumeclaim", "a claim does not exist or is being deleted"),
    ("had volume node affinity conflict", "the volume is bound to other nodes"),
    ("didn't match PersistentVolume's node affinity", "the volume is bound to other nodes"),
    ("no available volume zone", "the volume is in another zone"),
    ("exceed max volume count", "they have as many volumes attached as they may"),
    ("didn't match pod affinity rules", "the pods it must run beside are not there"),
    ("didn't match pod anti-affinity rules", "pods it must not run beside are there"),
    ("didn't satisfy existing pods anti-affinity rules", "pods there refuse it as a neighbour"),
    ("(missing required label)", "they lack the label of the constraint's topologyKey"),
    ("topology spread constraints", "its replicas would be spread unevenly"),
    ("Too many pods", "they run as many pods as they may"),
    ("cannot allocate all claims", "they have not the devices that its resource claims ask for"),
    ("resourceclaim in use", "its resource claim is another pod's"),
    ("waiting for minCount pods", "its group is not complete: all its pods start together"),
    ("didn't match Pod's required features", "their kubelets lack what the pod needs"),
)


def plain(reason: str) -> str:
    """One of the scheduler's reasons with what it means."""
    said = without_quotes(reason)
    for sign, words in _PLAIN:
        if sign in said:
            return f"{reason}: {words}"
    return reason


def unschedulable(case: Case) -> Iterator[Hit]:
    """The scheduler has looked at every node and taken none."""
    scheduling = case.report.scheduling
    if scheduling is None or scheduling.state != "pending" or not scheduling.reasons:
        return
    # A term that some node has explains nothing.
    wanted = [
        f"{requirement.kind} {requirement.text}"
        + (f": {requirement.detail}" if requirement.detail else "")
        for requirement in scheduling.requirements
        if requirement.kind in ("nodeSelector", "nodeAffinity") and not requirement.satisfied
        # What is held against it has said so already.
        if not any(requirement.text in line for line in scheduling.held)
    ]
    about_labels = any("node affinity/selector" in reason for reason in scheduling.reasons)
    first = f"; {scheduling.held[0]}" if scheduling.held else ""
    room = _room(case)
    yield Hit(
        f"no node fits the pod: {', '.join(scheduling.reasons)}{f'; {room}' if room else first}",
        (
            *scheduling.held,
            *(plain(reason) for reason in scheduling.reasons),
            *(wanted if about_labels else ()),
            *_preemption(case),
        ),
        next=_next_of(case, about_labels=about_labels),
        severity="warning" if room else None,
        blocking=True,
    )


def _next_of(case: Case, *, about_labels: bool) -> str:
    for claim in device_claims(case.view):
        if claim.name and claim.state != "allocated":
            return get(case, "resourceclaim", claim.name)
    return (
        kubectl("get", "nodes", "--show-labels") if about_labels else kubectl("describe", "nodes")
    )


def _room(case: Case) -> str:
    """Who has to end first, where the scheduler is making room."""
    names = [one.name for one in victims(case.view) or ()]
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"{', '.join(names[:_FEW])}{more} must end first" if names else ""


def _preemption(case: Case) -> Iterator[str]:
    """Why ending pods of lower priority would not help either, or that it is under way."""
    said = preemption(case.view)
    if "No preemption victims found" in said:
        yield "preemption would not help: no pods of lower priority make enough room by ending"
    elif "Preemption is not helpful" in said:
        yield "preemption would not help: ending pods does not change why the nodes are refused"
    elif said:
        yield f"preemption: {said}"


def gated(case: Case) -> Iterator[Hit]:
    """Scheduling gates are still there: the scheduler does not look at the pod."""
    scheduling = case.report.scheduling
    if scheduling is None or scheduling.state != "gated":
        return
    gates = [r.text for r in scheduling.requirements if r.kind == "schedulingGate"]
    yield Hit(
        f"the scheduler waits for scheduling gates to be removed: {', '.join(gates)}",
        (f"schedulingGates {', '.join(gates)}", "no event tells it"),
        next=about_pod(case, "get", "-o", "yaml", "pod"),
        blocking=True,
    )


def unseen_by_scheduler(case: Case) -> Iterator[Hit]:
    """Pending without any word of a scheduler: it runs under another name, or not at all."""
    scheduling = case.report.scheduling
    spoken = case.view.api.condition("PodScheduled") is not None
    age = case.report.pod.age
    if scheduling is None or scheduling.state != "pending" or spoken:
        return
    if age is None or age < _PATIENCE or case.view.capture.source == "manifest":
        return
    name = case.view.api.scheduler or DEFAULT_SCHEDULER
    other = name != DEFAULT_SCHEDULER
    yield Hit(
        f"no scheduler has handled the pod: schedulerName is {name}"
        if other
        else "no scheduler has handled the pod",
        ("no PodScheduled condition", f"pending for {int(age)} s", f"schedulerName {name}"),
        next="" if other else kubectl("get", "pods", namespace="kube-system"),
        fix=edit_owner(case) if other else Fix(),
        blocking=True,
    )


def no_longer_fits(case: Case) -> Iterator[Hit]:
    """The node's labels have changed since: a restart elsewhere would be needed to fit again."""
    scheduling = case.report.scheduling
    if scheduling is None or scheduling.state != "scheduled":
        return
    for requirement in scheduling.requirements:
        if requirement.kind in ("nodeSelector", "nodeAffinity") and requirement.satisfied is False:
            yield Hit(
                f"node {case.report.pod.node} no longer matches {requirement.kind} "
                f"{requirement.text}",
                (requirement.detail or "none of the terms matches the node's labels now",),
                next=kubectl("get", "node", checked(case.report.pod.node), "--show-labels"),
            )


def untolerated_taint(case: Case) -> Iterator[Hit]:
    """The pod's node has a taint that it does not tolerate: NoExecute will evict it."""
    name = case.report.pod.node
    for taint in untolerated(case.view) if name else ():
        yield Hit(
            f"node {name} has taint {taint.text}, which the pod does not tolerate"
            + (": it will be evicted" if taint.evicts else ""),
            (f"taint {taint.text}",),
            next=kubectl("describe", "node", checked(name)),
            severity="warning" if taint.evicts else "info",
        )


def nominated(case: Case) -> Iterator[Hit]:
    """The scheduler is making room on a node by preempting others."""
    node = case.view.api.nominated_node
    # From 1.35 on it is also set for a pod that simply is about to be bound; one for which room is
    # made was found unschedulable before.
    refused = any(
        c.type == "PodScheduled" and c.status == "False" and c.reason == "Unschedulable"
        for c in case.report.pod.conditions
    )
    if node and refused and not case.report.pod.node:
        leaving = victims(case.view)
        room = _room(case)
        gone = leaving is not None and not leaving
        yield Hit(
            f"room is being made for the pod on node {node}{f': {room}' if room else ''}",
            (
                f"nominatedNodeName {node}",
                "PodScheduled=False, Unschedulable",
                *(f"{one.name} has until {one.since}" for one in leaving or () if one.since),
                *(("no pod there is being preempted any more",) if gone else ()),
            ),
            next=describe_pod(case),
        )


def not_prepared(case: Case) -> Iterator[Hit]:
    """The pod has a node, and its devices are not made ready there."""
    if not case.report.pod.node or not before_sandbox(case):
        return
    for event in case.view.said("FailedPrepareDynamicResources")[-1:]:
        names = ", ".join(one.label for one in device_claims(case.view)) or "its resource claims"
        devices = [one for claim in device_claims(case.view) for one in claim.devices]
        yield Hit(
            f"the containers wait for their devices: node {case.report.pod.node} cannot prepare "
            f"{names}",
            (
                f"event {event.reason}, {times(event.seen)}: {event.message}",
                *((f"allocated: {', '.join(devices[:_FEW])}",) if devices else ()),
            ),
            next=kubectl("get", "resourceslices"),
            blocking=True,
        )


def claim_not_made(case: Case) -> Iterator[Hit]:
    """No claim could be made from the template that the pod names."""
    for event in case.view.said("FailedResourceClaimCreation")[-1:]:
        waiting = [one for one in device_claims(case.view) if one.state == "notMade"]
        for claim in waiting[:1]:
            yield Hit(
                f"the pod waits for {claim.label}, which cannot be made",
                (f"event {event.reason}, {times(event.seen)}: {event.message}",),
                next=what_is_there(case, "ResourceClaimTemplate", claim.template),
                blocking=True,
            )


RULES: tuple[Rule, ...] = (
    Rule(
        code="SCH001",
        section="scheduling",
        severity="critical",
        title="No node fits the pod",
        meaning="Each node is refused for one reason; the scheduler counts them.",
        known_by="The message of the PodScheduled condition, or of the FailedScheduling event.",
        remedy="Ask for less, tolerate the taint, correct the selector, or add a node.",
        link=_SCHEDULING,
        check=unschedulable,
        gives_way_to=frozenset({"VOL007"}),
    ),
    Rule(
        code="SCH002",
        section="scheduling",
        severity="critical",
        title="Scheduling gates hold the pod",
        meaning="The scheduler ignores the pod until the controller that set the gates removes "
        "them.",
        known_by="schedulingGates of the spec.",
        remedy="Look at the controller that the gate names.",
        link=DOCS + "concepts/scheduling-eviction/pod-scheduling-readiness/",
        check=gated,
    ),
    Rule(
        code="SCH003",
        section="scheduling",
        severity="critical",
        title="No scheduler has handled the pod",
        meaning="Nothing sets PodScheduled: no scheduler serves the pod's schedulerName, or the "
        "scheduler is down. There is no event for it.",
        known_by="A pending pod without a PodScheduled condition, half a minute after creation.",
        remedy="Correct schedulerName, or look at the scheduler.",
        link=DOCS + "tasks/extend-kubernetes/configure-multiple-schedulers/",
        check=unseen_by_scheduler,
    ),
    Rule(
        code="SCH004",
        section="scheduling",
        severity="info",
        title="The node no longer matches what the pod asked for",
        meaning="Selectors and affinity count at scheduling only. The pod stays, but its "
        "replacement will not come back here.",
        known_by="nodeSelector and required node affinity against the node's labels now.",
        remedy="Restore the label, or change the selector.",
        link=_SCHEDULING,
        check=no_longer_fits,
    ),
    Rule(
        code="SCH005",
        section="scheduling",
        severity="warning",
        title="The node has a taint that the pod does not tolerate",
        meaning="NoExecute evicts the pod; NoSchedule came after it and keeps its successors away.",
        known_by="The node's taints against the pod's tolerations.",
        remedy="Tolerate the taint, or let the pod move.",
        link=DOCS + "concepts/scheduling-eviction/taint-and-toleration/",
        check=untolerated_taint,
    ),
    Rule(
        code="SCH006",
        section="scheduling",
        severity="info",
        title="Room is being made for the pod by preemption",
        meaning="Pods of lower priority are being ended on that node.",
        known_by="status.nominatedNodeName of a pod that the scheduler has found unschedulable.",
        remedy="Wait until they have ended.",
        link=DOCS + "concepts/scheduling-eviction/pod-priority-preemption/",
        check=nominated,
    ),
    Rule(
        code="SCH007",
        section="scheduling",
        severity="critical",
        title="The devices of a pod cannot be prepared",
        meaning="The scheduler has chosen devices, and the kubelet asks the driver to make them "
        "ready before any container starts. Without an answer everything stays at "
        "ContainerCreating.",
        known_by="Event FailedPrepareDynamicResources while the containers wait.",
        remedy="Look at the driver's pod on that node.",
        link=_DEVICES,
        check=not_prepared,
    ),
    Rule(
        code="SCH008",
        section="scheduling",
        severity="critical",
        title="A resource claim cannot be made from its template",
        meaning="The pod names a ResourceClaimTemplate. Its claim is made first, then the "
        "scheduler looks for devices.",
        known_by="Event FailedResourceClaimCreation, and no claim in the pod's status.",
        remedy="Create the template, or correct resourceClaimTemplateName.",
        link=_DEVICES,
        check=claim_not_made,
        gives_way_to=frozenset({"SCH001"}),
    ),
)
