"""Rules about Jobs and CronJobs."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.raw import one_line
from kubectl_podx.pod.kept import patience
from kubectl_podx.pod.lacking import MISSED
from kubectl_podx.rules.remedies import DOCS, checked
from kubectl_podx.rules.rule import Fix, Hit, Rule
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.units import counted, spell_seconds
from kubectl_podx.workload.case import WorkloadCase, rule
from kubectl_podx.workload.report import JobRun


def _job_failed(case: WorkloadCase) -> Iterator[Hit]:
    job = case.workload.job
    if job is None or job.state != "failed":
        return
    yield Hit(
        f"{case.label} failed{_why(job)}{_last_end(case)}",
        (
            *([job.message] if job.message else ()),
            f"{counted(job.succeeded, 'pod')} succeeded, {job.failed} failed",
            *_remains(case),
        ),
        next=case.kubectl("describe", case.target),
        blocking=True,
    )


def _why(job: JobRun) -> str:
    """`: it ran longer than activeDeadlineSeconds (8 s)`."""
    reason = f" ({job.reason})" if job.reason else ""
    match job.reason:
        case "DeadlineExceeded":
            limit = f" ({spell_seconds(job.deadline)})" if job.deadline is not None else ""
            return f"{reason}: it ran longer than activeDeadlineSeconds{limit}"
        case "BackoffLimitExceeded":
            limit = "" if job.backoff_limit is None else f", backoffLimit {job.backoff_limit}"
            return f" after {counted(job.failed, 'failed pod')} (BackoffLimitExceeded{limit})"
        case "PodFailurePolicy":
            # "Container app for pod shop/x failed with exit code 3 matching FailJob rule at …"
            return f"{reason}: {one_line(job.message)}"
        case "FailedIndexes" | "MaxFailedIndexesExceeded":
            return f"{reason}: indexes {job.failed_indexes or 'unknown'}"
        case _:
            return f"{reason}: {one_line(job.message)}" if job.message else reason


def _last_end(case: WorkloadCase) -> str:
    """What its newest pod that failed says, where one is left."""
    failed = [report for report in case.pods if report.pod.phase == "Failed"]
    newest = max(failed, key=lambda one: one.pod.created_at or "", default=None)
    if newest is None or (case.workload.job and case.workload.job.reason == "DeadlineExceeded"):
        return ""
    return f"; last: {_told(newest)}"


def _told(report: PodReport) -> str:
    """The end of its container, by the finding if there is one: the verdict may be of the Job."""
    first = next((f for f in report.findings or () if f.severity == "critical"), None)
    return first.title if first else report.verdict.summary


def _remains(case: WorkloadCase) -> Iterator[str]:
    if not case.pods:
        yield "none of its pods is left, and their logs are gone with them"


def _job_suspended(case: WorkloadCase) -> Iterator[Hit]:
    found = case.workload
    if found.kind in ("Job", "CronJob") and found.suspended:
        if found.job is not None and found.job.state in ("failed", "complete"):
            return
        by = found.scaled_by.manager if found.scaled_by else ""
        who = f" by {by}" if by else ""
        what = "no pods are made" if found.kind == "Job" else "no Jobs are made"
        patch = '{"spec":{"suspend":false}}'
        yield Hit(
            f"{case.label} is suspended{who}: {what}",
            ("spec.suspend is true",),
            fix=Fix(case.kubectl("patch", case.target, "--type=merge", "-p", patch)),
        )


def _kept_alive(case: WorkloadCase) -> Iterator[Hit]:
    """The work is done, and a container beside it keeps the Job from being complete."""
    found = case.workload
    jobs = [found.job] if found.job else found.runs[:1]
    for job in jobs:
        passed = case.seconds_since(job.kept_since)
        if not job.kept_by:
            continue
        waits = passed is not None and passed > patience(job.work_took, serve=job.kept_serve)
        names = " and ".join(job.kept_by)
        since = f" {spell_seconds(passed)} ago" if passed is not None else ""
        runs = "run" if len(job.kept_by) > 1 else "runs"
        yield Hit(
            f"Job {job.name} cannot complete while container {names} {runs}: the other containers "
            f"ended with exit code 0{since}",
            (
                "a Job's pod is complete when all of its containers have ended",
                *(["it declares a port or a probe, as a server does"] if job.kept_serve else ()),
            ),
            remedy=f"Make {names} a sidecar: move it to initContainers with restartPolicy: Always "
            "(1.29 and newer), or let it end with the work.",
            severity="warning" if waits else "info",
        )


def _skipped(case: WorkloadCase) -> Iterator[Hit]:
    """Forbid: no new Job while the last one runs."""
    found, plan = case.workload, case.workload.schedule
    active = [run for run in found.runs if run.state in ("active", "waiting")]
    if plan is None or plan.concurrency != "Forbid" or not active:
        return
    said = [event for event in found.events if event.reason == "JobAlreadyActive"]
    missed = plan.skipped or 0
    if not said and missed < MISSED:
        return
    oldest = active[-1]
    since = case.seconds_since(oldest.started_at)
    runs = f" for {spell_seconds(since)}" if since is not None else ""
    count = f"{counted(missed, 'run')} skipped" if missed else "runs are skipped"
    yield Hit(
        f"{case.label}: {count} because Job {oldest.name} still runs{runs} and concurrencyPolicy "
        "is Forbid",
        (
            f"last scheduled {case.ago(plan.last_scheduled) or 'never'}, schedule {plan.schedule}",
            *(f"JobAlreadyActive, {event.count} times: {event.message}" for event in said[:1]),
        ),
        next=case.kubectl("logs", f"job/{checked(oldest.name)}", "--all-containers"),
    )


def _unreadable(case: WorkloadCase) -> Iterator[Hit]:
    plan = case.workload.schedule
    if plan is None or plan.valid is not False:
        return
    reasons = ("UnparseableSchedule", "InvalidSchedule", "UnknownTimeZone")
    said = [event for event in case.workload.events if event.reason in reasons]
    zone = f" in time zone {plan.time_zone}" if plan.time_zone else ""
    yield Hit(
        f"{case.label} never runs: its schedule {plan.schedule}{zone} cannot be read",
        tuple(f"{event.reason}: {event.message}" for event in said[:2]),
        fix=case.edit,
        blocking=True,
    )


_MISSES = ("MissSchedule", "TooManyMissedTimes", "MissingSchedule")


def _missed(case: WorkloadCase) -> Iterator[Hit]:
    """Runs that were due and did not begin, with nothing in their way."""
    found, plan = case.workload, case.workload.schedule
    if plan is None or found.suspended or found.refusals or plan.valid is False:
        return
    active = any(run.state in ("active", "waiting") for run in found.runs)
    said = [event for event in found.events if event.reason in _MISSES]
    if active or (plan.skipped or 0) < MISSED or not case.settled(120):
        return
    yield Hit(
        f"{case.label} has missed {counted(plan.skipped or 0, 'run')} since "
        f"{plan.last_scheduled or 'it was created'}",
        (
            f"schedule {plan.schedule}, last due {plan.last_due}",
            *(f"{event.reason}: {event.message}" for event in said[:2]),
        ),
        next=case.kubectl("describe", case.target),
    )


def _last_run_failed(case: WorkloadCase) -> Iterator[Hit]:
    ended = [run for run in case.workload.runs if run.state in ("complete", "failed")]
    if case.workload.schedule is None or not ended or ended[0].state != "failed":
        return
    run = ended[0]
    in_a_row = next((at for at, one in enumerate(ended) if one.state != "failed"), len(ended))
    times = f", as did the {in_a_row - 1} before it" if in_a_row > 1 else ""
    mine = [r for r in case.pods if any(o.name == run.name for o in r.pod.owners)]
    last = f"; last: {_told(mine[-1])}" if mine else ""
    yield Hit(
        f"the last run of {case.label} failed{_why(run)}{last}{times}",
        (f"Job {run.name}, finished {run.finished_at or 'at an unknown time'}",),
        next=case.kubectl("describe", f"job/{checked(run.name)}"),
    )


_JOBS = f"{DOCS}concepts/workloads/controllers/job/"
_CRON = f"{DOCS}concepts/workloads/controllers/cron-jobs/"

RULES: tuple[Rule, ...] = (
    rule(
        20,
        "The Job failed",
        "The Job has given up: too many failed pods, its deadline, or a rule of its pod failure "
        "policy. It makes no further pods.",
        "the condition Failed (or FailureTarget while pods still end) with its reason",
        remedy="Repair what failed, delete the Job and create it again.",
        link=f"{_JOBS}#pod-backoff-failure-policy",
        check=_job_failed,
    ),
    rule(
        21,
        "The Job or CronJob is suspended",
        "Nothing runs until spec.suspend is false again. Queues such as Kueue suspend Jobs, too.",
        "spec.suspend, and the field manager that set it",
        severity="info",
        remedy="Set spec.suspend to false, if it should run.",
        link=f"{_JOBS}#suspending-a-job",
        check=_job_suspended,
    ),
    rule(
        22,
        "The Job's work is done, and a container beside it still runs",
        "A pod of a Job is complete when all of its plain containers have ended. A proxy or an "
        "agent that was put beside the work never ends, so the Job never completes.",
        "of the app containers some have ended with exit code 0 and the others run; a warning "
        "after ten minutes, sooner where the work was short or they declare a port or a probe",
        severity="info",
        remedy="Make the container a sidecar (initContainers with restartPolicy: Always).",
        link=f"{DOCS}concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers",
        check=_kept_alive,
    ),
    rule(
        23,
        "The CronJob skips runs because the last Job still runs",
        "With concurrencyPolicy Forbid a run that is due while a Job of before is active is left "
        "out.",
        "an active Job, concurrencyPolicy Forbid, and an event JobAlreadyActive or times that have "
        "passed without a run",
        severity="warning",
        remedy="Find out why that Job does not end; activeDeadlineSeconds bounds it.",
        link=f"{_CRON}#concurrency-policy",
        check=_skipped,
    ),
    rule(
        24,
        "The CronJob's schedule or time zone cannot be read",
        "The controller cannot tell when the CronJob is due, so it never runs.",
        "an event UnparseableSchedule, InvalidSchedule or UnknownTimeZone",
        remedy="Correct spec.schedule or spec.timeZone.",
        link=f"{_CRON}#schedule-syntax",
        check=_unreadable,
    ),
    rule(
        25,
        "The CronJob has missed runs",
        "Times at which it was due have passed without a Job: the controller was away, or "
        "startingDeadlineSeconds is too short.",
        "status.lastScheduleTime against the schedule, no Job that runs; events MissSchedule and "
        "TooManyMissedTimes",
        severity="warning",
        remedy="Look at the events and at kube-controller-manager.",
        link=f"{_CRON}#starting-deadline",
        check=_missed,
    ),
    rule(
        26,
        "The last run of the CronJob failed",
        "The newest Job that has come to its end failed. The next one runs when it is due.",
        "the condition Failed of the newest finished Job",
        severity="warning",
        remedy="Look at the pods of that Job.",
        link=_CRON,
        check=_last_run_failed,
    ),
)
