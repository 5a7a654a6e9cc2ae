"""A workload over its raw JSON: how many pods it wants and has, and whether it lacks some."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, items, number, text

REPLICATED = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"})
"""Kinds that keep `spec.replicas` pods, 1 where that is not set."""
WORKLOADS = frozenset({*REPLICATED, "DaemonSet", "Job", "CronJob"})
"""Kinds that own pods."""
TEMPLATES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Every kind that makes pods, and where in it the pod is declared."""
SCANNED = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job")
"""Kinds whose objects a scan reads. CronJobs come before the Jobs that they make."""
MAKING = 30
"""Seconds that a controller may take to create pods, or to say why it cannot."""


class Counts(Struct, frozen=True):
    """Pods of a workload; None for a number that its kind does not have or does not tell."""

    wanted: int | None = None
    """That should exist now."""
    made: int | None = None
    """That exist."""
    ready: int | None = None
    updated: int | None = None
    """Made from the current template."""

    @property
    def missing(self) -> int:
        """That should exist and do not; 0 where that is not known."""
        if self.wanted is None or self.made is None:
            return 0
        return max(0, self.wanted - self.made)


# Of the status: made, ready, updated.
_FIELDS: Mapping[str, tuple[str, str, str]] = {
    "Deployment": ("replicas", "readyReplicas", "updatedReplicas"),
    "StatefulSet": ("replicas", "readyReplicas", "updatedReplicas"),
    "ReplicaSet": ("replicas", "readyReplicas", ""),
    "ReplicationController": ("replicas", "readyReplicas", ""),
    "DaemonSet": ("currentNumberScheduled", "numberReady", "updatedNumberScheduled"),
    "Job": ("active", "ready", ""),
}


def counts(kind: str, body: Json) -> Counts:
    """What the spec asks for and the status tells. A controller leaves out what is 0; before it has
    written a status at all nothing is known.
    """
    if kind not in _FIELDS or not isinstance(dig(body, "status"), dict):
        return Counts(wanted=_wanted(kind, body))
    made, ready, updated = (
        (number(body, "status", field) or 0) if field else None for field in _FIELDS[kind]
    )
    return Counts(_wanted(kind, body), made, ready, updated)


def _wanted(kind: str, body: Json) -> int | None:
    if kind in REPLICATED:
        replicas = number(body, "spec", "replicas")
        return 1 if replicas is None else replicas
    if kind == "DaemonSet":
        return number(body, "status", "desiredNumberScheduled")
    if kind != "Job" or finished(body) or suspended(body):
        return 0 if kind == "Job" else None
    parallelism = number(body, "spec", "parallelism")
    parallel = 1 if parallelism is None else parallelism
    completions = number(body, "spec", "completions")
    succeeded = number(body, "status", "succeeded") or 0
    if completions is None:
        # A work queue: once a pod has succeeded, no new one is made.
        return 0 if succeeded else parallel
    return max(0, min(parallel, completions - succeeded))


class Ended(Struct, frozen=True):
    """The condition that a Job has come to its end with."""

    type: str
    """`Complete`, `Failed`; `SuccessCriteriaMet` and `FailureTarget` while its pods still end."""
    reason: str
    message: str
    since: str


_ENDS = ("Failed", "Complete", "FailureTarget", "SuccessCriteriaMet")


def finished(job: Json) -> Ended | None:
    """How a Job has ended; None while it has not (JobConditionType, pkg/apis/batch/types.go)."""
    found = {
        text(one, "type"): one
        for one in items(job, "status", "conditions")
        if text(one, "status") == "True"
    }
    kind = next((kind for kind in _ENDS if kind in found), "")
    if not kind:
        return None
    one = found[kind]
    since = text(one, "lastTransitionTime")
    return Ended(kind, text(one, "reason"), text(one, "message"), since)


def is_complete(job: Json) -> bool:
    """Whether the Job has done its work, however many tries that took."""
    ended = finished(job)
    return ended is not None and ended.type in ("Complete", "SuccessCriteriaMet")


def suspended(body: Json) -> bool:
    """Whether a Job or CronJob is told to make no pods."""
    return dig(body, "spec", "suspend") is True


def condition(body: Json, kind: str) -> Json | None:
    """The condition of that type."""
    return next(
        (one for one in items(body, "status", "conditions") if text(one, "type") == kind), None
    )


def is_true(body: Json, kind: str) -> bool:
    """Whether the condition of that type is True."""
    return text(condition(body, kind), "status") == "True"


def behind(body: Json) -> bool:
    """Whether the status is about an older spec: its controller has not seen the newest one."""
    seen = number(body, "status", "observedGeneration")
    generation = number(body, "metadata", "generation")
    return seen is not None and generation is not None and seen < generation


def seconds_since(moment: str | None, now: datetime | None) -> float | None:
    """How long ago that was; None where one of the moments is not known."""
    then = parse_time(moment)
    return (now - then).total_seconds() if then is not None and now is not None else None


def changed_at(body: Json) -> str:
    """The newest write that was none of the status alone, as managedFields date it; else when it
    was created.
    """
    times = [
        text(one, "time")
        for one in items(body, "metadata", "managedFields")
        if text(one, "subresource") != "status"
    ]
    return max(times, default="") or text(body, "metadata", "creationTimestamp")
