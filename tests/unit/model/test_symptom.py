"""What a person calls sick: a table of pods by their status alone, and pods of any shape."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kit import Json, condition, container, pod, waiting
from kubectl_podx.model.clock import format_time
from kubectl_podx.pod.gate import (
    NotAListError,
    PodGate,
    bodies_of_page,
    body_of,
    gate_of,
    gates_of_page,
)
from kubectl_podx.pod.sick import Sick, symptom

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def ago(seconds: float) -> str:
    return format_time(NOW - timedelta(seconds=seconds))


def sick(
    *statuses: Json, phase: str = "Running", ready: str = "False", age: float = 7200, **status: Any
) -> Json:
    """A pod that is not ready, with these statuses of its containers."""
    return pod(
        *(container(one["name"], status=one) for one in statuses),
        metadata={"creationTimestamp": ago(age)},
        status={
            "phase": phase,
            "startTime": ago(age),
            "conditions": [
                condition("Ready", ready, ago(min(age, 3600))),
                condition("ContainersReady", ready),
                condition("PodScheduled", since=ago(age)),
            ],
            **status,
        },
        nodeName="node",
        restartPolicy="Always",
    )


def of_policy(policy: str, body: Json, own: str = "") -> Json:
    """The pod with this restartPolicy, and its containers with one of their own."""
    body["spec"]["restartPolicy"] = policy
    for one in body["spec"]["containers"] if own else ():
        one["restartPolicy"] = own
    return body


def app(state: Json, *, ready: bool = False, count: int = 0, last: Json | None = None) -> Json:
    started = "running" in state
    return {
        "name": "app",
        "state": state,
        "ready": ready,
        "started": started,
        "restartCount": count,
        "lastState": last or {},
    }


def running(seconds: float = 7200) -> Json:
    return kit.running(ago(seconds))


def ended(code: int, seconds: float = 60, reason: str = "Error") -> Json:
    return kit.terminated(code, reason=reason, finishedAt=ago(seconds))


def with_spec(found: Json, **spec: Any) -> Json:
    return {**found, "spec": {**found["spec"], **spec}}


def owned(found: Json, kind: str) -> Json:
    owner = {"kind": kind, "name": "o", "controller": True}
    return {**found, "metadata": {**found["metadata"], "ownerReferences": [owner]}}


def deleted(found: Json, seconds: float) -> Json:
    return {**found, "metadata": {**found["metadata"], "deletionTimestamp": ago(seconds)}}


def unscheduled(seconds: float, reason: str = "Unschedulable") -> Json:
    found = with_spec(sick(phase="Pending", age=seconds), nodeName=None)
    found["status"]["conditions"] = [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": reason,
            "lastTransitionTime": ago(seconds),
        }
    ]
    return found


def initial(status: Json, *, age: float = 7200, policy: str | None = None) -> Json:
    found = sick(app(waiting("PodInitializing")), phase="Pending", age=age)
    found["status"]["initContainerStatuses"] = [{**status, "name": "setup"}]
    return with_spec(found, initContainers=[{"name": "setup", "restartPolicy": policy}])


def silent_node() -> Json:
    found = sick(app(running(), ready=True), ready="False")
    found["status"]["conditions"][1]["status"] = "True"
    return found


def gated() -> Json:
    found = silent_node()
    found["status"]["conditions"][0]["reason"] = "ReadinessGatesNotReady"
    return found


SICK: dict[str, tuple[Json, str]] = {
    "back-off": (sick(app(waiting("CrashLoopBackOff"), count=5, last=ended(1))), "crashLoop"),
    "back-off of an init container": (initial(app(waiting("CrashLoopBackOff"))), "crashLoop"),
    "no image": (sick(app(waiting("ImagePullBackOff")), phase="Pending"), "imagePull"),
    "a bad name": (sick(app(waiting("InvalidImageName")), phase="Pending"), "imagePull"),
    "no key": (sick(app(waiting("CreateContainerConfigError")), phase="Pending"), "cannotStart"),
    "a word of tomorrow": (sick(app(waiting("SomethingNew")), phase="Pending"), "cannotStart"),
    "no room": (unscheduled(300), "unschedulable"),
    "gated for long": (unscheduled(3600, "SchedulingGated"), "unschedulable"),
    "an init container for an hour": (initial(app(running(3600))), "initStuck"),
    "no volume": (sick(app(waiting("ContainerCreating")), phase="Pending"), "stuckStarting"),
    "a silent node": (silent_node(), "nodeLost"),
    "node lost": (sick(reason="NodeLost"), "nodeLost"),
    "killed for memory just now": (
        sick(app(running(60), ready=True, count=1, last=ended(137, 70, "OOMKilled")), ready="True"),
        "oomKilled",
    ),
    "restarted just now": (
        sick(app(running(60), ready=True, count=1, last=ended(1, 70)), ready="True"),
        "restarting",
    ),
    "every twenty minutes": (
        sick(app(running(900), ready=True, count=6, last=ended(1, 900)), ready="True"),
        "restarting",
    ),
    "just ended": (sick(app(ended(1, 2), count=1)), "restarting"),
    "one of two ended for good": (
        with_spec(sick(app(ended(1, 600)), app(running(), ready=True)), restartPolicy="Never"),
        "failed",
    ),
    "failed": (sick(app(ended(1, 90_000)), phase="Failed"), "failed"),
    "evicted": (sick(phase="Failed", reason="Evicted"), "evicted"),
    "stopped as a whole": (sick(app(ended(0)), phase="Succeeded"), "failed"),
    "an init container with the mark of an OOM kill": (
        sick(
            app(waiting("PodInitializing")),
            phase="Pending",
            initContainerStatuses=[{"name": "i", "state": ended(0, 30, "OOMKilled")}],
        ),
        "oomKilled",
    ),
    "a failed Job of this morning": (
        owned(sick(app(ended(1, 20_000)), phase="Failed"), "Job"),
        "failed",
    ),
    "not ready for an hour": (sick(app(running())), "notReady"),
    "a gate that does not open": (gated(), "notReady"),
    "cannot end": (deleted(sick(app(running())), 300), "terminating"),
    "no status": ({"metadata": {"creationTimestamp": ago(600)}, "spec": {"nodeName": "x"}}, ""),
}
HEALTHY: dict[str, Json] = {
    "ready": sick(app(running(), ready=True), ready="True"),
    "completed": of_policy("Never", sick(app(ended(0)), phase="Succeeded")),
    "completed by a policy of its own": of_policy(
        "Always", sick(app(ended(0)), phase="Succeeded"), "Never"
    ),
    "restarted long ago": sick(
        app(running(4000), ready=True, count=9, last=ended(1, 4000)), ready="True"
    ),
    "starting": sick(app(running(20)), age=30),
    "being created": sick(app(waiting("ContainerCreating")), phase="Pending", age=20),
    "waiting for a node since seconds": unscheduled(10),
    "held back on purpose": unscheduled(300, "SchedulingGated"),
    "an init container at work": initial(app(running(120)), age=125),
    "a sidecar": initial({**app(running(), ready=True), "started": True}, age=30, policy="Always"),
    "being deleted": deleted(sick(app(running())), -20),
    "a replaced one of yesterday": owned(
        sick(app(ended(1, 90_000)), phase="Failed", reason="Evicted"), "ReplicaSet"
    ),
    "a slow start": sick({**app(running(200)), "started": False}),
    "a Job beside its helper": with_spec(
        sick(app(ended(0)), app(running(), ready=True)), restartPolicy="Never"
    ),
    "run again after it had done its work": with_spec(
        sick(app(running(10), ready=True, count=1, last=ended(0, 20))),
        restartPolicy="OnFailure",
    )
    | {"status": sick(app(running(), ready=True), ready="True")["status"]},
}


def judged(found: Json) -> Sick | None:
    by_hand = symptom(gate_of(found), NOW)
    decoded = gates_of_page(json.dumps({"items": [found]}).encode())
    assert symptom(decoded[0], NOW) == by_hand
    return by_hand


@pytest.mark.parametrize("name", SICK)
def test_a_sick_pod(name: str) -> None:
    found, expected = SICK[name]
    sick = judged(found)
    assert sick is not None
    assert sick.symptom == (expected or "unknown")


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_pod(name: str) -> None:
    assert judged(HEALTHY[name]) is None


def test_since_when() -> None:
    looping = sick(app(waiting("CrashLoopBackOff"), count=2, last=ended(1, 42)))
    assert judged(looping) == Sick("crashLoop", ago(42))


def test_without_a_clock_what_is_not_ready_is_so_for_long_and_no_restart_is_recent() -> None:
    assert symptom(gate_of(sick(app(running(2)), age=3)), None) is not None
    restarted = sick(app(running(60), ready=True, count=1, last=ended(1, 70)), ready="True")
    assert symptom(gate_of(restarted), None) is None


_LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["Running", "Failed", "True", ago(5), "2026-13-99T00:00:00Z"])
)
_KEYS = st.sampled_from(
    [
        *("metadata", "spec", "status", "name", "namespace", "nodeName", "phase", "reason"),
        *("conditions", "type", "containerStatuses", "initContainerStatuses", "restartCount"),
        *("state", "lastState", "waiting", "terminated", "running", "ready", "exitCode"),
        *("deletionTimestamp", "creationTimestamp", "ownerReferences"),
    ]
)
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6),
    max_leaves=25,
)


@given(st.lists(_JSON, max_size=4))
def test_pods_of_any_shape_are_judged_and_never_raise(items: list[Any]) -> None:
    body = json.dumps({"items": items}).encode()
    gates = gates_of_page(body)
    assert len(gates) == len(items)
    for gate in gates:
        symptom(gate, NOW)
        symptom(gate, None)


@given(st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_bytes_that_are_no_list_are_an_error_of_our_own(body: bytes) -> None:
    with contextlib.suppress(NotAListError):
        assert all(isinstance(gate, PodGate) for gate in gates_of_page(body))


def test_whole_pods_are_taken_from_their_places() -> None:
    body = json.dumps({"items": [{"a": 1}, {"b": 2}, 3]}).encode()
    found = bodies_of_page(body, [1, 2, 9])
    assert found == {1: b'{"b": 2}', 2: b"3"}
    assert body_of(found[1]) == {"kind": "Pod", "apiVersion": "v1", "b": 2}
    assert body_of(found[2]) == {}
