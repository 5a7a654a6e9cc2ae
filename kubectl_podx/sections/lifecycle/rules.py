"""Rules about hooks, the grace budget, and what keeps a pod Terminating."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.patterns import lazy
from kubectl_podx.pod.kills import grace_period, stop_in_progress
from kubectl_podx.pod.view import event_time
from kubectl_podx.rules.fixes import edit_owner, set_pod
from kubectl_podx.rules.remedies import DOCS, about_pod, checked, describe_pod, kubectl, logs
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.view.units import spell_seconds

_TERMINATION = DOCS + "concepts/workloads/pods/pod-lifecycle/#pod-termination"
_HOOKS = DOCS + "concepts/containers/container-lifecycle-hooks/"
_SLEEP = lazy(r"(?:^|[\s;&|])sleep (\d+)\b")
# The kubelet needs some seconds after the last KILL to clean up and to delete the object.
_CLEAN_UP = 30
# Seconds that the program gets after the hook: what a pod has by default.
_TIME_TO_STOP = 30
# Seconds in which a hook may well be on its way.
_SOON = 20


def post_start_failed(case: Case) -> Iterator[Hit]:
    """A postStart hook failed: the kubelet kills the container it belongs to."""
    for hook in case.report.lifecycle or ():
        if hook.type == "postStart" and hook.state == "failed":
            entry = case.view.container(hook.container)
            blocking = entry is not None and entry.waiting_reason == "PostStartHookError"
            yield Hit(
                f"the postStart hook of {hook.container} failed ({hook.handler.text})",
                (hook.reason,),
                container=hook.container,
                fix=edit_owner(case),
                severity="critical" if blocking else "warning",
                blocking=blocking,
            )


def post_start_runs(case: Case) -> Iterator[Hit]:
    """A postStart hook has not come to its end: the kubelet does nothing else for the pod.

    Until then the status still says that the container waits to be created, and containers behind
    it are not started (kuberuntime SyncPod starts one after the other, and waits for the hook).
    """
    for entry in case.view.containers:
        handler = next(
            (
                hook.handler.text
                for hook in case.report.lifecycle or ()
                if hook.container == entry.name and hook.type == "postStart"
            ),
            None,
        )
        if handler is None or not entry.being_created:
            continue
        told = case.view.said_of(entry)
        started = [event for event in told if event.reason == "Started"]
        if not started or any(event.reason == "FailedPostStartHook" for event in told):
            continue
        since = parse_time(event_time(started[-1].body))
        run = (case.view.now - since).total_seconds() if case.view.now and since else None
        if run is not None and run < _SOON:
            continue
        behind = [
            each.name
            for each in case.view.containers[case.view.containers.index(entry) + 1 :]
            if each.kind != "ephemeral" and not each.running
        ]
        span = f" for {spell_seconds(run)}" if run is not None else ""
        waiting = f", and {', '.join(behind)} waits for that" if behind else ""
        yield Hit(
            f"the postStart hook of {entry.name} has been running{span}{waiting}",
            (
                f"hook: {handler}",
                (
                    f"event Started of {entry.name}, while its status still says "
                    f"{entry.waiting_reason}"
                ),
            ),
            container=entry.name,
            next=logs(case, entry.name),
            blocking=True,
        )


_STOPPED_FOR = {
    "livenessProbe": "its liveness probe failed",
    "startupProbe": "its startup probe failed",
    "definitionChanged": "its definition was changed",
    "resize": "a resize needs a restart",
    "postStartHook": "its postStart hook failed",
    "restartAllContainers": "all containers are restarted",
    "stop": "the kubelet was told to",
}


def being_stopped(case: Case) -> Iterator[Hit]:
    """The kubelet has begun to stop a container of a pod that stays, and it still runs."""
    if case.view.api.terminating:
        return
    for entry in case.view.containers:
        stop = stop_in_progress(case.view, entry)
        if stop is None:
            continue
        when = "" if stop.left is None else f": {spell_seconds(max(0, stop.left))} of grace left"
        if stop.left is not None and stop.left < 0:
            when = f": its grace period ended {spell_seconds(-stop.left)} ago"
        began = f" at {format_time(stop.kill.last)}" if stop.kill.last else ""
        yield Hit(
            f"{entry.name} is being stopped because {_STOPPED_FOR[stop.kill.kind]}{when}",
            (
                f"event Killing{began}: {stop.kill.message}",
                f"grace period {spell_seconds(stop.grace)}, preStop hook included",
                "until it has ended the pod's status shows it as running and perhaps as ready",
            ),
            container=entry.name,
            next=logs(case, entry.name),
        )


def pre_stop_failed(case: Case) -> Iterator[Hit]:
    """A preStop hook failed: the stop went on without it."""
    for hook in case.report.lifecycle or ():
        if hook.type == "preStop" and hook.state == "failed":
            yield Hit(
                f"the preStop hook of {hook.container} failed ({hook.handler.text})",
                (hook.reason, "its output is withheld by the kubelet"),
                container=hook.container,
                next=logs(case, hook.container, "--previous"),
            )


def hook_longer_than_grace(case: Case) -> Iterator[Hit]:
    """A preStop hook that sleeps for the whole grace period leaves nothing for the stop."""
    grace = grace_period(case.view)
    for hook in case.report.lifecycle or ():
        if hook.type != "preStop" or hook.handler.kind not in ("sleep", "exec"):
            continue
        slept = sum(int(seconds) for seconds in _SLEEP.findall(hook.handler.text))
        if slept >= grace:
            yield Hit(
                f"the preStop hook of {hook.container} sleeps {slept} s of a grace period of "
                f"{grace} s",
                (hook.handler.text, f"terminationGracePeriodSeconds {grace}"),
                container=hook.container,
                fix=set_pod(case, {"terminationGracePeriodSeconds": slept + _TIME_TO_STOP}),
            )


def held_by_finalizers(case: Case) -> Iterator[Hit]:
    """The pod is deleted and ended, and finalizers keep the object."""
    names = case.view.api.finalizers
    if not case.report.pod.deletion_timestamp:
        return
    running = any(entry.running for entry in case.view.containers)
    if names and not running:
        yield Hit(
            f"deletion is blocked by finalizer{'s' if len(names) > 1 else ''} {', '.join(names)}",
            (f"deletionTimestamp {case.report.pod.deletion_timestamp}", "no container runs"),
            next=about_pod(case, "get", "-o", "yaml", "pod"),
        )


def within_grace(case: Case) -> Iterator[Hit]:
    """The pod is being deleted and its grace period is not over: what is it waiting for?

    The kubelet runs preStop first and sends TERM after it, all within one budget.
    """
    end = parse_time(case.report.pod.deletion_timestamp)
    if end is None or case.view.now is None or case.view.now > end:
        return
    running = [entry.name for entry in case.view.containers if entry.running]
    hooks = [
        hook
        for hook in case.report.lifecycle or ()
        if hook.type == "preStop" and hook.state != "failed" and hook.container in running
    ]
    if not hooks:
        return
    left = spell_seconds((end - case.view.now).total_seconds())
    names = " and ".join(dict.fromkeys(hook.container for hook in hooks))
    yield Hit(
        f"Terminating: the preStop hook of {names} runs first, {left} of the grace period are left",
        (
            *(f"{hook.container}: {hook.handler.text}" for hook in hooks),
            f"terminationGracePeriodSeconds {grace_period(case.view)} for hook and stop together",
        ),
        container=hooks[0].container,
        next=describe_pod(case),
    )


def grace_overrun(case: Case) -> Iterator[Hit]:
    """The grace period is over and containers still run.

    deletionTimestamp is the request's moment and the grace period: the end, not the beginning.
    """
    end = parse_time(case.report.pod.deletion_timestamp)
    if end is None or case.view.now is None:
        return
    late = (case.view.now - end).total_seconds()
    running = [entry.name for entry in case.view.containers if entry.running]
    if late < _CLEAN_UP or not running:
        return
    node = case.report.node
    lost = node is not None and node.state in ("notReady", "missing")
    stuck = [row for row in _processes(case) if row.startswith("D")]
    why = (
        f"node {checked(case.report.pod.node)} is {node.state}: the end cannot be confirmed"
        if node is not None and lost
        else "a process waits for storage and cannot be killed"
        if stuck
        else "the kubelet or the runtime has not ended them"
    )
    yield Hit(
        f"Terminating for {spell_seconds(late)} longer than its grace period: {why}",
        (
            f"deletionTimestamp {case.report.pod.deletion_timestamp}, containers that run: "
            + ", ".join(running),
        ),
        next=kubectl("describe", "node", checked(case.report.pod.node or "NAME")),
        severity="critical" if lost else "warning",
    )


def _processes(case: Case) -> list[str]:
    return [row.state for row in case.report.namespaces.processes] if case.report.namespaces else []


def runtime_did_not_kill(case: Case) -> Iterator[Hit]:
    """The kubelet itself reports that the runtime did not end the pod in time."""
    for event in case.view.said("ExceededGracePeriod")[:1]:
        yield Hit(
            "the container runtime did not end the pod within its grace period",
            (f"event ExceededGracePeriod: {event.message}",),
            next=kubectl("describe", "node", checked(case.report.pod.node or "NAME")),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="LIF001",
        section="lifecycle",
        severity="warning",
        title="A postStart hook failed",
        meaning="The hook runs beside the entrypoint. When it fails the kubelet kills the "
        "container, and until it has ended no later container starts.",
        known_by="Waiting reason PostStartHookError with the hook's output, or event "
        "FailedPostStartHook of the container.",
        remedy="Correct the hook, or do its work in the entrypoint.",
        link=_HOOKS,
        check=post_start_failed,
        gives_way_to=frozenset({"RST011"}),
    ),
    Rule(
        code="LIF002",
        section="lifecycle",
        severity="warning",
        title="A preStop hook failed",
        meaning="The container was stopped without what the hook does, such as draining.",
        known_by="Event FailedPreStopHook of the container.",
        remedy="Run the hook's command by hand in the container.",
        link=_HOOKS,
        check=pre_stop_failed,
    ),
    Rule(
        code="LIF003",
        section="lifecycle",
        severity="warning",
        title="A preStop hook uses up the grace period",
        meaning="preStop, TERM and the stop of sidecars share one budget. The program gets TERM "
        "when the hook ends, and KILL two seconds later at the least.",
        known_by="The hook's sleep against terminationGracePeriodSeconds.",
        remedy="Raise terminationGracePeriodSeconds above the hook's time and the program's.",
        link=_TERMINATION,
        check=hook_longer_than_grace,
    ),
    Rule(
        code="LIF004",
        section="lifecycle",
        severity="warning",
        title="Finalizers block the deletion of a pod",
        meaning="Everything has ended; the controller that set the finalizer has to remove it.",
        known_by="deletionTimestamp and finalizers, with no container running.",
        remedy="Find the controller of the finalizer; remove it by hand only when that is gone.",
        link=DOCS + "concepts/overview/working-with-objects/finalizers/",
        check=held_by_finalizers,
        stuck=True,
    ),
    Rule(
        code="LIF005",
        section="lifecycle",
        severity="warning",
        title="A pod is Terminating for longer than its grace period",
        meaning="By now everything should have been killed. Mostly the node is gone, or a process "
        "waits in the kernel for storage.",
        known_by="deletionTimestamp, which is the end of the grace period, against the time now.",
        remedy="Look at the node; force a deletion only when the node is surely off.",
        link=_TERMINATION,
        check=grace_overrun,
        stuck=True,
    ),
    Rule(
        code="LIF006",
        section="lifecycle",
        severity="warning",
        title="The runtime did not end the pod in time",
        meaning="The kubelet asked for the end and the runtime did not deliver it.",
        known_by="Event ExceededGracePeriod of this pod.",
        remedy="Look at the runtime on the node.",
        link=_TERMINATION,
        check=runtime_did_not_kill,
        stuck=True,
    ),
    Rule(
        code="LIF007",
        section="lifecycle",
        severity="info",
        title="A preStop hook runs before a pod ends",
        meaning="The pod is Terminating and within its grace period. Programs get TERM when their "
        "hook has ended, and KILL at the end of the period.",
        known_by="deletionTimestamp in the future, a preStop hook, and its container running.",
        remedy="Wait; a hook that takes long has to fit into terminationGracePeriodSeconds.",
        link=_TERMINATION,
        check=within_grace,
    ),
    Rule(
        code="LIF008",
        section="lifecycle",
        severity="warning",
        title="A container is being stopped",
        meaning="The kubelet has decided to end a container, most often because its liveness probe "
        "failed. Until the container has ended, its preStop hook and grace period included, its "
        "status still says that it runs.",
        known_by="A Killing event newer than the start of the running instance.",
        remedy="Read its log now; the next instance starts when this one has ended.",
        link=_TERMINATION,
        check=being_stopped,
        went_down=True,
    ),
    Rule(
        code="LIF009",
        section="lifecycle",
        severity="critical",
        title="A postStart hook does not end",
        meaning="The kubelet waits for the hook before it starts the next container, runs a probe "
        "or even writes the pod's status; a deletion waits for it, too.",
        known_by="A Started event of the container while its status says that it is still being "
        "created, and a postStart hook.",
        remedy="Let the hook end: give what it waits for a limit, or move it into the entrypoint.",
        link=_HOOKS,
        check=post_start_runs,
    ),
)
