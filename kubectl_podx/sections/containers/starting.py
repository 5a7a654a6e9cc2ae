"""The order in which containers start: who waits for whom, and since when."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import dig, items, number, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView


def waits_for(view: PodView, entry: ContainerEntry) -> str:
    """The container that must end or start before this one may; empty where nothing does.

    Regular init containers run one by one and must end with 0; a sidecar must have started
    (KRM computeInitContainerActions). Ephemeral containers wait for nobody.
    """
    if entry.kind == "ephemeral" or not _not_begun(entry):
        return ""
    if entry.kind == "app" and _initialized(view):
        return ""
    blocker = first_blocker(view)
    if blocker is None or blocker.name == entry.name:
        return ""
    names = [each.name for each in view.containers]
    return blocker.name if names.index(blocker.name) < names.index(entry.name) else ""


def first_blocker(view: PodView) -> ContainerEntry | None:
    """The first init container that has not ended with 0, or sidecar that has not started.

    None before the pod has any status: then nothing has begun.
    """
    for entry in view.containers:
        if entry.kind not in ("init", "sidecar") or not entry.status:
            continue
        if not _passed(entry):
            return entry
    return None


def blocked_since(view: PodView, blocker: ContainerEntry) -> str | None:
    """The earliest known moment from which the blocker held the others back, RFC 3339.

    Its own start while it runs; else its last end, or the moment the kubelet took the pod.
    """
    for found in (
        text(blocker.status, "state", "running", "startedAt"),
        text(blocker.status, "state", "terminated", "finishedAt"),
        text(blocker.status, "lastState", "terminated", "finishedAt"),
        text(view.pod, "status", "startTime"),
    ):
        if parse_time(found):
            return found
    return None


def restart_rules(entry: ContainerEntry) -> list[str]:
    """The container's restartPolicyRules in words: `Restart on exit code 42`.

    They count only where the container has a restartPolicy of its own (pkg/api/v1/pod/util.go).
    """
    found: list[str] = []
    for rule in items(entry.spec, "restartPolicyRules"):
        listed = dig(rule, "exitCodes", "values")
        codes = ", ".join(str(code) for code in listed) if isinstance(listed, list) else "?"
        but = (
            "every exit code but" if text(rule, "exitCodes", "operator") == "NotIn" else "exit code"
        )
        found.append(f"{text(rule, 'action') or 'unknown action'} on {but} {codes}")
    return found


def _passed(entry: ContainerEntry) -> bool:
    if entry.kind == "sidecar":
        return dig(entry.status, "started") is True
    return number(entry.status, "state", "terminated", "exitCode") == 0


def _not_begun(entry: ContainerEntry) -> bool:
    if not entry.status:
        return True
    waiting = dig(entry.status, "state", "waiting")
    if waiting is None:
        return dig(entry.status, "state") in (None, {})
    return text(waiting, "reason") in ("", "PodInitializing", "ContainerCreating")


def _initialized(view: PodView) -> bool:
    return any(
        text(c, "type") == "Initialized" and text(c, "status") == "True"
        for c in items(view.pod, "status", "conditions")
    )
