"""The order in which containers start: who waits for whom, and since when."""

from __future__ import annotations

from kubectl_podx.model.clock import format_time
from kubectl_podx.model.raw import dig, items, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView


def waits_for(view: PodView, entry: ContainerEntry) -> str:
    """The container that must end or start before this one may; empty where nothing does.

    Regular init containers run one by one and must end with 0; a sidecar must have started
    (KRM computeInitContainerActions). Ephemeral containers wait for nobody.
    """
    if entry.kind == "ephemeral" or not entry.being_created:
        return ""
    if entry.kind == "app" and view.api.has("Initialized"):
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
    end, before = blocker.terminated, blocker.terminated_before
    for found in (
        blocker.started_at,
        end.finished_at if end else None,
        before.finished_at if before else None,
    ):
        if found is not None:
            return format_time(found)
    return view.api.started_at


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
    return entry.terminated is not None and entry.terminated.exit_code == 0
