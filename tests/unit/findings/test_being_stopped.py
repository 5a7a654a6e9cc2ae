"""While the kubelet stops a container its status still says that all is well."""

from __future__ import annotations

import pytest

from kit import Json
from kit.health_cases import ago, codes, event, found, healthy_pod, report, restarted

PROBE = {"exec": {"command": ["false"]}, "periodSeconds": 2, "failureThreshold": 2}
KILLING = "Container app failed liveness probe, will be restarted"
FAILED = event("Unhealthy", "Liveness probe failed: no route", 21, 2)


def liveness(grace: int = 90, **probe: int) -> Json:
    body = healthy_pod({"livenessProbe": {**PROBE, **probe}})
    body["spec"]["terminationGracePeriodSeconds"] = grace
    return body


def test_the_verdict_is_the_stop_and_what_is_left_of_its_grace() -> None:
    made = report(liveness(), [FAILED, event("Killing", KILLING, 20)])
    assert made.verdict.severity == "warning"
    assert made.verdict.summary == (
        "app is being stopped because its liveness probe failed: 70 s of grace left"
    )
    (probe,) = made.probes or []
    assert probe.state == "failing"
    # What the probe said is not lost.
    told = found(made, "PRB001")
    assert told is not None
    assert "no route" in told.title


def test_the_probes_own_grace_counts_before_the_pods() -> None:
    made = report(liveness(terminationGracePeriodSeconds=25), [event("Killing", KILLING, 20)])
    assert made.verdict.summary.endswith("5 s of grace left")
    made = report(liveness(terminationGracePeriodSeconds=5), [event("Killing", KILLING, 20)])
    assert made.verdict.summary.endswith("its grace period ended 15 s ago")


@pytest.mark.parametrize("seconds", [10_800, 10_800.5, 11_000])
def test_a_kill_of_the_instance_before_is_none(seconds: float) -> None:
    """Of the start's own second it may be of either."""
    made = report(liveness(), [event("Killing", KILLING, seconds)])
    assert "LIF008" not in codes(made, "LIF")
    assert made.verdict.severity != "warning"


def test_a_pod_that_is_deleted_says_so_itself() -> None:
    body = liveness()
    body["metadata"]["deletionTimestamp"] = ago(-30)
    made = report(body, [event("Killing", "Stopping container app", 20)])
    assert "LIF008" not in codes(made, "LIF")


def test_silence_after_the_kill_is_no_success() -> None:
    """However long ago the last failure was: no probe runs any more."""
    made = report(liveness(grace=3600), [event("Killing", KILLING, 900)])
    (probe,) = made.probes or []
    assert probe.state == "failing"
    assert made.verdict.severity == "warning"


def test_the_stop_of_now_comes_before_the_kill_of_before() -> None:
    body = liveness()
    body["status"]["containerStatuses"][0] |= restarted(143, 100)
    before = event("Killing", KILLING, 101)
    made = report(body, [FAILED, before, event("Killing", KILLING, 20)])
    assert "RST001" in codes(made, "RST")
    assert made.verdict.summary.startswith("app is being stopped because its liveness probe failed")


def hooked(*events: object, ready: bool = False) -> object:
    """A container whose status says that it is being created, and one behind it."""
    hook = {"postStart": {"exec": {"command": ["wait-for", "mq"]}}}
    waits = {"waiting": {"reason": "ContainerCreating"}}
    status = {"ready": False, "started": False, "state": waits}
    body = healthy_pod({"lifecycle": hook}, status, ready=ready)
    body["spec"]["containers"].append({"name": "second", "image": "shop/app:1"})
    return found(report(body, list(events)), "LIF009")  # type: ignore[arg-type]


def test_a_post_start_hook_that_does_not_end_is_what_the_pod_waits_for() -> None:
    hit = hooked(event("Started", "Container started", 300))
    assert hit is not None
    assert hit.title == (  # type: ignore[attr-defined]
        "the postStart hook of app has been running for 5 min, and second waits for that"
    )


def test_a_hook_that_has_just_begun_or_that_failed_is_none() -> None:
    assert hooked() is None
    assert hooked(event("Started", "Container started", 5)) is None
    failed = event("FailedPostStartHook", "PostStartHook failed", 200)
    assert hooked(event("Started", "Container started", 300), failed) is None
