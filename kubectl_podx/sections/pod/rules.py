"""Rules about the pod as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.resize import not_in_force
from kubectl_podx.rules.remedies import DOCS, checked, describe_pod, kubectl, namespace
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.view.units import times

_RESIZE = DOCS + "tasks/configure-pod-container/resize-container-resources/"


def resize_refused(case: Case) -> Iterator[Hit]:
    """PodResizePending with reason Infeasible, or Deferred until the node has room."""
    pending = case.view.api.condition("PodResizePending")
    if pending is None or pending.status != "True":
        return
    infeasible = pending.reason == "Infeasible"
    differs = not_in_force(case.view.pod)
    what = "cannot be done on this node" if infeasible else "waits until the node has room"
    yield Hit(
        f"the in-place resize {what}{_in_force(differs)}",
        (f"condition PodResizePending: {pending.reason}: {pending.message}", *differs),
        next=kubectl("describe", "node", checked(case.report.pod.node or "NAME")),
        severity="warning" if infeasible else "info",
    )


def resize_failing(case: Case) -> Iterator[Hit]:
    """PodResizeInProgress with reason Error: the kubelet tried and was refused."""
    running = case.view.api.condition("PodResizeInProgress")
    if running is not None and running.status == "True" and running.reason == "Error":
        differs = not_in_force(case.view.pod)
        said = case.view.said("ResizeError")
        yield Hit(
            f"the in-place resize fails{_in_force(differs)}",
            (
                f"condition PodResizeInProgress: {running.message}",
                *differs,
                *(f"event ResizeError, {times(event.seen)}" for event in said[-1:]),
            ),
            next=describe_pod(case),
        )


def _in_force(differs: list[str]) -> str:
    """`; app: limits.memory 128Mi in force, 32Mi declared`: limits before requests."""
    limits = [each for each in differs if ": limits." in each] or differs
    return f"; {limits[0]}" if limits else ""


def kubelet_lags(case: Case) -> Iterator[Hit]:
    """The observedGeneration is behind: the status speaks of an older spec."""
    wanted, seen = case.view.api.generations
    if wanted and seen and seen < wanted:
        yield Hit(
            f"the kubelet has acted on generation {seen} of the pod, the newest is {wanted}",
            (f"metadata.generation {wanted}, status.observedGeneration {seen}",),
            next=kubectl(
                "get",
                "events",
                "--field-selector",
                f"involvedObject.uid={checked(case.report.pod.uid or 'UID')}",
                namespace=namespace(case),
            ),
        )


def changed_while_looking(case: Case) -> Iterator[Hit]:
    """The pod was replaced or a container restarted between the first and the last request."""
    if case.view.captured.disturbed:
        yield Hit(
            "the pod changed during inspection",
            (case.view.captured.disturbed,),
            remedy="Look again: what was seen inside is left out of this report.",
        )


def ended_during_exec(case: Case) -> Iterator[Hit]:
    """A container ended while an exec of ours ran in it."""
    for ended in case.view.captured.ended_during_exec:
        code = f", exit code {ended.exit_code}" if ended.exit_code is not None else ""
        yield Hit(
            f"container {ended.container} ended while podx ran an exec in it",
            (
                f"it ran before the exec, not after it: {ended.reason or 'reason unknown'}{code}",
                "an exec takes up to 6 MiB of the container's memory: this one may have ended it",
            ),
            container=ended.container,
            remedy="Use --no-exec for this pod, and grant `get pods.metrics.k8s.io`, by which podx "
            "sees beforehand that memory is short.",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="POD001",
        section="pod",
        severity="warning",
        title="An in-place resize is refused or waits",
        meaning="The spec asks for other CPU or memory than the node can give this pod now. The "
        "containers keep what they had. Infeasible never succeeds on this node; Deferred is tried "
        "again when something frees room.",
        known_by="The condition PodResizePending is True, with its reason and message.",
        remedy="Ask for less, or let the pod be replaced on a node with room.",
        link=_RESIZE,
        check=resize_refused,
    ),
    Rule(
        code="POD002",
        section="pod",
        severity="warning",
        title="An in-place resize fails",
        meaning="The kubelet admitted the resize and could not carry it out, such as a memory "
        "limit below what the container uses.",
        known_by="The condition PodResizeInProgress is True with reason Error.",
        remedy="Read the condition's message; raise the limit above what is in use.",
        link=_RESIZE,
        check=resize_failing,
    ),
    Rule(
        code="POD003",
        section="pod",
        severity="info",
        title="The kubelet has not acted on the newest spec",
        meaning="The pod was changed (a resize, an ephemeral container, an image) and its status "
        "still describes the spec before that.",
        known_by="status.observedGeneration is smaller than metadata.generation.",
        remedy="Wait some seconds; if it stays, look at the node.",
        link=DOCS + "concepts/workloads/pods/#pod-generation",
        check=kubelet_lags,
    ),
    Rule(
        code="POD004",
        section="pod",
        severity="info",
        title="The pod changed during inspection",
        meaning="A container restarted or the pod was replaced during inspection. What was seen "
        "inside could belong to another instance, so it is not compared.",
        known_by="uid, container ids and restart counts are read again once every exec has brought "
        "output, and once more after one that broke off: none outlives its container. That is not "
        "waited for where each main process began when `startedAt` says, 20 s ago or more.",
        remedy="Look again.",
        link=DOCS + "concepts/workloads/pods/pod-lifecycle/",
        check=changed_while_looking,
    ),
    Rule(
        code="POD005",
        section="pod",
        severity="warning",
        title="A container ended while podx ran an exec in it",
        meaning="An exec is charged to the container's memory: up to 6 MiB on cgroup v2, where the "
        "whole container is OOM-killed if that is too much. podx cannot tell whether the container "
        "would have ended anyway, so this end is not counted among the app's own.",
        known_by="The container ran before the exec, and ran no more, or in another instance, when "
        "the pod was read again after it.",
        remedy="Use --no-exec for this pod; grant `get pods.metrics.k8s.io`.",
        link=DOCS + "concepts/workloads/pods/pod-lifecycle/",
        check=ended_during_exec,
    ),
)
