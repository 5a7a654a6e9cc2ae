"""Small pods for the rules about probes and restarts, and for the verdict."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import kit
from kit import Json, condition, container, observation, owned_by, stored, workload
from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.model.capture import Call, Headroom
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.model.parts import Finding
from kubectl_podx.sections.report import PodReport

UID = "1c9a2f52-7d0c-4f4e-9a0a-2a9f6e0f7a11"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def ago(seconds: float) -> str:
    """The moment so many seconds before the capture."""
    return format_time(NOW - timedelta(seconds=seconds))


READY = {
    "name": "app",
    "ready": True,
    "started": True,
    "restartCount": 0,
    "containerID": "containerd://" + "a" * 64,
    "state": {"running": {"startedAt": ago(10_800)}},
}


def healthy_pod(
    spec: Json | None = None,
    status: Json | None = None,
    *,
    ready: bool = True,
    pod_status: Json | None = None,
    metadata: Json | None = None,
) -> Json:
    """A pod of a Deployment's ReplicaSet with one container, healthy unless told otherwise."""
    app = {"image": "shop/app:1", **(spec or {})}
    return kit.pod(
        container("app", status={**copy.deepcopy(READY), **(status or {})}, **app),
        uid=UID,
        metadata={
            "creationTimestamp": ago(10_900),
            "ownerReferences": owned_by("ReplicaSet", "web"),
            **(metadata or {}),
        },
        status={
            "startTime": ago(10_890),
            "conditions": [
                condition("PodScheduled", since=ago(10_890)),
                condition("Ready", "True" if ready else "False", since=ago(10_800)),
            ],
            **(pod_status or {}),
        },
        restartPolicy="Always",
    )


def event(reason: str, message: str, seconds_ago: float, count: int = 1) -> Json:
    return kit.event(reason, message, first=ago(seconds_ago), count=count, container="app", uid=UID)


def ended(code: int, seconds_ago: float, ran: float = 60, reason: str = "") -> Json:
    return {
        "exitCode": code,
        "reason": reason or ("Completed" if code == 0 else "Error"),
        "startedAt": ago(seconds_ago + ran),
        "finishedAt": ago(seconds_ago),
    }


def looping(code: int, reason: str = "", **more: Any) -> Json:
    """The status of a container that ended 10 s ago and waits for its next start."""
    message = "back-off 40s restarting failed container=app pod=web-0_shop(u)"
    return {
        "ready": False,
        "started": False,
        "restartCount": 4,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
        "lastState": {"terminated": ended(code, 10, reason=reason)},
        **more,
    }


def restarted(code: int, seconds_ago: float, reason: str = "", count: int = 1) -> Json:
    """The status of a container that has been running again since then."""
    return {
        "restartCount": count,
        "state": {"running": {"startedAt": ago(seconds_ago)}},
        "lastState": {"terminated": ended(code, seconds_ago, 2000, reason)},
    }


def report(
    body: Json,
    events: list[Json] | None = None,
    *,
    counters: list[ProbeCounter] | None = None,
    headroom: Headroom | None = None,
    sections: frozenset[str] = frozenset(),
    source: Any = "live",
    disturbed: str = "",
    calls: list[Call] | None = None,
) -> PodReport:
    """The whole report of a capture of that pod."""
    looks = [observation(container_id="a" * 64, headroom=headroom)] if headroom else []
    seen = kit.view(
        body,
        stored(workload("ReplicaSet", "web", ownerReferences=owned_by("Deployment", "web"))),
        stored(workload("Deployment", "web")),
        events=events or [],
        captured_at=format_time(NOW),
        source=source,
        probe_counters=counters,
        observations=looks,
        disturbed=disturbed,
        calls=calls or [],
    )
    return pod_report(seen.capture, seen.captured, sections)


def found(made: PodReport, code: str) -> Finding | None:
    """The first finding of that code."""
    return next((each for each in made.findings or [] if each.code == code), None)


def codes(made: PodReport, letters: str) -> list[str]:
    """The codes of a section, in their order."""
    return [each.code for each in made.findings or [] if each.code.startswith(letters)]
