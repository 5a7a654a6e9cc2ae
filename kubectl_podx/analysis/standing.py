"""How the pod stands by its status alone: what a verdict falls back on."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.raw import dig, items, one_line, text
from kubectl_podx.model.words import Severity
from kubectl_podx.pod.owner import controller
from kubectl_podx.rules.rule import Case
from kubectl_podx.view.units import spell_seconds

_STARTING_SECONDS = 60
_NO_REASON = ("", "ContainerCreating", "PodInitializing")


def blocker(case: Case) -> Verdict | None:
    """What the status itself says blocks: a waiting reason, no node, a failed pod."""
    pod = case.view.pod
    # A deleted pod fails when its program does not end with 0 on TERM: that says nothing.
    deleted = bool(text(pod, "metadata", "deletionTimestamp"))
    if text(pod, "status", "phase") == "Failed" and not deleted:
        reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
        words = ": ".join(one_line(part) for part in ("the pod failed", reason, message) if part)
        return Verdict(severity="critical", summary=words)
    for entry in case.view.containers:
        reason = text(entry.status, "state", "waiting", "reason")
        if reason not in _NO_REASON and entry.kind != "ephemeral":
            message = one_line(text(entry.status, "state", "waiting", "message"))
            words = f"{entry.name} cannot start: {reason}{f': {message}' if message else ''}"
            return Verdict(severity="critical", summary=words)
    for condition in items(pod, "status", "conditions"):
        if text(condition, "type") == "PodScheduled" and text(condition, "status") == "False":
            why = text(condition, "message") or text(condition, "reason")
            return Verdict(severity="critical", summary=f"not scheduled: {one_line(why)}")
    return None


def tried_again(case: Case) -> str:
    """`an earlier try of Job backup, which is Complete`, of a failed pod of such a Job."""
    if text(case.view.pod, "status", "phase") != "Failed":
        return ""
    name, _ = _job(case, "Complete", "SuccessCriteriaMet")
    return f"an earlier try of {name}, which is Complete" if name else ""


def given_up(case: Case) -> str:
    """`Job backup has failed (BackoffLimitExceeded)`: it deletes its pods for that."""
    name, reason = _job(case, "Failed", "FailureTarget")
    return f"{name} has failed ({reason})" if name else ""


def _job(case: Case, *types: str) -> tuple[str, str]:
    """The pod's Job, where such a condition of it is True, and the condition's reason."""
    owner = controller(case.view)
    for condition in items(owner.body if owner else None, "status", "conditions"):
        said = text(condition, "type") in types and text(condition, "status") == "True"
        if owner and owner.kind == "Job" and said:
            return owner.label, text(condition, "reason")
    return "", ""


def not_ready(case: Case) -> bool:
    """Whether the pod should be ready and is not. A pod that has ended need not be."""
    pod = case.view.pod
    if text(pod, "status", "phase") in ("Succeeded", "Failed"):
        return False
    return not any(
        text(condition, "type") == "Ready" and text(condition, "status") == "True"
        for condition in items(pod, "status", "conditions")
    )


def unexplained(case: Case) -> Verdict:
    """Not ready, and no finding tells why: young, or something could not be seen."""
    age = _age(case)
    if age is not None and age <= _STARTING_SECONDS:
        words = f"starting for {spell_seconds(age)}: not ready yet"
        return Verdict(severity="info", summary=words)
    needs = sorted({row.needs for row in case.report.coverage if row.needs})
    why = f"; not seen without: {', '.join(needs)}" if needs else ""
    condition = _ready_message(case)
    said = f" ({condition})" if condition else ""
    words = f"not ready{said}, and nothing that could be read tells why{why}"
    return Verdict(severity="unknown", summary=words)


# DisruptionTarget's reasons, which the pod has before its containers end.
_GOING = {
    "PreemptionByScheduler": "being preempted by the scheduler for a pod of higher priority",
    "EvictionByEvictionAPI": "being evicted through the eviction API, as a drain does",
    "DeletionByTaintManager": "being deleted for a NoExecute taint of its node",
    "DeletionByDeviceTaintManager": "being deleted for the taint of a device",
    "DeletionByPodGC": "being deleted by the pod garbage collector",
}


def deletion(case: Case) -> Verdict:
    """`being deleted: …`: who takes the pod away, and what is left of its grace or how long it has
    been over.
    """
    why = next(
        (
            text(condition, "reason")
            for condition in items(case.view.pod, "status", "conditions")
            if text(condition, "type") == "DisruptionTarget" and text(condition, "status") == "True"
        ),
        "",
    )
    words = _GOING.get(why, "being deleted")
    severity: Severity = "warning" if why == "PreemptionByScheduler" else "info"
    end = parse_time(text(case.view.pod, "metadata", "deletionTimestamp"))
    if end is not None and case.view.now is not None:
        left = (end - case.view.now).total_seconds()
        ends = (
            f"ends in {spell_seconds(left)}" if left >= 0 else f"ended {spell_seconds(-left)} ago"
        )
        words += f": its grace period {ends}"
    return Verdict(severity=severity, summary=words)


def _ready_message(case: Case) -> str:
    for condition in items(case.view.pod, "status", "conditions"):
        if text(condition, "type") == "Ready":
            return one_line(text(condition, "message") or text(condition, "reason"))
    return ""


def _age(case: Case) -> float | None:
    """Seconds since the kubelet took the pod, or since it was created."""
    pod = case.view.pod
    began = parse_time(dig(pod, "status", "startTime")) or parse_time(
        dig(pod, "metadata", "creationTimestamp")
    )
    if began is None or case.view.now is None:
        return None
    return (case.view.now - began).total_seconds()
