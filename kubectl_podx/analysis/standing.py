"""How the pod stands by its status alone: what a verdict falls back on."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.raw import one_line
from kubectl_podx.pod.pod import STARTING_SECONDS
from kubectl_podx.rules.rule import Case
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
    why = f"; not seen without: {', '.join(needs)}" if needs else ""
    ready = case.view.api.condition("Ready")
    told = one_line(ready.message or ready.reason) if ready else ""
    said = f" ({told})" if told else ""
    words = f"not ready{said}, and nothing that could be read tells why{why}"
    return Verdict(severity="unknown", summary=words)


def deletion(case: Case) -> str:
    """`being deleted: …`: how long the deletion has been waiting, or what is left of its grace."""
    end = parse_time(case.view.api.deletion)
    if end is None or case.view.now is None:
        return "being deleted"
    left = (end - case.view.now).total_seconds()
    if left >= 0:
        return f"being deleted: its grace period ends in {spell_seconds(left)}"
    return f"being deleted: its grace period ended {spell_seconds(-left)} ago"


def _age(case: Case) -> float | None:
    """Seconds since the kubelet took the pod, or since it was created."""
    pod = case.view.api
    began = parse_time(pod.started_at or pod.created_at)
    if began is None or case.view.now is None:
        return None
    return (case.view.now - began).total_seconds()
