"""The last instance of a container that ended, as its status tells it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.pod import OOM_MARK, ContainerEntry, Pod, Termination

# A container event is written within the same second as what it tells; a kill's end may be
# written a little earlier than its event.
_SLACK = timedelta(seconds=5)


class Instance(Struct, frozen=True):
    """One instance that has ended: `state.terminated`, or else `lastState.terminated`."""

    exit_code: int | None
    reason: str
    message: str
    started_at: datetime | None
    """None where it never started: a StartError carries 1970."""
    finished_at: datetime | None
    next_start: datetime | None
    """When the instance after it started; None where there is none."""
    current: bool
    """It is the newest instance: nothing was started after it."""
    first: bool
    """It is the pod's first instance of the container: nothing was stopped before it."""

    @property
    def duration(self) -> float | None:
        """How many seconds it ran, to the whole second."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0.0, (self.finished_at - self.started_at).total_seconds())

    def holds(self, moment: datetime | None) -> bool:
        """Whether a container event of that moment belongs to this very instance."""
        if moment is None or self.finished_at is None:
            return False
        begin = self.started_at or self.finished_at - _SLACK
        end = self.finished_at + _SLACK
        if self.next_start is not None:
            end = max(self.finished_at, min(end, self.next_start))
        return begin <= moment <= end

    def holds_stop(self, moment: datetime | None) -> bool:
        """Whether a stop of that moment, or an attempt of a probe, is of this very instance.

        The kubelet stops one instance and starts the next in one sync, mostly in one second: what
        is dated with the start is of the instance before, where there was one.
        """
        return self.holds(moment) and (self.first or moment != self.started_at)


def last_instance(entry: ContainerEntry) -> Instance | None:
    """The newest instance that has ended; None where none is on record."""
    if entry.terminated is not None:
        return _instance(entry.terminated, None, entry.restart_count, current=True)
    if entry.terminated_before is not None:
        current = not entry.running
        earlier = entry.restart_count - (not current)
        return _instance(entry.terminated_before, entry.started_at, earlier, current=current)
    return None


def _instance(
    end: Termination, next_start: datetime | None, earlier: int, *, current: bool
) -> Instance:
    return Instance(
        end.exit_code,
        end.reason,
        end.message,
        end.started_at,
        end.finished_at,
        next_start=next_start,
        current=current,
        first=earlier <= 0,
    )


def restarts_after(
    pod: Json, entry: ContainerEntry, exit_code: int | None, reason: str = ""
) -> bool:
    """Whether an end with this exit code is followed by a new start.

    The order of pkg/api/v1/pod/util.go: the container's restartPolicyRules (only where it has a
    restartPolicy of its own), its restartPolicy, the pod's. A regular init container that ended
    with 0 is done, but for one with the mark of an OOM kill; ephemeral containers are never
    restarted.
    """
    if entry.kind == "ephemeral" or Pod(pod).terminating or Pod(pod).ended:
        return False
    if entry.kind == "init" and exit_code == 0:
        return reason == OOM_MARK and policy_of(pod, entry) != "Never"
    if matching_rule(entry, exit_code):
        return True
    policy = policy_of(pod, entry)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def policy_of(pod: Json, entry: ContainerEntry) -> str:
    """The restartPolicy that counts for the container: its own, else the pod's."""
    policy = text(entry.spec, "restartPolicy") or text(pod, "spec", "restartPolicy") or "Always"
    # A regular init container is retried under both, and its success is never repeated.
    return "OnFailure" if entry.kind == "init" and policy == "Always" else policy


def matching_rule(entry: ContainerEntry, exit_code: int | None) -> str:
    """The action of the first of the container's restartPolicyRules that matches; else empty."""
    if exit_code is None or not text(entry.spec, "restartPolicy"):
        return ""
    for rule in items(entry.spec, "restartPolicyRules"):
        values = dig(rule, "exitCodes", "values")
        listed = isinstance(values, list) and exit_code in values
        operator = text(rule, "exitCodes", "operator")
        if (operator == "In" and listed) or (operator == "NotIn" and not listed):
            return text(rule, "action")
    return ""
