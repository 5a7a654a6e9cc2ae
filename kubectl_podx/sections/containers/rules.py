"""Rules about containers that cannot start, or that wait for another."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import one_line
from kubectl_podx.pod.devices import sick_devices
from kubectl_podx.pod.kept import kept_alive, patience
from kubectl_podx.pod.owner import controller
from kubectl_podx.pod.pod import BEING_CREATED
from kubectl_podx.pod.start_error import (
    init_died,
    innermost,
    start_failure,
    start_was_refused,
    unwrapped,
    without_names,
)
from kubectl_podx.rules.fixes import edit_owner, restart
from kubectl_podx.rules.remedies import DOCS, describe_pod, logs, what_is_there
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.rules.waiting import before_sandbox, config_reason, missing_source
from kubectl_podx.sections.containers import limits
from kubectl_podx.sections.containers.facts import blocked_since, first_blocker
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.view.units import spell_seconds, times

_DEBUG = DOCS + "tasks/debug/debug-application/debug-pods/"
_LONG_START = 300
_CREATE = ("CreateContainerError", "PreCreateHookError", "PreStartHookError")
_SANDBOX = ("FailedCreatePodSandBox", "NetworkNotReady")


def _waiting(case: Case, *reasons: str) -> Iterator[Container]:
    for container in case.report.containers or ():
        if container.state == "waiting" and container.reason in reasons:
            yield container


def sick_device(case: Case) -> Iterator[Hit]:
    """A device that was given to the container is not healthy."""
    for entry in case.view.containers:
        for one in sick_devices(entry):
            broken = one.health == "Unhealthy"
            yield Hit(
                f"device {one.device} of {entry.name} is "
                + ("unhealthy" if broken else "in an unknown state"),
                (
                    f"allocatedResourcesStatus: {one.resource}, {one.device}: {one.health}",
                    *((one.message,) if one.message else ()),
                ),
                container=entry.name,
                fix=restart(case),
                severity="warning" if broken else "info",
            )


def missing_config(case: Case) -> Iterator[Hit]:
    """A ConfigMap, Secret or key that an environment variable needs is not there."""
    for container in _waiting(case, "CreateContainerConfigError"):
        missing = missing_source(container.message)
        if missing is not None:
            yield Hit(
                f"{container.name} cannot start: {missing} does not exist",
                (f"waiting, CreateContainerConfigError: {container.message}",),
                container=container.name,
                next=what_is_there(case, missing.kind, missing.name, missing.key),
                blocking=True,
            )


def refused_config(case: Case) -> Iterator[Hit]:
    """The kubelet cannot put the container's configuration together for another reason."""
    for container in _waiting(case, "CreateContainerConfigError"):
        if missing_source(container.message) is None:
            yield Hit(
                f"{container.name} cannot start: {config_reason(container.message)}",
                (f"waiting, CreateContainerConfigError: {container.message}",),
                container=container.name,
                fix=edit_owner(case),
                blocking=True,
            )


def not_created(case: Case) -> Iterator[Hit]:
    """The runtime refuses to create the container."""
    for container in _waiting(case, *_CREATE):
        what = "cannot be created by the runtime"
        if start_was_refused(container.message):
            what = "cannot start"
        why = _why(case, container)
        yield Hit(
            f"{container.name} {what}{why}",
            (f"waiting, {container.reason}: {container.message}",),
            container=container.name,
            next=describe_pod(case),
            blocking=True,
        )


def not_run(case: Case) -> Iterator[Hit]:
    """The runtime made the container and cannot start its command."""
    for container in _waiting(case, "RunContainerError"):
        why = _why(case, container)
        yield Hit(
            f"{container.name} was created and cannot be started{why}",
            (f"waiting, RunContainerError: {container.message}",),
            container=container.name,
            fix=edit_owner(case),
            blocking=True,
        )


def no_sandbox(case: Case) -> Iterator[Hit]:
    """The pod's sandbox cannot be made, mostly because of its network. Only events tell."""
    if not before_sandbox(case):
        return
    for reason in _SANDBOX:
        events = case.view.said(reason)
        if events:
            count = sum(event.seen for event in events)
            why = _sandbox_error(events[-1].message)
            yield Hit(
                f"the pod's sandbox cannot be created: {why}"
                if reason == "FailedCreatePodSandBox"
                else "the node's network is not ready",
                (f"event {reason}, {times(count)}: {events[-1].message}",),
                next=describe_pod(case),
                blocking=True,
            )
            return


def _why(case: Case, container: Container) -> str:
    entry = case.view.container(container.name)
    said = container.message
    return f": {start_failure(said, entry.spec if entry else None)}" if said else ""


def _sandbox_error(message: str) -> str:
    """What the runtime says behind its wrappers; the network plugin's own words mostly."""
    if "oom-killed" in without_names(message):
        return "its init was OOM-killed: the pod's memory limit is too low for it, or was used up"
    if "set memory limit" in message or init_died(message):
        return start_failure(message)
    said = innermost(unwrapped(message).removeprefix("Failed to create pod sandbox: "))
    return one_line(said, 160) or "the runtime gave no message"


def start_blocked(case: Case) -> Iterator[Hit]:
    """Containers wait for an init container to end or a sidecar to start."""
    blocked = [c for c in case.report.containers or () if c.waits_for]
    blocker = first_blocker(case.view)
    if not blocked or blocker is None:
        return
    row = next((c for c in case.report.containers or () if c.name == blocker.name), None)
    if row is None:
        return
    since = blocked_since(case.view, blocker)
    moment = parse_time(since)
    age = (case.view.now - moment).total_seconds() if case.view.now and moment else None
    must = "finish" if blocker.kind == "init" else "start"
    waiting = ", ".join(container.name for container in blocked)
    so_far = f" ({spell_seconds(age)} so far)" if age is not None else ""
    state = f"{row.name} is {row.state}" + (f" ({row.reason})" if row.reason else "")
    evidence = [state + (f": {row.message}" if row.message else "")]
    evidence += [f"since {since}"] if since else []
    calm = row.state == "running" and (age is None or age < _LONG_START)
    creating = row.reason in BEING_CREATED
    yield Hit(
        f"{waiting} {'is' if len(blocked) == 1 else 'are'} waiting for {blocker.kind} container "
        f"{row.name} to {must}{so_far}",
        tuple(evidence),
        container=row.name,
        next=logs(case, row.name) if row.state == "running" else describe_pod(case),
        severity="info" if calm or (row.state == "waiting" and creating) else "warning",
        blocking=True,
    )


def ended_and_stays(case: Case) -> Iterator[Hit]:
    """A container has ended well and is not started again, while others run: never ready again."""
    if case.report.pod.phase != "Running" or case.report.pod.deletion_timestamp:
        return
    running = [c.name for c in case.report.containers or () if c.kind == "app" and _runs(c)]
    for container in case.report.containers or ():
        policy = container.restart_policy or case.report.pod.restart_policy
        ended_well = container.state == "terminated" and container.exit_code == 0
        if container.kind == "app" and ended_well and policy in ("Never", "OnFailure") and running:
            yield Hit(
                f"{container.name} has ended with 0 and is not started again: the pod counts as "
                f"not ready while {', '.join(running)} "
                f"{'runs' if len(running) == 1 else 'run'}",
                (f"restartPolicy {policy}", f"{container.name} {container.reason}".strip()),
                container=container.name,
                next=logs(case, container.name),
                blocking=True,
            )


def keeps_job(case: Case) -> Iterator[Hit]:
    """The work of a Job is done, and a container beside it keeps the Job from being complete."""
    direct = controller(case.view)
    if direct is None or direct.kind != "Job" or case.report.pod.deletion_timestamp:
        return
    kept = kept_alive([case.view.pod])
    if not kept.containers:
        return
    names = " and ".join(kept.containers)
    since, now = parse_time(kept.since), case.view.now
    passed = (now - since).total_seconds() if since is not None and now is not None else None
    late = passed is not None and passed > patience(kept.took, serve=kept.serve)
    ago = f" {spell_seconds(passed)} ago" if passed is not None else ""
    yield Hit(
        f"Job {direct.name} cannot complete while {names} "
        f"{'runs' if len(kept.containers) == 1 else 'run'}: the other containers ended with exit "
        f"code 0{ago}",
        (
            "a Job's pod is complete when all of its containers have ended",
            *(("it declares a port or a probe, as a server does",) if kept.serve else ()),
        ),
        next=logs(case, kept.containers[0]),
        severity="warning" if late else "info",
        blocking=True,
    )


def _runs(container: Container) -> bool:
    return container.state == "running"


RULES: tuple[Rule, ...] = (
    Rule(
        code="CON001",
        section="containers",
        severity="critical",
        title="A ConfigMap, Secret or key that a container needs is missing",
        meaning="The kubelet resolves env and envFrom at every container start. What it names is "
        "not there, so the container cannot be made. The kubelet tries again by itself.",
        known_by="Waiting reason CreateContainerConfigError, whose message names the object or "
        "key.",
        remedy="Create the object or the key, or mark the reference optional.",
        link=DOCS + "tasks/configure-pod-container/configure-pod-configmap/",
        check=missing_config,
    ),
    Rule(
        code="CON002",
        section="containers",
        severity="critical",
        title="A container's configuration is refused",
        meaning="runAsNonRoot against the image's user, a subPath that leads out of its volume, an "
        "environment file that cannot be parsed: the kubelet refuses before it asks the runtime.",
        known_by="Waiting reason CreateContainerConfigError with a message that names no object.",
        remedy="Read the message and change the spec or the image.",
        link=DOCS + "tasks/configure-pod-container/security-context/",
        check=refused_config,
    ),
    Rule(
        code="CON003",
        section="containers",
        severity="critical",
        title="The runtime cannot create a container",
        meaning="A mount, a device, a name that is taken, or a hook of the kubelet failed.",
        known_by="Waiting reason CreateContainerError, PreCreateHookError or PreStartHookError.",
        remedy="Read the message; it is the runtime's own.",
        link=_DEBUG,
        check=not_created,
        gives_way_to=frozenset({"RST010"}),
    ),
    Rule(
        code="CON004",
        section="containers",
        severity="critical",
        title="A container's command cannot be started",
        meaning="Mostly the command is not in the image, is no executable, or its working folder "
        "is missing.",
        known_by="Waiting reason RunContainerError with the runtime's message.",
        remedy="Correct command, args or workingDir, or the image.",
        link=DOCS + "tasks/inject-data-application/define-command-argument-container/",
        check=not_run,
        gives_way_to=frozenset({"RST010"}),
        rank=3,
    ),
    Rule(
        code="CON005",
        section="containers",
        severity="critical",
        title="The pod's sandbox cannot be created",
        meaning="Before any container the runtime makes a sandbox with the pod's network. The "
        "network plugin's errors land here. The containers stay at ContainerCreating without a "
        "message.",
        known_by="Events FailedCreatePodSandBox or NetworkNotReady of this pod while containers "
        "wait; a container status never tells it.",
        remedy="Look at the network plugin on the node.",
        link=_DEBUG,
        check=no_sandbox,
    ),
    Rule(
        code="CON006",
        section="containers",
        severity="warning",
        title="A container blocks those that start after it",
        meaning="Init containers run one by one and must end with 0; a sidecar must have started "
        "(its startup probe included) before the next one may.",
        known_by="The order of the spec, and the statuses joined by name.",
        remedy="Find out what the blocking container waits for.",
        link=DOCS + "concepts/workloads/pods/init-containers/",
        check=start_blocked,
        rank=7,
    ),
    Rule(
        code="CON014",
        section="containers",
        severity="info",
        title="A container has ended, so its pod is not ready",
        meaning="With restartPolicy Never or OnFailure a container that ends with 0 stays ended. "
        "The pod is Running with the others and NotReady, so no Service leads to it.",
        known_by="A terminated container with exit code 0 beside a running one, and the policy.",
        remedy="No action needed where that is meant; else restartPolicy Always, or an init "
        "container.",
        link=DOCS + "concepts/workloads/pods/pod-lifecycle/#restart-policy",
        check=ended_and_stays,
        gives_way_to=frozenset({"CON040"}),
    ),
    Rule(
        code="CON040",
        section="containers",
        severity="info",
        title="A Job's work is done, and a container beside it still runs",
        meaning="A pod of a Job is complete when all of its plain containers have ended. A proxy "
        "or an agent that was put beside the work never ends, so the Job never completes.",
        known_by="Some app containers have ended with exit code 0 and the others run; a warning "
        "after ten minutes, sooner where the work was short or they declare a port or a probe.",
        remedy="Make the container a sidecar: move it to initContainers with restartPolicy Always "
        "(1.29 and newer), or let it end with the work.",
        link=DOCS + "concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers",
        check=keeps_job,
    ),
    Rule(
        code="CON016",
        section="containers",
        severity="warning",
        title="A device of a container is not healthy",
        meaning="The driver or the device plugin says so (allocatedResourcesStatus, since 1.36). "
        "The container keeps the device and is not restarted for it.",
        known_by="The container's status.",
        remedy="Delete the pod, so that it gets another device, and look at the device's driver on "
        "the node.",
        link=DOCS + "concepts/extend-kubernetes/compute-storage-net/device-plugins/",
        check=sick_device,
    ),
    *limits.RULES,
)
