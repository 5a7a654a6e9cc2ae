"""The closed sets of words a report uses. A contract test pins them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Severity = Literal["ok", "info", "warning", "critical", "unknown"]
FindingSeverity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("critical", "unknown", "warning", "info", "ok")
"""The worst first: what cannot be told may be as bad as anything but what is known to be bad."""
BAD: tuple[Severity, ...] = ("critical", "unknown", "warning")
"""Severities of what somebody should look at."""
Confidence = Literal["proven", "likely", "possible"]
Basis = Literal["proven", "declared"]
ContainerKind = Literal["init", "sidecar", "app", "ephemeral"]
CaptureSource = Literal["live", "bundle", "manifest"]
ObservationState = Literal["observed", "partial", "unobservable"]
CallKind = Literal[
    "get",
    "type",
    "list",
    "names",
    "log",
    "metrics",
    "podMetrics",
    "stats",
    "throttling",
    "version",
    "apis",
    "exec",
    "probe",
    "debug",
    "dryRun",
]
ObservationMethod = Literal["exec", "neighbour", "ephemeral", "none"]
LookWay = Literal["exec", "neighbour", "ephemeral", "outside"]
"""The ways to see a running container, the most telling first."""
WayState = Literal["used", "open", "closed"]
CoverageState = Literal["full", "partial", "denied", "unobservable", "timedOut", "skipped"]

ValueState = Literal[
    "denied",
    "orphaned",
    "unreadable",
    "missing",
    "extra",
    "shadowed",
    "unresolved",
    "current",
    "changedByProgram",
    "frozen",
    "stuck",
    "stale",
    "unknown",
]
"""State of a file, variable or downward value, decided in this order."""

ProbeType = Literal["liveness", "readiness", "startup"]
ProbeState = Literal["passing", "failing", "erroring", "waiting", "unknown"]

LiveResult = Literal["succeeded", "failed", "errored", "timedOut", "notRun"]

RestartCause = Literal[
    "livenessProbe",
    "startupProbe",
    "oomKilled",
    "nodeOOM",
    "exitCode",
    "completed",
    "signal",
    "startError",
    "postStartHook",
    "definitionChanged",
    "resize",
    "sandboxChanged",
    "evicted",
    "preempted",
    "nodeShutdown",
    "deadlineExceeded",
    "rejected",
    "deleted",
    "restartAllContainers",
    "lostByRuntime",
    "unknown",
]

TimelineKind = Literal[
    "pod",
    "condition",
    "started",
    "ended",
    "completed",
    "probe",
    "killing",
    "warning",
    "event",
    "source",
    "volume",
    "token",
    "certificate",
    "node",
    "gap",
]
"""What an entry of the timeline is; `completed` is an end with exit code 0."""

Symptom = Literal[
    "crashLoop",
    "imagePull",
    "cannotStart",
    "unschedulable",
    "podsMissing",
    "initStuck",
    "stuckStarting",
    "nodeLost",
    "oomKilled",
    "jobFailed",
    "failed",
    "evicted",
    "notReady",
    "jobHeld",
    "runsMissed",
    "restarting",
    "terminating",
    "unknown",
]
"""What `triage` calls a pod or workload sick of, by its status; the worst first."""
TriageBasis = Literal["status", "api", "inside"]
"""How far a row of `triage` was looked into."""
GroupedBy = Literal["owner", "cause", "node"]

RefusedBy = Literal[
    "quota",
    "limitRange",
    "podSecurity",
    "webhookUnavailable",
    "webhookDenied",
    "admissionPolicy",
    "serviceAccount",
    "priorityClass",
    "runtimeClass",
    "namespaceTerminating",
    "claim",
    "invalid",
    "other",
]
"""What keeps a pod of a workload from being created."""
JobState = Literal["active", "complete", "failed", "suspended", "waiting"]
"""`waiting`: it should run and has no pod."""
GuardKind = Literal["HorizontalPodAutoscaler", "VerticalPodAutoscaler", "PodDisruptionBudget"]
GuardState = Literal["fine", "limited", "failing", "blocked"]
"""`limited`: at its own bound. `failing`: it cannot work. `blocked`: no pod may be evicted."""

StartState = Literal["wouldStart", "wouldNotStart", "unknown"]
"""Whether a pod would start now, as it is declared."""
StartBasis = Literal["template", "pod", "manifest"]
"""What a pod is declared by: its owner's template, its own spec, or a file."""
AdmissionState = Literal["accepted", "refused", "denied", "unsupported", "failed", "notAsked"]
"""What a server dry run said. `denied`: pods may not be created. `unsupported`: a webhook takes no
dry run."""
StartProblemKind = Literal[
    "configMap",
    "secret",
    "key",
    "serviceAccount",
    "pullSecret",
    "claim",
    "storageClass",
    "priorityClass",
    "runtimeClass",
    "device",
    "node",
    "gate",
    "image",
    "quota",
    "limitRange",
    "podSecurity",
    "webhook",
    "policy",
    "namespace",
    "invalid",
    "refused",
]
"""What keeps a pod from starting. `refused`: by the API server, for a reason that podx has no word
for. `gate`: a scheduling gate."""

DriftKind = Literal[
    "environment",
    "subPath",
    "immutable",
    "files",
    "image",
    "template",
    "token",
    "certificate",
    "pullSecret",
]
"""What of a pod is older than its source. `files`: a volume that the kubelet refreshes."""
DriftState = Literal["old", "gone", "reload", "expires", "current", "unknown"]
"""`gone`: the source is not there any more. `reload`: the files are current, and were written after
the start. `expires`: a certificate that is about to, or has."""

ContainerState = Literal["running", "waiting", "terminated", "unknown"]
PolicyBasis = Literal["matchesDefault", "declared"]
"""`matchesDefault`: an imagePullPolicy that the API server would have set by the tag, too."""
ImageState = Literal["present", "pulling", "failed", "unknown"]
PullSecretState = Literal["ok", "missing", "denied", "wrongType", "unknown"]
"""`wrongType`: its type holds no credentials of a registry."""
ProbeWait = Literal["pod", "container", "stop", "startup", "initialDelay", "result"]
"""What a probe that is `waiting` waits for: `pod` has ended or is being deleted, `startup` is the
startup probe or the start, `result` the time of a first attempt."""
Colors = Literal["auto", "always", "never"]
"""When colour is written: `auto` where the output is a terminal that shows it."""

HandlerKind = Literal["exec", "httpGet", "tcpSocket", "grpc", "sleep", "none"]
HookState = Literal["declared", "failed"]
EvidenceSource = Literal[
    "status", "event", "metrics", "cgroup", "logs", "spec", "node", "process", "observed"
]
ConfigKind = Literal["ConfigMap", "Secret"]
SourceKind = Literal[
    "ConfigMap",
    "Secret",
    "downwardAPI",
    "serviceAccountToken",
    "clusterTrustBundle",
    "podCertificate",
    "literal",
    "field",
    "resource",
    "file",
    "service",
    "image",
    "",
]
"""What gives a file or a variable its value; empty where that is not known."""
TokenState = Literal["valid", "refreshDue", "expired", "mismatch", "unreadable", "unknown"]
Protocol = Literal["TCP", "UDP"]
ConnectionState = Literal["SYN_SENT", "CLOSE_WAIT"]
"""`SYN_SENT`: the peer does not answer. `CLOSE_WAIT`: the peer has closed, the program has not."""
EndpointState = Literal["ready", "notReady", "terminating", "absent", "unknown"]
NodeState = Literal["ready", "notReady", "missing", "denied", "unknown"]
SchedulingState = Literal["scheduled", "pending", "gated", "unknown"]
RequirementKind = Literal[
    "nodeSelector", "nodeAffinity", "toleration", "schedulingGate", "schedulerName", "topology"
]
AliasState = Literal["present", "missing", "undeclared", "unknown"]
InjectionChange = Literal["added", "changed", "removed", "absent"]
"""`absent`: it was to be expected and is not there."""
ChangeKind = Literal["rollout", "image", "template", "config", "resize", "labels", "replaced"]
TimelineSource = Literal[
    "event", "status", "condition", "metadata", "volume", "managedFields", "gap", ""
]
"""`gap`: what is known to be missing."""

SeccompMode = Literal["disabled", "strict", "filter"]
"""Seccomp of /proc/N/status: 0, 1 and 2 (man 5 proc)."""

HowBad = Literal["bad", "doubtful", "fine", "good"]
HOW_BAD: Mapping[str, HowBad] = {
    # severities
    "critical": "bad",
    "warning": "doubtful",
    "info": "fine",
    "ok": "good",
    "unknown": "doubtful",
    # files, variables, downward API values
    "denied": "doubtful",
    "orphaned": "doubtful",
    "unreadable": "doubtful",
    "missing": "bad",
    "extra": "fine",
    "shadowed": "fine",
    "unresolved": "doubtful",
    "current": "fine",
    "changedByProgram": "fine",
    "frozen": "doubtful",
    "stuck": "bad",
    "stale": "doubtful",
    # probes
    "passing": "fine",
    "failing": "bad",
    "erroring": "doubtful",
    "waiting": "fine",
    # tokens
    "valid": "fine",
    "refreshDue": "doubtful",
    "expired": "bad",
    "mismatch": "bad",
    # images, hooks, aliases
    "present": "fine",
    "pulling": "fine",
    "failed": "bad",
    "declared": "fine",
    "undeclared": "doubtful",
    # nodes, endpoints
    "ready": "fine",
    "notReady": "bad",
    "terminating": "doubtful",
    "absent": "doubtful",
    # jobs
    "active": "fine",
    "complete": "good",
    "suspended": "doubtful",
    # starts and admission
    "wouldStart": "fine",
    "wouldNotStart": "bad",
    "accepted": "fine",
    "refused": "bad",
    "unsupported": "doubtful",
    "notAsked": "doubtful",
    # drift
    "old": "doubtful",
    "gone": "bad",
    "reload": "fine",
    "expires": "doubtful",
    # scheduling
    "scheduled": "fine",
    "pending": "doubtful",
    "gated": "doubtful",
}
"""How bad each state is: what colours it, and what makes a row stand out on the page.

`fine` needs no attention, `good` is what everybody hopes for.
"""
