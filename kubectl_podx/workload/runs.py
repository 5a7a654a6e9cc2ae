"""Jobs and CronJobs: how far a run is, what keeps it from its end, and when the next one is due."""

from __future__ import annotations

from collections.abc import Mapping

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.raw import Json, items, number, text
from kubectl_podx.model.words import JobState
from kubectl_podx.pod import cron
from kubectl_podx.pod.kept import Kept, kept_alive
from kubectl_podx.pod.owner import owner_uids
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
    kept = kept_alive(pods) if ended is None else Kept()
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


def runs(view: WorkloadView) -> list[JobRun]:
    """The Jobs of a CronJob, the newest first."""
    if view.reference.kind != "CronJob":
        return []
    found = []
    for _, job in view.made[:_MOST]:
        uid = text(job, "metadata", "uid")
        mine = [pod for pod in view.pods if uid in owner_uids(pod)]
        found.append(run(job, mine))
    known = {one.name for one in found}
    # As the CronJob itself tells, where its Jobs were not read.
    named = [text(one, "name") for one in items(view.body, "status", "active")]
    told = [JobRun(name=name, state="active", active=1) for name in named if name not in known]
    return [*found, *told]


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
