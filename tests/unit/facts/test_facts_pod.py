"""kubectl's columns, owners and conditions of a pod."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple

import kit
from kit import Json, condition, container, owned_by, stored, view, waiting, workload
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.pod import facts as pod
from kubectl_podx.sections.pod.status import columns

READY = [condition("Ready"), condition("Initialized")]
RUNNING = kit.running("2026-11-25T10:00:00Z")


def status(name: str, state: Json, **fields: Any) -> Json:
    told = kit.status(state, **{"restartCount": 0, "ready": False, **fields})
    return container(name, status=told)


def ended(code: int, reason: str = "") -> Json:
    return kit.terminated(code, **({"reason": reason} if reason else {}))


def body(
    apps: list[Json],
    inits: list[Json] | None = None,
    phase: str = "Running",
    conditions: list[Json] | None = None,
    sidecars: tuple[str, ...] = (),
    **extra: Any,
) -> Json:
    begun = [
        {**one, "restartPolicy": "Always"} if one["name"] in sidecars else one
        for one in inits or []
    ]
    metadata = extra.pop("metadata", {})
    known = {"phase": phase, "conditions": conditions or [], **extra}
    spec: Json = {} if apps else {"containers": []}
    return kit.pod(*apps, inits=begun, metadata=metadata, status=known, **spec)


def view_of(body: Json, **objects: StoredObject) -> PodView:
    return view(body, *objects.values(), captured_at="2026-11-25T10:10:00Z")


# Expected values were worked out by hand from printPod of v1.37.
COLUMNS = [
    ("healthy", body([status("a", RUNNING, ready=True)], conditions=READY), "Running", "1/1", 0),
    (
        "crash loop",
        body([status("a", waiting("CrashLoopBackOff"), restartCount=4)]),
        "CrashLoopBackOff",
        "0/1",
        4,
    ),
    (
        "the first container's reason wins",
        body([status("a", waiting("ErrImagePull")), status("b", ended(1, "Error"))]),
        "ErrImagePull",
        "0/2",
        0,
    ),
    ("exit code without a reason", body([status("a", ended(7))]), "ExitCode:7", "0/1", 0),
    (
        "signal without a reason",
        body([status("a", {"terminated": {"exitCode": 1, "signal": 9}})]),
        "Signal:9",
        "0/1",
        0,
    ),
    (
        "a job's container is done and the other is ready",
        body(
            [status("a", ended(0, "Completed")), status("b", RUNNING, ready=True)],
            conditions=READY,
        ),
        "Running",
        "1/2",
        0,
    ),
    (
        "the same without the Ready condition",
        body([status("a", ended(0, "Completed")), status("b", RUNNING, ready=True)]),
        "NotReady",
        "1/2",
        0,
    ),
    (
        "completed beside a failed one",
        body([status("a", ended(0, "Completed")), status("b", ended(3, "Error"))]),
        "Error",
        "0/2",
        0,
    ),
    (
        "all completed",
        body([status("a", ended(0, "Completed"))], phase="Succeeded"),
        "Completed",
        "0/1",
        0,
    ),
    (
        "first of two init containers runs",
        body(
            [status("a", waiting("PodInitializing"))],
            [status("i", RUNNING), status("j", waiting("PodInitializing"))],
            phase="Pending",
        ),
        "Init:0/2",
        "0/1",
        0,
    ),
    (
        "second init container fails",
        body(
            [status("a", waiting("PodInitializing"))],
            [status("i", ended(0)), status("j", ended(1, "Error"), restartCount=2)],
            phase="Pending",
        ),
        "Init:Error",
        "0/1",
        2,
    ),
    (
        "init exit code without a reason",
        body([status("a", waiting("PodInitializing"))], [status("i", ended(5))]),
        "Init:ExitCode:5",
        "0/1",
        0,
    ),
    (
        "init back-off",
        body([status("a", waiting("PodInitializing"))], [status("i", waiting("CrashLoopBackOff"))]),
        "Init:CrashLoopBackOff",
        "0/1",
        0,
    ),
    (
        "a started sidecar counts as ready, its restarts too",
        body(
            [status("a", RUNNING, ready=True, restartCount=1)],
            [
                status("i", ended(0), restartCount=5),
                status("s", RUNNING, started=True, ready=True, restartCount=2),
            ],
            conditions=READY,
            sidecars=("s",),
        ),
        "Running",
        "2/2",
        3,
    ),
    (
        "a sidecar that has not started holds the rest",
        body(
            [status("a", waiting("PodInitializing"))],
            [status("s", RUNNING, started=False)],
            phase="Pending",
            sidecars=("s",),
        ),
        "Init:0/1",
        "0/2",
        0,
    ),
    (
        "a crashed sidecar of an initialized pod does not hide the apps",
        body(
            [status("a", RUNNING, ready=True)],
            [status("s", waiting("CrashLoopBackOff"), restartCount=3)],
            conditions=READY,
            sidecars=("s",),
        ),
        "Init:CrashLoopBackOff",
        "1/2",
        3,
    ),
    (
        "being deleted",
        body(
            [status("a", RUNNING, ready=True)],
            metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"},
        ),
        "Terminating",
        "1/1",
        0,
    ),
    (
        "deleted after it ended",
        body(
            [status("a", ended(0, "Completed"))],
            phase="Succeeded",
            metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"},
        ),
        "Completed",
        "0/1",
        0,
    ),
    (
        "deleted on a lost node",
        body(
            [status("a", RUNNING, ready=True)],
            metadata={"deletionTimestamp": "2026-11-25T10:00:00Z"},
            reason="NodeLost",
        ),
        "Unknown",
        "1/1",
        0,
    ),
    ("evicted", body([], phase="Failed", reason="Evicted"), "Evicted", "0/0", 0),
    (
        "scheduling gates",
        body(
            [],
            phase="Pending",
            conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
        ),
        "SchedulingGated",
        "0/0",
        0,
    ),
    ("an empty pod", {}, "Unknown", "0/0", 0),
]


@pytest.mark.parametrize(
    ("pod_body", "word", "ready", "restarts"),
    [case[1:] for case in COLUMNS],
    ids=[case[0] for case in COLUMNS],
)
def test_columns_are_those_of_kubectl(
    pod_body: dict[str, Any], word: str, ready: str, restarts: int
) -> None:
    assert astuple(columns(pod_body)) == (word, ready, restarts)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({"metadata": JSON, "spec": JSON, "status": JSON}),
    st.dictionaries(
        st.sampled_from(["containerStatuses", "initContainerStatuses", "conditions", "phase"]),
        JSON,
    ),
)
def test_odd_pods_still_have_columns(pod_body: dict[str, Any], odd: dict[str, Any]) -> None:
    assert columns(pod_body).status
    assert columns({"status": odd}).ready
    assert pod.build(view_of({**pod_body, "status": odd})).name == "web-0"


def test_owners_are_followed_as_far_as_they_were_read() -> None:
    above = [{"kind": "Deployment", "name": "web"}]
    replica_set = stored(workload("ReplicaSet", "web-6d", ownerReferences=above))
    body = kit.pod(metadata={"ownerReferences": owned_by("ReplicaSet", "web-6d")})
    found = pod.build(view_of(body, rs=replica_set))
    assert [(o.kind, o.name, o.controller) for o in found.owners] == [
        ("ReplicaSet", "web-6d", True),
        ("Deployment", "web", False),
    ]


def test_an_owner_that_owns_itself_does_not_go_on_for_ever() -> None:
    reference = {"kind": "ReplicaSet", "name": "r"}
    owner = stored(workload("ReplicaSet", "r", ownerReferences=[reference]))
    found = pod.build(view_of({"metadata": {"ownerReferences": [reference]}}, rs=owner))
    assert len(found.owners) == 4


def test_age_counts_to_the_capture_and_conditions_keep_their_message() -> None:
    found = pod.build(
        view_of(
            {
                "metadata": {"creationTimestamp": "2026-11-25T10:00:00Z"},
                "status": {
                    "podIPs": [{"ip": "10.0.0.9"}, {"ip": "fd00::9"}],
                    "conditions": [
                        {
                            "type": "ContainersReady",
                            "status": "False",
                            "message": "containers with unready status: [a]",
                            "lastTransitionTime": "yesterday",
                        }
                    ],
                },
            }
        )
    )
    assert found.age == 600
    assert found.pod_ips == ["10.0.0.9", "fd00::9"]
    assert found.conditions[0].message == "containers with unready status: [a]"
    assert found.conditions[0].since is None
