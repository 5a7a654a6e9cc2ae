"""Hooks of every container, and the grace period they share with the stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from kubectl_podx.facts.handlers import handler
from kubectl_podx.facts.view import PodView, event_count
from kubectl_podx.model.pod import ContainerEntry, dig, mapping, number, text
from kubectl_podx.model.report.health import Hook

DEFAULT_GRACE = 30
"""`terminationGracePeriodSeconds` where none is written (pkg/apis/core/v1/defaults.go)."""

_HOOKS: tuple[tuple[Literal["postStart", "preStop"], str], ...] = (
    ("postStart", "FailedPostStartHook"),
    ("preStop", "FailedPreStopHook"),
)


def build(view: PodView) -> list[Hook]:
    """One row per declared hook, in start order."""
    return [hook for entry in view.containers for hook in _hooks(view, entry)]


def grace_period(view: PodView) -> int:
    """The seconds that preStop, TERM and the stop of sidecars share."""
    seconds = number(view.pod, "spec", "terminationGracePeriodSeconds")
    return DEFAULT_GRACE if seconds is None else seconds


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
    if kind == "postStart" and (
        text(entry.status, "state", "waiting", "reason") == "PostStartHookError"
    ):
        return text(entry.status, "state", "waiting", "message") or "PostStartHookError"
    events = [event for event in view.events_of(entry) if text(event, "reason") == failed]
    if not events:
        return ""
    count = sum(event_count(event) for event in events)
    return (
        f"{text(events[-1], 'message')} ({count} times)"
        if count > 1
        else text(events[-1], "message")
    )
