"""Whether a workload lacks pods or runs, by its own spec and status: what a scan can tell."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.words import Symptom
from kubectl_podx.pod import cron
from kubectl_podx.pod.sick import PAST_JOB
from kubectl_podx.pod.workload import (
    MAKING,
    changed_at,
    condition,
    counts,
    finished,
    seconds_since,
    suspended,
)

MISSED = 2
"""Runs that were due and did not begin, from which on that is no matter of a few seconds or of the
controller's time zone."""


class Lack(NamedTuple):
    """What a workload lacks."""

    symptom: Symptom
    since: str | None
    pods: int
    """How many pods are missing."""


def lack(kind: str, body: Json, now: datetime | None) -> Lack | None:
    """None for a workload that has what it should have, or may still be about to get it."""
    if text(body, "metadata", "deletionTimestamp"):
        return None
    if kind == "CronJob":
        return _cron(body, now)
    if kind == "Job":
        return _job(body, now)
    missing = counts(kind, body).missing
    failing = condition(body, "ReplicaFailure")
    if text(failing, "status") == "True":
        return Lack("podsMissing", text(failing, "lastTransitionTime") or None, missing)
    if not _waits(body, missing, now):
        return None
    return Lack("podsMissing", changed_at(body) or None, missing)


def _waits(body: Json, missing: int, now: datetime | None) -> bool:
    """Whether pods are missing for longer than a controller takes to make them."""
    if not missing:
        return False
    passed = seconds_since(changed_at(body), now)
    return passed is None or passed >= MAKING


def _job(body: Json, now: datetime | None) -> Lack | None:
    ended = finished(body)
    if ended is not None:
        if ended.type not in ("Failed", "FailureTarget"):
            return None
        passed = seconds_since(ended.since, now)
        past = passed is not None and passed > PAST_JOB
        return None if past else Lack("jobFailed", ended.since or None, 0)
    missing = counts("Job", body).missing
    if number(body, "status", "failed"):
        # The next try waits for its back-off.
        return None
    if not _waits(body, missing, now):
        return None
    return Lack("podsMissing", changed_at(body) or None, missing)


def _cron(body: Json, now: datetime | None) -> Lack | None:
    if suspended(body) or now is None:
        return None
    read = cron.read(text(body, "spec", "schedule"), text(body, "spec", "timeZone"))
    last = text(body, "status", "lastScheduleTime")
    begin = parse_time(last or text(body, "metadata", "creationTimestamp"))
    changed = seconds_since(changed_at(body), now)
    if read is None or begin is None or (changed is not None and changed < 2 * MAKING):
        return None
    allows = text(body, "spec", "concurrencyPolicy") or "Allow"
    if items(body, "status", "active") and allows != "Forbid":
        return None
    if read.between(begin, now, most=MISSED) < MISSED:
        return None
    return Lack("runsMissed", last or None, 0)


def superseded(job: Json, successes: dict[tuple[str, str], str]) -> bool:
    """Whether a later run of the Job's CronJob has succeeded. `successes`: by namespace and name,
    status.lastSuccessfulTime.
    """
    ended = finished(job)
    for owner in items(job, "metadata", "ownerReferences"):
        if text(owner, "kind") == "CronJob" and dig(owner, "controller") is True:
            key = (text(job, "metadata", "namespace"), text(owner, "name"))
            return ended is not None and successes.get(key, "") > ended.since
    return False
