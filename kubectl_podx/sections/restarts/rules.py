"""Rules about restarts: one for each cause, and what hides behind a cause."""

from __future__ import annotations

import msgspec

from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections.restarts import checks
from kubectl_podx.sections.restarts.checks import by_cause
from kubectl_podx.sections.restarts.rivals import RIVALS

_POD = DOCS + "concepts/workloads/pods/pod-lifecycle/"
_MEMORY = DOCS + "tasks/configure-pod-container/assign-memory-resource/"
_EVICTION = DOCS + "concepts/scheduling-eviction/node-pressure-eviction/"
_PROBES = DOCS + "concepts/configuration/liveness-readiness-startup-probes/"

_RULES: tuple[Rule, ...] = (
    Rule(
        code="RST001",
        section="restarts",
        severity="critical",
        title="A container was killed by its liveness probe",
        meaning="After failureThreshold failures in a row the kubelet stops the container: "
        "SIGTERM, and SIGKILL when the grace period is over. The exit code may be 143, "
        "137, 0 or the program's own.",
        known_by="Proven by a Killing event of this container inside that very instance; likely by "
        "dated failures, or by the kubelet's counters and the length of the run.",
        remedy="Read the previous log for what it did meanwhile; give the probe more time if it "
        "was only slow.",
        link=_PROBES,
        check=by_cause("livenessProbe"),
    ),
    Rule(
        code="RST002",
        section="restarts",
        severity="critical",
        title="A container was killed by its startup probe",
        meaning="It did not start within failureThreshold times periodSeconds, so the kubelet "
        "stopped it.",
        known_by="Proven by a Killing event inside that instance; likely by the kubelet's "
        "counters.",
        remedy="Raise the startup probe's failureThreshold, or find out what the start waits for.",
        link=_PROBES,
        check=by_cause("startupProbe"),
    ),
    Rule(
        code="RST003",
        section="restarts",
        severity="critical",
        title="A container was OOM-killed at its memory limit",
        meaning="The main process was killed because the container reached its memory limit.",
        known_by="Reason OOMKilled with exit code 137 and a limit, and no other witness of a kill; "
        "likely where the pod's or the node's memory may have been full first.",
        remedy="Raise the memory limit or lower what the program uses.",
        link=_MEMORY,
        check=by_cause("oomKilled"),
    ),
    Rule(
        code="RST004",
        section="restarts",
        severity="warning",
        title="A process in a container was OOM-killed",
        meaning="The kernel killed a child of the main process, or an exec. The runtime's "
        "OOMKilled mark stays on the container and shows at its next end, whatever the "
        "exit code.",
        known_by="Reason OOMKilled with an exit code other than 137. Where the pod's limit can be "
        "reached by its other containers, the mark may be of one of them.",
        remedy="Raise the memory limit, or let the main process end when its child does.",
        link=_MEMORY,
        check=checks.child_oom,
    ),
    Rule(
        code="RST005",
        section="restarts",
        severity="critical",
        title="A container was OOM-killed by its node or its pod's limit",
        meaning="It has no memory limit of its own, so a cgroup above it ran out of memory.",
        known_by="Reason OOMKilled with exit code 137 and no limit of the container.",
        remedy="Set requests and limits; look at the node's memory.",
        link=_EVICTION,
        check=by_cause("nodeOOM"),
    ),
    Rule(
        code="RST006",
        section="restarts",
        severity="critical",
        title="A container exited with an error",
        meaning="The program ended by itself with an exit code that is not 0.",
        known_by="The exit code, and nothing that could have stopped it; likely where a probe, a "
        "hook or a signal of somebody else is not excluded.",
        remedy="Read the log of the instance that ended.",
        link=_POD,
        check=by_cause("exitCode"),
    ),
    Rule(
        code="RST007",
        section="restarts",
        severity="critical",
        title="A container that should keep running exits with 0",
        meaning="Under restartPolicy Always every end is followed by a start, with the same back- "
        "off as a crash.",
        known_by="Exit code 0 and a new start.",
        remedy="Give it a command that keeps running, or make it a Job.",
        link=_POD,
        check=by_cause("completed"),
    ),
    Rule(
        code="RST008",
        section="restarts",
        severity="critical",
        title="A container was killed by a signal",
        meaning="128 and the signal's number: SIGSEGV, SIGABRT, SIGBUS and such are the program's "
        "own crash, SIGPIPE and SIGALRM its own doing; SIGKILL or SIGTERM came from somebody else. "
        "A program may end with such a code by itself, as a shell does that hands on the status of "
        "its child, and abort() ends PID 1 by SIGSEGV.",
        known_by="The exit code, so never proven; the kubelet never fills the signal field.",
        remedy="Read the log of the instance that ended; for SIGKILL look for an OOM on the node.",
        link=_POD,
        check=by_cause("signal"),
    ),
    Rule(
        code="RST010",
        section="restarts",
        severity="critical",
        title="A container cannot be started",
        meaning="The runtime made the container and could not start its command: a missing or "
        "forbidden program, a bad working directory, or no memory for the start itself.",
        known_by="Reason StartError with exit code 128, or, of CRI-O, which never makes such a "
        "container, waiting reason CreateContainerError; the message is the runtime's.",
        remedy="Correct command, args, workingDir or the image.",
        link=_POD,
        check=by_cause("startError"),
    ),
    Rule(
        code="RST011",
        section="restarts",
        severity="critical",
        title="A container was killed because its postStart hook failed",
        meaning="A failing postStart hook stops the container. Events withhold its output.",
        known_by="A FailedPostStartHook event inside that instance, or waiting reason "
        "PostStartHookError.",
        remedy="Run the hook's command by hand, or catch its failure.",
        link=DOCS + "concepts/containers/container-lifecycle-hooks/",
        check=by_cause("postStartHook"),
    ),
    Rule(
        code="RST012",
        section="restarts",
        severity="warning",
        title="A container was restarted because its definition changed",
        meaning="Somebody set another image in the running pod.",
        known_by="A Killing event that says so.",
        remedy="Look at who changed the pod.",
        link=_POD,
        check=by_cause("definitionChanged"),
    ),
    Rule(
        code="RST013",
        section="restarts",
        severity="warning",
        title="A container was restarted by a resize",
        meaning="Its resizePolicy asks for a restart when that resource changes.",
        known_by="A Killing event that says so.",
        remedy="Set resizePolicy NotRequired where the program can live with it.",
        link=DOCS + "tasks/configure-pod-container/resize-container-resources/",
        check=by_cause("resize"),
    ),
    Rule(
        code="RST014",
        section="restarts",
        severity="warning",
        title="The pod sandbox was recreated",
        meaning="A reboot of the node or the end of the sandbox ends every container of the pod "
        "and runs its init containers again.",
        known_by="A SandboxChanged event at that moment, or init containers that ran again.",
        remedy="Look at the node's events for a reboot or a runtime restart.",
        link=_POD,
        check=by_cause("sandboxChanged"),
    ),
    Rule(
        code="RST015",
        section="restarts",
        severity="critical",
        title="The pod was evicted",
        meaning="The kubelet ended it because the node ran short, or because it passed a storage "
        "limit of its own.",
        known_by="status.reason Evicted and its message.",
        remedy="Set requests that match the use; look at the node.",
        link=_EVICTION,
        check=by_cause("evicted"),
        rank=1,
    ),
    Rule(
        code="RST016",
        section="restarts",
        severity="critical",
        title="The pod was preempted",
        meaning="It had to make room for a pod of higher priority.",
        known_by="status.reason Preempting, or DisruptionTarget PreemptionByScheduler.",
        remedy="Give it a priorityClass, or the cluster more room.",
        link=DOCS + "concepts/scheduling-eviction/pod-priority-preemption/",
        check=by_cause("preempted"),
        rank=1,
    ),
    Rule(
        code="RST017",
        section="restarts",
        severity="critical",
        title="The pod ended because its node shut down",
        meaning="The kubelet ends pods before the node goes down.",
        known_by="status.reason Terminated.",
        remedy="Delete the pod if nothing else does; its controller makes another.",
        link=DOCS + "concepts/cluster-administration/node-shutdown/",
        check=by_cause("nodeShutdown"),
        rank=1,
    ),
    Rule(
        code="RST018",
        section="restarts",
        severity="critical",
        title="The pod passed its active deadline",
        meaning="activeDeadlineSeconds ends the pod, whatever its containers do.",
        known_by="status.reason DeadlineExceeded.",
        remedy="Raise activeDeadlineSeconds or make the work shorter.",
        link=DOCS + "concepts/workloads/controllers/job/",
        check=by_cause("deadlineExceeded"),
        rank=1,
    ),
    Rule(
        code="RST019",
        section="restarts",
        severity="critical",
        title="The kubelet would not admit the pod",
        meaning="It was bound to a node that cannot run it; no container was started.",
        known_by="status.reason and its message.",
        remedy="Correct what the message names; a controller makes a new pod.",
        link=_POD,
        check=by_cause("rejected"),
        rank=1,
    ),
    Rule(
        code="RST020",
        section="restarts",
        severity="info",
        title="A container was stopped because the pod is deleted",
        meaning="A drain, a rollout, a scale-down or somebody deletes the pod.",
        known_by="The deletionTimestamp, DisruptionTarget, and a Killing event.",
        remedy="No action needed if intended.",
        link=DOCS + "concepts/workloads/pods/disruptions/",
        check=by_cause("deleted"),
    ),
    Rule(
        code="RST021",
        section="restarts",
        severity="warning",
        title="All containers were restarted by one container's rule",
        meaning="restartPolicyRules of another container asked for RestartAllContainers.",
        known_by="Reason RestartingAllContainers.",
        remedy="Look at the container whose exit code matched its rule.",
        link=_POD,
        check=by_cause("restartAllContainers"),
        rank=3,
    ),
    Rule(
        code="RST022",
        section="restarts",
        severity="warning",
        title="The runtime lost track of a container",
        meaning="Exit code 255, or ContainerStatusUnknown: how it ended is unknown. The restart "
        "count may include no restart.",
        known_by="Reason Unknown or ContainerStatusUnknown.",
        remedy="Look at the node: a reboot, or a restart of the runtime.",
        link=_POD,
        check=by_cause("lostByRuntime"),
    ),
    Rule(
        code="RST023",
        section="restarts",
        severity="warning",
        title="The reason for a restart is unknown",
        meaning="The instance that ended is not on record any more.",
        known_by="restartCount above 0 with an empty lastState.",
        remedy="Look again after the next restart, or keep the logs outside the node.",
        link=_POD,
        check=by_cause("unknown"),
    ),
    Rule(
        code="RST024",
        section="restarts",
        severity="critical",
        title="A crash-looping container cannot start again for another reason",
        meaning="The last exit is an older story: since then a ConfigMap, Secret, image or volume "
        "is missing.",
        known_by="A Failed event of the container that is newer than its last end.",
        remedy="Bring back what the event names.",
        link=_POD,
        check=checks.next_start_blocked,
        rank=0,
    ),
)
RULES: tuple[Rule, ...] = tuple(
    msgspec.structs.replace(rule, rivals=RIVALS.get(rule.code, ())) for rule in _RULES
)
