"""Small pods for the tests of probes and restarts: status and events as a kubelet writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import kit
from kit import Json, condition, container
from kubectl_podx.model.capture import LogTail
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.pod.view import PodView

UID = "1c9a2f52-7d0c-4f4e-9a0a-2a9f6e0f7a11"
ZERO = datetime(2026, 11, 25, 2, 0, 0, tzinfo=UTC)
NOW = 1000
"""The capture is made 1,000 seconds after the pod began."""

FIRST_SANDBOX = condition("PodReadyToStartContainers", since="2026-11-25T02:00:01Z")
"""The sandbox that the pod began with is still there."""


def at(seconds: float) -> str:
    """The moment so many seconds after the pod began."""
    return format_time(ZERO + timedelta(seconds=seconds))


def ended(code: int, start: float, end: float, reason: str = "", message: str = "") -> Json:
    word = reason or ("Completed" if code == 0 else "Error")
    body: Json = {"exitCode": code, "reason": word, "startedAt": at(start), "finishedAt": at(end)}
    body["containerID"] = "containerd://" + "a" * 64
    return {**body, "message": message} if message else body


def running(since: float) -> Json:
    return kit.running(at(since))


def backing_off(seconds: int = 40) -> Json:
    message = f"back-off {seconds}s restarting failed container=app pod=web-0_shop({UID})"
    return kit.waiting("CrashLoopBackOff", message)


def event(
    reason: str,
    message: str,
    first: float,
    last: float | None = None,
    count: int = 1,
    path: str = "spec.containers{app}",
) -> Json:
    made = kit.event(
        reason,
        message,
        first=at(first),
        last=at(first if last is None else last),
        count=count,
        uid=UID,
    )
    made["involvedObject"]["fieldPath"] = path
    return made


def unhealthy(
    first: float, last: float | None = None, count: int = 1, word: str = "Liveness", **more: Any
) -> Json:
    return event("Unhealthy", f"{word} probe failed: no", first, last, count, **more)


def app_pod(
    spec: Json | None = None,
    status: Json | None = None,
    *,
    kind: str = "app",
    pod_spec: Json | None = None,
    pod_status: Json | None = None,
    metadata: Json | None = None,
) -> Json:
    """A pod of one container, `app`, which is not ready and has not been restarted."""
    told = {"restartCount": 0, "ready": False, "started": False, **(status or {})}
    declared = {"image": "shop/app:1", **(spec or {})}
    if kind == "sidecar":
        declared["restartPolicy"] = "Always"
    one = container("app", status=told, **declared)
    apps, inits = ([one], []) if kind == "app" else ([], [one])
    return kit.pod(
        *apps,
        inits=inits,
        uid=UID,
        metadata={"generation": 1, **(metadata or {})},
        status={"startTime": at(0), "conditions": [FIRST_SANDBOX], **(pod_status or {})},
        **{"restartPolicy": "Always", "nodeName": "n1", **(pod_spec or {})},
    )


def view(
    body: Json,
    events: list[Json] | None = None,
    *,
    counters: list[ProbeCounter] | None = None,
    logs: list[LogTail] | None = None,
    node: Json | None = None,
    now: float = NOW,
    source: Any = "live",
    node_events: list[Json] | None = None,
) -> PodView:
    """The view of a capture of that pod. `events` None: they could not be read."""
    return kit.view(
        body,
        *([] if node is None else [kit.stored(node, "Node//n1")]),
        events="denied" if events is None else events,
        lists={"Event/Node//n1": node_events} if node_events else None,
        captured_at=at(now),
        source=source,
        probe_counters=counters,
        logs=logs or [],
    )


def counter(word: Any, successful: int, failed: int, container: str = "app") -> ProbeCounter:
    return ProbeCounter(container=container, type=word, successful=successful, failed=failed)


LIVENESS: Json = {
    "livenessProbe": {
        "exec": {"command": ["cat", "/tmp/healthy"]},
        "periodSeconds": 3,
        "failureThreshold": 3,
    }
}
STARTUP: Json = {
    "startupProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 2, "failureThreshold": 5}
}
LIMIT: Json = {"resources": {"limits": {"memory": "64Mi"}}}
CALM: Json = {
    "status": {
        "conditions": [{"type": "MemoryPressure", "status": "False", "lastTransitionTime": at(-60)}]
    }
}
"""A node that has had memory to spare all the time."""
