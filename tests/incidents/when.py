"""Conditions on a pod and its events: what the runner waits for, never a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from e2e.support import container_status, is_ready
from incidents.incident import Condition, Look


def every(*conditions: Condition) -> Condition:
    """All of them hold."""
    return lambda look: all(condition(look) for condition in conditions)


def either(*conditions: Condition) -> Condition:
    """One of them holds."""
    return lambda look: any(condition(look) for condition in conditions)


def refused(container: str = "app", times: int = 2) -> Condition:
    """The runtime refused to start it that often: an end that is none (containerd), or nothing
    made at all (CRI-O)."""
    never_made = every(waiting("CreateContainerError", container), event("Failed", times=times))
    return either(ended(container, times), never_made)


def ready(look: Look) -> bool:
    """The pod is Ready."""
    return is_ready(look.pod)


def phase(word: str) -> Condition:
    """The pod's phase, such as Failed."""
    return lambda look: look.pod.get("status", {}).get("phase") == word


def running(container: str = "app") -> Condition:
    """The container runs."""
    return lambda look: "running" in _state(look, container)


def restarted(container: str = "app", times: int = 1) -> Condition:
    """It runs again, after that many restarts or more, and its last end is on record."""

    def holds(look: Look) -> bool:
        status = container_status(look.pod, container)
        again = "running" in status.get("state", {})
        return bool(
            again and status.get("restartCount", 0) >= times and status.get("lastState", {})
        )

    return holds


def started_again(container: str = "app") -> Condition:
    """It runs after a restart, whether or not its last end is still on record."""

    def holds(look: Look) -> bool:
        status = container_status(look.pod, container)
        return bool("running" in status.get("state", {}) and status.get("restartCount", 0))

    return holds


def ended(container: str = "app", times: int = 1) -> Condition:
    """It was ended that often or more, whatever its state now, and that is on record."""

    def holds(look: Look) -> bool:
        status = container_status(look.pod, container)
        ends = status.get("restartCount", 0) + ("terminated" in status.get("state", {}))
        on_record = status.get("lastState") or "terminated" in status.get("state", {})
        return bool(ends >= times and on_record)

    return holds


def exited(code: int, container: str = "app") -> Condition:
    """The last end that is on record has this exit code."""

    def holds(look: Look) -> bool:
        status = container_status(look.pod, container)
        ends = [status.get(state, {}).get("terminated") for state in ("state", "lastState")]
        last: Any = next((end for end in ends if end), {})
        return bool(last.get("exitCode") == code)

    return holds


def stopped(container: str = "app") -> Condition:
    """Its newest instance has ended."""
    return lambda look: "terminated" in _state(look, container)


def waiting(reason: str, container: str = "app", times: int = 0) -> Condition:
    """It waits for that reason, after that many restarts or more."""

    def holds(look: Look) -> bool:
        status = container_status(look.pod, container)
        said = status.get("state", {}).get("waiting", {}).get("reason")
        return bool(said == reason and status.get("restartCount", 0) >= times)

    return holds


def looping(container: str = "app", times: int = 1) -> Condition:
    """CrashLoopBackOff, after that many restarts or more."""
    return waiting("CrashLoopBackOff", container, times)


def last_reason(word: str, container: str = "app") -> Condition:
    """The reason of its last end that is on record, such as StartError."""

    def holds(look: Look) -> bool:
        last: dict[str, Any] = container_status(look.pod, container).get("lastState") or {}
        return bool(last.get("terminated", {}).get("reason") == word)

    return holds


def status_reason(word: str) -> Condition:
    """The reason of the pod as a whole, such as Evicted."""
    return lambda look: look.pod.get("status", {}).get("reason") == word


def condition(type_: str, status: str, reason: str = "") -> Condition:
    """A condition of the pod, such as PodScheduled=False."""

    def holds(look: Look) -> bool:
        return any(
            one["type"] == type_ and one["status"] == status and reason in ("", one.get("reason"))
            for one in look.pod.get("status", {}).get("conditions") or []
        )

    return holds


def event(reason: str, words: str = "", times: int = 1) -> Condition:
    """Events of that reason whose message holds the words, counted together."""

    def holds(look: Look) -> bool:
        count = sum(
            one.get("count") or (one.get("series") or {}).get("count") or 1
            for one in look.events
            if one["reason"] == reason and words in one.get("message", "")
        )
        return count >= times

    return holds


def quiet(reason: str, seconds: float) -> Condition:
    """There are events of that reason, and the newest is at least so old."""

    def holds(look: Look) -> bool:
        moments = [
            datetime.fromisoformat(one["lastTimestamp"])
            for one in look.events
            if one["reason"] == reason and one.get("lastTimestamp")
        ]
        return bool(moments) and (datetime.now(UTC) - max(moments)).total_seconds() >= seconds

    return holds


def deleting(look: Look) -> bool:
    """The pod is being deleted."""
    return "deletionTimestamp" in look.pod["metadata"]


def age(seconds: float) -> Condition:
    """The pod was created at least so long ago: for what shows by nothing happening."""

    def holds(look: Look) -> bool:
        made = datetime.fromisoformat(look.pod["metadata"]["creationTimestamp"])
        return (datetime.now(UTC) - made).total_seconds() >= seconds

    return holds


def running_for(seconds: float, container: str = "app") -> Condition:
    """The newest instance was started at least so long ago."""

    def holds(look: Look) -> bool:
        since = _state(look, container).get("running", {}).get("startedAt")
        if not since:
            return False
        return (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() >= seconds

    return holds


def _state(look: Look, container: str) -> dict[str, Any]:
    state: dict[str, Any] = container_status(look.pod, container).get("state") or {}
    return state


def said(reason: str, times: int = 1) -> Condition:
    """Events of that reason in the namespace of a workload, whatever they are about."""
    return event(reason, times=times)


def of_workload(*path: str) -> Condition:
    """A field of the workload is there and not empty."""

    def holds(look: Look) -> bool:
        found: Any = look.workload
        for step in path:
            found = (found or {}).get(step)
        return bool(found)

    return holds


def created_before(seconds: float) -> Condition:
    """The workload was created at least so long ago."""

    def holds(look: Look) -> bool:
        made = datetime.fromisoformat(look.workload["metadata"]["creationTimestamp"])
        return (datetime.now(UTC) - made).total_seconds() >= seconds

    return holds
