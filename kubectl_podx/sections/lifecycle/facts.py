"""Hooks of every container, and the grace period they share with the stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kubectl_podx.model.raw import dig, mapping, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.kills import grace_period
from kubectl_podx.pod.probes import handler
from kubectl_podx.pod.view import PodView, event_count
from kubectl_podx.sections.lifecycle.report import Hook

_HOOKS: tuple[tuple[Literal["postStart", "preStop"], str], ...] = (
    ("postStart", "FailedPostStartHook"),
    ("preStop", "FailedPreStopHook"),
)


def build(view: PodView) -> list[Hook]:
    """One row per declared hook, in start order."""
    return [hook for entry in view.containers for hook in _hooks(view, entry)]


def _hooks(view: PodView, entry: ContainerEntry) -> Iterator[Hook]:
    for kind, failed in _HOOKS:
        if not isinstance(dig(entry.spec, "lifecycle", kind), dict):
            continue
        reason = _failure(view, entry, kind, failed)
        yield Hook(
            container=entry.name,
            type=kind,
            handler=handler(mapping(entry.spec, "lifecycle", kind), entry.spec),
            state="failed" if reason else "declared",
            reason=reason,
            grace_period=float(grace_period(view)) if kind == "preStop" else None,
            stop_signal=text(entry.spec, "lifecycle", "stopSignal")
            or text(entry.status, "stopSignal"),
        )


def _failure(view: PodView, entry: ContainerEntry, kind: str, failed: str) -> str:
    """How the hook failed: the waiting message holds its output, the event never does."""
    if kind == "postStart" and (entry.waiting_reason == "PostStartHookError"):
        return entry.waiting_message or "PostStartHookError"
    events = [event for event in view.events_of(entry) if text(event, "reason") == failed]
    if not events:
        return ""
    count = sum(event_count(event) for event in events)
    return (
        f"{text(events[-1], 'message')} ({count} times)"
        if count > 1
        else text(events[-1], "message")
    )
