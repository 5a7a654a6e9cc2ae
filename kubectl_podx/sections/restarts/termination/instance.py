"""The last instance of a container that ended, as its status tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from kubectl_podx.pod.containers import ContainerEntry, Termination

# A container event is written within the same second as what it tells; a kill's end may be
# written a little earlier than its event.
_SLACK = timedelta(seconds=5)


class Instance(NamedTuple):
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
    return Instance(*end, next_start, current, earlier <= 0)
