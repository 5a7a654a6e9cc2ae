"""How the pod stands by its status alone: what a verdict falls back on."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.raw import one_line
from kubectl_podx.model.words import Severity
from kubectl_podx.pod.owner import controller
from kubectl_podx.pod.pod import STARTING_SECONDS, conditions
from kubectl_podx.rules.rule import Case
from kubectl_podx.sections.restarts.termination.instance import policy_of
from kubectl_podx.view.units import spell_seconds


def blocker(case: Case) -> Verdict | None:
    """What the status itself says blocks: a waiting reason, no node, a failed pod."""
    pod = case.view.api
    # A deleted pod fails when its program does not end with 0 on TERM: that says nothing.
    if pod.phase == "Failed" and not pod.terminating:
        said = ("the pod failed", pod.reason, pod.message)
        words = ": ".join(one_line(part) for part in said if part)
        return Verdict(severity="critical", summary=words)
    for entry in case.view.containers:
        if entry.held_up and entry.kind != "ephemeral":
            message = one_line(entry.waiting_message)
            words = f"{entry.name} cannot start: {entry.waiting_reason}"
            words += f": {message}" if message else ""
            return Verdict(severity="critical", summary=words)
    scheduled = pod.condition("PodScheduled")
    if scheduled is not None and scheduled.status == "False":
        why = one_line(scheduled.message or scheduled.reason)
        return Verdict(severity="critical", summary=f"not scheduled: {why}")
    return None


def tried_again(case: Case) -> str:
    """`an earlier try of Job backup, which is Complete`, of a failed pod of such a Job."""
    if case.view.api.phase != "Failed":
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
    if owner is not None and owner.kind == "Job":
        for condition in conditions(owner.body or {}):
            if condition.type in types and condition.status == "True":
                return owner.label, condition.reason
    return "", ""


def stopped_by_somebody(case: Case) -> str:
    """A pod that counts as Succeeded although its containers are started again whenever they end:
    only whoever stops the whole pod makes it that, and a kubelet that evicts may lose its reason.
    """
    if case.view.api.phase != "Succeeded" or case.view.api.terminating:
        return ""
    body = case.view.pod
    apps = [entry for entry in case.view.containers if entry.kind == "app"]
    if not any(policy_of(body, entry) == "Always" for entry in apps):
        return ""
    return (
        "every app container ended with 0, and under restartPolicy Always that is no success: the "
        "whole pod was stopped, as by an eviction or a shutdown of its node, and nothing tells why"
    )


def not_ready(case: Case) -> bool:
    """Whether the pod should be ready and is not. A pod that has ended need not be."""
    return not case.view.api.ended and not case.view.api.ready


def unexplained(case: Case) -> Verdict:
    """Not ready, and no finding tells why: young, or something could not be seen."""
    age = _age(case)
    if age is not None and age <= STARTING_SECONDS:
        words = f"starting for {spell_seconds(age)}: not ready yet"
        return Verdict(severity="info", summary=words)
    needs = sorted({row.needs for row in case.report.coverage if row.needs})
    why = f"; unknown without {', '.join(needs)}" if needs else ""
    ready = case.view.api.condition("Ready")
    told = one_line(ready.message or ready.reason) if ready else ""
    said = f" ({told})" if told else ""
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
    disruption = case.view.api.condition("DisruptionTarget")
    true = disruption is not None and disruption.status == "True"
    why = disruption.reason if disruption is not None and true else ""
    words = _GOING.get(why, "being deleted")
    severity: Severity = "warning" if why == "PreemptionByScheduler" else "info"
    end = parse_time(case.view.api.deletion)
    if end is not None and case.view.now is not None:
        left = (end - case.view.now).total_seconds()
        ends = (
            f"ends in {spell_seconds(left)}" if left >= 0 else f"ended {spell_seconds(-left)} ago"
        )
        words += f": its grace period {ends}"
    return Verdict(severity=severity, summary=words)


def _age(case: Case) -> float | None:
    """Seconds since the kubelet took the pod, or since it was created."""
    pod = case.view.api
    began = parse_time(pod.started_at or pod.created_at)
    if began is None or case.view.now is None:
        return None
    return (case.view.now - began).total_seconds()
