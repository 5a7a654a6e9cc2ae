"""The verdict: what blocks now, before what loops, before what is past; the cause."""

from __future__ import annotations

from typing import Any

import pytest

from kit import owned_by, stored, view, workload
from kit.health_cases import ago, ended, event, healthy_pod, looping, report, restarted
from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.analysis.catalogue import rank
from kubectl_podx.model.capture import Call

READINESS = {"readinessProbe": {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 5}}


def test_a_healthy_pod() -> None:
    found = report(healthy_pod()).verdict
    assert (found.severity, found.summary, found.codes) == (
        "ok",
        "healthy: 1/1 containers ready for 3 h",
        [],
    )


def test_a_loop_is_told_by_its_cause() -> None:
    found = report(healthy_pod({}, looping(3), ready=False)).verdict
    assert (found.severity, found.codes) == ("critical", ["RST006"])
    assert found.summary.startswith("app exited with code 3 after 60 s: restarted 4 times")
    assert found.summary.endswith("next start in 30 s")


def test_what_blocks_now_comes_before_the_last_exit() -> None:
    failed = event("Failed", 'Error: configmap "gone" not found', 3)
    found = report(healthy_pod({}, looping(1), ready=False), [failed]).verdict
    assert found.codes == ["RST024"]
    assert "ConfigMap gone does not exist" in found.summary


def test_a_config_error_comes_before_the_last_exit() -> None:
    status = looping(1)
    message = 'configmap "gone" not found'
    status["state"] = {"waiting": {"reason": "CreateContainerConfigError", "message": message}}
    found = report(healthy_pod({}, status, ready=False)).verdict
    assert (found.severity, found.codes[0][:3]) == ("critical", "CON")
    assert "gone" in found.summary


def test_a_failing_init_container_comes_before_those_that_wait_for_it() -> None:
    body = healthy_pod(
        {},
        {"ready": False, "state": {"waiting": {"reason": "PodInitializing"}}},
        ready=False,
        pod_status={"phase": "Pending"},
    )
    body["spec"]["initContainers"] = [{"name": "setup"}]
    body["status"]["initContainerStatuses"] = [{**looping(7), "name": "setup"}]
    found = report(body).verdict
    assert found.codes == ["RST006"]
    assert found.summary.startswith("init container setup exited with code 7")


def test_a_readiness_probe_that_fails() -> None:
    unhealthy = event("Unhealthy", "Readiness probe failed: connection refused", 2)
    found = report(healthy_pod(READINESS, {"ready": False}, ready=False), [unhealthy]).verdict
    assert (found.severity, found.codes) == ("critical", ["PRB002"])
    assert "connection refused" in found.summary


def test_a_restart_lately_is_a_warning_and_long_ago_is_info() -> None:
    lately = report(healthy_pod({}, restarted(3, 60))).verdict
    assert (lately.severity, lately.codes) == ("warning", ["RST006"])
    past = report(healthy_pod({}, restarted(3, 6000))).verdict
    assert (past.severity, past.codes) == ("info", ["RST006"])


def test_a_finished_job_is_ok() -> None:
    done = {"ready": False, "state": {"terminated": ended(0, 100)}}
    body = healthy_pod({}, done, ready=False, pod_status={"phase": "Succeeded"})
    body["spec"]["restartPolicy"] = "Never"
    found = report(body).verdict
    assert (found.severity, found.summary.startswith("completed")) == ("ok", True)


def test_an_evicted_pod() -> None:
    status = {"ready": False, "state": {"terminated": ended(137, 100, reason="OOMKilled")}}
    message = "The node was low on resource: memory. "
    told = {"phase": "Failed", "reason": "Evicted", "message": message}
    found = report(healthy_pod({}, status, ready=False, pod_status=told)).verdict
    assert (found.severity, found.codes[0]) == ("critical", "RST015")
    assert "the node was low on memory" in found.summary


def test_not_ready_and_nothing_tells_why_is_unknown() -> None:
    found = report(healthy_pod({}, {"ready": False}, ready=False)).verdict
    assert found.severity == "unknown"
    assert "nothing that could be read tells why" in found.summary


def test_a_pod_of_some_seconds_is_starting() -> None:
    waiting = {"ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
    body = healthy_pod(
        {}, waiting, ready=False, pod_status={"phase": "Pending", "startTime": ago(4)}
    )
    found = report(body).verdict
    assert (found.severity, found.summary) == ("info", "starting for 4 s: not ready yet")


def test_a_pod_that_is_being_deleted() -> None:
    meta = {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    found = report(healthy_pod(metadata=meta)).verdict
    assert (found.severity, found.summary) == (
        "info",
        "being deleted: its grace period ends in 20 s",
    )


@pytest.mark.parametrize(
    ("reason", "severity", "words"),
    [
        ("PreemptionByScheduler", "warning", "being preempted by the scheduler"),
        ("EvictionByEvictionAPI", "info", "being evicted through the eviction API"),
    ],
)
def test_a_pod_that_somebody_takes_away(reason: str, severity: str, words: str) -> None:
    meta = {"deletionTimestamp": ago(-20), "deletionGracePeriodSeconds": 30}
    body = healthy_pod(metadata=meta)
    target = {"type": "DisruptionTarget", "status": "True", "reason": reason}
    body["status"]["conditions"].append(target)
    found = report(body).verdict
    assert (found.severity, words in found.summary) == (severity, True)


def test_a_manifest_and_a_disturbed_pod_are_unknown() -> None:
    assert report(healthy_pod(), source="manifest").verdict.severity == "unknown"
    moved = report(healthy_pod(), disturbed="a container restarted").verdict
    assert (moved.severity, "a container restarted" in moved.summary) == ("unknown", True)


def test_an_unreadable_pod_is_unknown() -> None:
    assert report({}).verdict.severity == "unknown"


@pytest.mark.parametrize(
    ("body", "severity", "words"),
    [
        (healthy_pod({}, looping(3), ready=False), "critical", "exited with code 3"),
        (healthy_pod({}, restarted(3, 60)), "warning", "exited with code 3"),
        (healthy_pod({}, restarted(3, 6000)), "info", "exited with code 3"),
        (healthy_pod(), "ok", "healthy"),
        (
            healthy_pod(
                {},
                {
                    "ready": False,
                    "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such"}},
                },
                ready=False,
            ),
            "critical",
            "app cannot start: ImagePullBackOff: no such",
        ),
    ],
)
def test_the_verdict_stands_where_one_section_was_asked_for(
    body: Any, severity: str, words: str
) -> None:
    made = report(body, sections=frozenset({"hosts"}))
    assert made.restarts is None
    assert (made.verdict.severity, words in made.verdict.summary) == (severity, True)


def test_a_code_is_ranked_by_itself_or_by_its_letters() -> None:
    ranks = [rank(code) for code in ("RST024", "CON001", "RST006", "NET001", "PRB002", "CON006")]
    assert ranks == sorted(ranks)


def test_an_exec_that_gives_no_answer_is_no_sign_of_health() -> None:
    call = Call(
        id="exec app", sections=["environment"], state="timedOut", reason="late", container="app"
    )
    found = report(healthy_pod(), calls=[call]).verdict
    assert found.severity == "unknown"
    assert found.summary.startswith("an exec in app gave no answer in time: it may hang; the API")
    # CRI-O lets nobody in while it stops a container.
    leaving = healthy_pod(metadata={"deletionTimestamp": ago(-20)})
    assert report(leaving, calls=[call]).verdict.severity == "info"
    # What is wrong anyway is told first.
    assert (
        report(healthy_pod({}, looping(1), ready=False), calls=[call]).verdict.severity
        == "critical"
    )


def tried(condition: str, **metadata: Any) -> Any:
    """A pod of a Job: its container has ended with 1."""
    down = {"state": {"terminated": ended(1, 100)}, "ready": False}
    body = healthy_pod({}, down, ready=False, metadata=metadata)
    body["metadata"]["ownerReferences"] = owned_by("Job", "backup", "j-1")
    said = {"type": condition, "status": "True", "reason": "BackoffLimitExceeded"}
    job = workload("Job", "backup", uid="j-1") | {"status": {"conditions": [said]}}
    return body, job


def test_an_earlier_try_of_a_job_that_is_complete_is_no_trouble() -> None:
    body, job = tried("Complete")
    body["spec"]["restartPolicy"] = "Never"
    body["status"]["phase"] = "Failed"
    seen = view(body, stored(job), events=[], captured_at=ago(0))
    verdict = pod_report(seen.capture, seen.captured).verdict
    assert verdict.severity == "info"
    assert verdict.summary.startswith("an earlier try of Job backup, which is Complete: app exited")


def test_what_a_job_failed_for_comes_before_the_deletion() -> None:
    body, job = tried("Failed", deletionTimestamp=ago(-20), deletionGracePeriodSeconds=30)
    seen = view(body, stored(job), events=[], captured_at=ago(0))
    verdict = pod_report(seen.capture, seen.captured).verdict
    assert verdict.severity == "critical"
    assert "app exited with code 1" in verdict.summary
