"""Which workloads a scan takes for lacking pods, and which not."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json
from kit.captures import NOW
from kit.workload_cases import OLD, owner
from kubectl_podx.capture.scan_workloads import without_sick_pods
from kubectl_podx.model.clock import parse_time
from kubectl_podx.pod.lacking import lack, superseded
from kubectl_podx.pod.sick import GroupKey, Lacking

JUST_NOW = "2026-01-01T11:59:50Z"
FAILED = {"conditions": [{"type": "Failed", "status": "True", "lastTransitionTime": OLD}]}


def judged(body: Json) -> str | None:
    found = lack(body["kind"], body, parse_time(NOW))
    return found.symptom if found else None


CASES: list[tuple[str, Json, Any, str | None]] = [
    ("Deployment", {"replicas": 2}, {"replicas": 1}, "podsMissing"),
    ("Deployment", {"replicas": 2}, {"replicas": 2}, None),
    ("Deployment", {"replicas": 0}, {}, None),
    ("Deployment", {}, {}, "podsMissing"),
    (
        "Deployment",
        {"replicas": 1},
        {"replicas": 1, "conditions": [{"type": "ReplicaFailure", "status": "True"}]},
        "podsMissing",
    ),
    ("StatefulSet", {"replicas": 3}, {"replicas": 2}, "podsMissing"),
    ("DaemonSet", {}, {"desiredNumberScheduled": 3, "currentNumberScheduled": 2}, "podsMissing"),
    ("DaemonSet", {}, {"desiredNumberScheduled": 0}, None),
    ("Job", {"completions": 1, "parallelism": 1}, {"startTime": OLD}, "podsMissing"),
    ("Job", {"completions": 1, "parallelism": 1}, {"startTime": OLD, "active": 1}, None),
    ("Job", {"completions": 1, "parallelism": 1}, {"startTime": OLD, "failed": 1}, None),
    ("Job", {"completions": 1, "suspend": True}, {}, None),
    ("Job", {"completions": 1}, FAILED, "jobFailed"),
    (
        "CronJob",
        {"schedule": "* * * * *"},
        {"lastScheduleTime": "2026-01-01T11:40:00Z"},
        "runsMissed",
    ),
    ("CronJob", {"schedule": "* * * * *"}, {"lastScheduleTime": "2026-01-01T12:00:00Z"}, None),
    ("CronJob", {"schedule": "* * * * *", "suspend": True}, {}, None),
    ("CronJob", {"schedule": "0 3 * * *"}, {"lastScheduleTime": "2026-01-01T01:00:00Z"}, None),
    (
        "CronJob",
        {"schedule": "* * * * *", "concurrencyPolicy": "Forbid"},
        {"lastScheduleTime": "2026-01-01T11:40:00Z", "active": [{"name": "j"}]},
        "runsMissed",
    ),
    (
        "CronJob",
        {"schedule": "* * * * *"},
        {"lastScheduleTime": "2026-01-01T11:40:00Z", "active": [{"name": "j"}]},
        None,
    ),
]


@pytest.mark.parametrize(("kind", "spec", "status", "symptom"), CASES)
def test_what_a_workload_lacks(kind: str, spec: Json, status: Any, symptom: str | None) -> None:
    assert judged(owner(kind, spec=spec, status=status)) == symptom


def test_one_that_was_made_or_changed_a_moment_ago_lacks_nothing_yet() -> None:
    young = owner("Deployment", spec={"replicas": 2}, status={}, created=JUST_NOW)
    assert judged(young) is None
    scaled = owner("Deployment", spec={"replicas": 2}, status={"replicas": 1})
    scaled["metadata"]["managedFields"] = [{"manager": "kubectl", "time": JUST_NOW}]
    assert judged(scaled) is None


def test_one_that_is_being_deleted_lacks_nothing() -> None:
    body = owner("Deployment", spec={"replicas": 2}, status={}, deletionTimestamp=NOW)
    assert judged(body) is None


def test_a_failed_run_that_a_later_one_has_made_good_is_past() -> None:
    run = owner("Job", "nightly-1", status=FAILED)
    run["metadata"]["ownerReferences"] = [
        {"kind": "CronJob", "name": "nightly", "controller": True}
    ]
    assert superseded(run, {("shop", "nightly"): NOW})
    assert not superseded(run, {("shop", "nightly"): "2026-01-01T10:00:00Z"})
    assert not superseded(owner("Job", "lone", status=FAILED), {("shop", "lone"): NOW})


def test_a_lack_that_a_sick_or_leaving_pod_explains_has_no_row() -> None:
    row = Lacking(None, 1, b"{}")
    keys = [GroupKey("shop", kind, "db", "podsMissing") for kind in ("StatefulSet", "DaemonSet")]
    lacking = dict.fromkeys(keys, row)
    sick = [GroupKey("shop", "StatefulSet", "db", "crashLoop")]
    assert set(without_sick_pods(lacking, sick)) == {keys[1]}
    assert set(without_sick_pods(lacking, [], {("shop", "DaemonSet", "db")})) == {keys[0]}
    assert set(without_sick_pods(lacking, [])) == set(keys)
