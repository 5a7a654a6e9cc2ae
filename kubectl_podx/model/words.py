"""The closed sets of words a report uses. A contract test pins them."""

from __future__ import annotations

from typing import Literal

Severity = Literal["ok", "info", "warning", "critical", "unknown"]
FindingSeverity = Literal["info", "warning", "critical"]
Confidence = Literal["proven", "likely", "possible"]
Basis = Literal["proven", "declared"]
ContainerKind = Literal["init", "sidecar", "app", "ephemeral"]
CaptureSource = Literal["live", "bundle", "manifest"]
ObservationState = Literal["observed", "partial", "unobservable"]
ObservationMethod = Literal["exec", "neighbour", "ephemeral", "none"]
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
    "initStuck",
    "stuckStarting",
    "nodeLost",
    "oomKilled",
    "failed",
    "evicted",
    "notReady",
    "restarting",
    "terminating",
    "unknown",
]
"""What `triage` calls a pod sick of, by its status; the worst first."""
TriageBasis = Literal["status", "api", "inside"]
"""How far a row of `triage` was looked into."""
GroupedBy = Literal["owner", "cause", "node"]
