"""How the pod stands by its status alone: what a verdict falls back on."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Verdict
from kubectl_podx.model.raw import dig, items, one_line, text
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


def deletion(case: Case) -> str:
    """`being deleted: …`: how long the deletion has been waiting, or what is left of its grace."""
    end = parse_time(text(case.view.pod, "metadata", "deletionTimestamp"))
    if end is None or case.view.now is None:
        return "being deleted"
    left = (end - case.view.now).total_seconds()
    if left >= 0:
        return f"being deleted: its grace period ends in {spell_seconds(left)}"
    return f"being deleted: its grace period ended {spell_seconds(-left)} ago"


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
