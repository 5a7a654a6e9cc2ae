"""Jobs and CronJobs: how far a run is, what keeps it from its end, and when the next one is due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.words import JobState
from kubectl_podx.pod import cron
from kubectl_podx.pod.pod import ContainerEntry, containers
from kubectl_podx.pod.workload import finished, suspended
from kubectl_podx.workload.report import JobRun, Schedule
from kubectl_podx.workload.view import WorkloadView

_MOST = 10
_STATES: Mapping[str, JobState] = {
    "Complete": "complete",
    "SuccessCriteriaMet": "complete",
    "Failed": "failed",
    "FailureTarget": "failed",
}


def run(body: Json, pods: list[Json]) -> JobRun:
    """One Job, with the pods of it that are known."""
    ended = finished(body)
    kept = _kept(pods) if ended is None else _Kept()
    active = number(body, "status", "active") or 0
    state = _STATES[ended.type] if ended else "active" if active else "waiting"
    if ended is None and suspended(body):
        state = "suspended"
    seconds = number(body, "spec", "activeDeadlineSeconds")
    return JobRun(
        name=text(body, "metadata", "name"),
        state=state,
        reason=ended.reason if ended else "",
        message=ended.message if ended else "",
        started_at=text(body, "status", "startTime") or None,
        finished_at=(text(body, "status", "completionTime") or (ended.since if ended else ""))
        or None,
        completions=number(body, "spec", "completions"),
        succeeded=number(body, "status", "succeeded") or 0,
        failed=number(body, "status", "failed") or 0,
        active=active,
        backoff_limit=number(body, "spec", "backoffLimit"),
        deadline=None if seconds is None else float(seconds),
        failed_indexes=text(body, "status", "failedIndexes"),
        kept_by=list(kept.containers),
        kept_since=kept.since or None,
        work_took=kept.took,
        kept_serve=kept.serve,
    )


class _Kept(NamedTuple):
    containers: tuple[str, ...] = ()
    since: str = ""
    took: float | None = None
    serve: bool = False


def _kept(pods: list[Json]) -> _Kept:
    """A pod of which some containers have ended with 0 and others still run: a Job waits for all
    of its plain containers, also for one that was put beside the work and never ends.
    """
    for pod in pods:
        apps = [entry for entry in containers(pod) if entry.kind == "app"]
        running = [entry for entry in apps if entry.running]
        ended = [entry for entry in apps if entry.terminated is not None]
        well = [entry for entry in ended if entry.terminated and entry.terminated.exit_code == 0]
        if running and well and len(running) + len(ended) == len(apps) and ended == well:
            ends = [text(e.status, "state", "terminated", "finishedAt") for e in well]
            serve = all(_serves(entry) for entry in running)
            names = tuple(entry.name for entry in running)
            return _Kept(names, max(ends), max(map(_took, well), default=None), serve)
    return _Kept()


def _took(entry: ContainerEntry) -> float:
    """For how many seconds it ran; 0 where that is not told."""
    end = entry.terminated
    if end is None or end.started_at is None or end.finished_at is None:
        return 0.0
    return (end.finished_at - end.started_at).total_seconds()


def _serves(entry: ContainerEntry) -> bool:
    fields = ("ports", "readinessProbe", "livenessProbe", "startupProbe")
    return any(dig(entry.spec, field) for field in fields)


def runs(view: WorkloadView) -> list[JobRun]:
    """The Jobs of a CronJob, the newest first."""
    if view.reference.kind != "CronJob":
        return []
    found = []
    for _, job in view.made[:_MOST]:
        uid = text(job, "metadata", "uid")
        mine = [pod for pod in view.pods if uid in _owners(pod)]
        found.append(run(job, mine))
    known = {one.name for one in found}
    # As the CronJob itself tells, where its Jobs were not read.
    named = [text(one, "name") for one in items(view.body, "status", "active")]
    told = [JobRun(name=name, state="active", active=1) for name in named if name not in known]
    return [*found, *told]


def _owners(pod: Json) -> set[str]:
    return {text(one, "uid") for one in dig(pod, "metadata", "ownerReferences") or []}


def schedule(view: WorkloadView) -> Schedule | None:
    """When the CronJob makes Jobs; None for another kind.

    Times are by UTC where it names no time zone, as the controller manager's is hardly another one.
    """
    body = view.body
    if view.reference.kind != "CronJob":
        return None
    words, zone = text(body, "spec", "schedule"), text(body, "spec", "timeZone")
    last = text(body, "status", "lastScheduleTime")
    made = text(body, "metadata", "creationTimestamp")
    read, now = cron.read(words, zone), view.now
    due = read.before(now) if read and now else None
    begin = parse_time(last or made)
    after = read.after(now) if read and now else None
    return Schedule(
        schedule=words,
        time_zone=zone,
        concurrency=text(body, "spec", "concurrencyPolicy") or "Allow",
        valid=_valid(view, read),
        last_scheduled=last or None,
        last_successful=text(body, "status", "lastSuccessfulTime") or None,
        last_due=format_time(due) if due else None,
        next_due=format_time(after) if after else None,
        skipped=read.between(begin, now) if read and begin and now else None,
    )


_UNREADABLE = frozenset({"UnparseableSchedule", "InvalidSchedule", "UnknownTimeZone"})


def _valid(view: WorkloadView, read: cron.Cron | None) -> bool | None:
    """By the controller's own events; a schedule that this does not read may still be one."""
    if any(event.reason in _UNREADABLE for event in view.events):
        return False
    return True if read is not None else None
