"""Containers: state, resources, who waits for whom, and whether they were looked into."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import astuple

import kit
from kit import Json, observation, pod, view
from kubectl_podx.model.capture import (
    Call,
    CallState,
    Headroom,
    LogTail,
    Process,
)
from kubectl_podx.pod.image_name import default_policy, digest_of, parse_image, policy_basis
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.containers import facts as containers
from kubectl_podx.sections.containers.facts import blocked_since, first_blocker
from kubectl_podx.sections.containers.report import Container

RUNNING = kit.running("2026-11-25T10:00:00Z")


def view_of(pod: Json, **captured: Any) -> PodView:
    return view(pod, captured_at="2026-11-25T10:10:00Z", **captured)


def pod_of(*apps: Json, inits: tuple[Json, ...] = ()) -> Json:
    return pod(*apps, inits=inits, status={"startTime": "2026-11-25T09:59:00Z"})


def row(view: PodView, name: str) -> Container:
    return next(each for each in containers.build(view) if each.name == name)


def test_resources_are_shown_as_declared_admitted_and_seen() -> None:
    view = view_of(
        pod_of(
            {
                "name": "app",
                "resources": {"requests": {"cpu": "250m"}, "limits": {"cpu": 1, "memory": "64Mi"}},
                "status": {
                    "state": RUNNING,
                    "allocatedResources": {"cpu": "250m"},
                    "resources": {"limits": {"memory": "64Mi"}},
                },
            }
        ),
        observations=[
            observation(
                method="exec",
                main_pid=1,
                processes=[Process(pid=1, uid=1000)],
                open_files=7,
                open_files_limit=1024,
                headroom=Headroom(
                    memory_limit=67108864,
                    memory_usage=1048576,
                    cpu_quota=50000,
                    cpu_period=100000,
                    throttled_periods=30,
                    total_periods=120,
                    oom_kills=2,
                    pids_limit=100,
                    pids_used=3,
                ),
            )
        ],
    )
    found = row(view, "app")
    assert found.resources.cpu.request == "250m"
    assert found.resources.cpu.limit == "1"
    assert found.resources.cpu.allocated == "250m"
    assert found.resources.cpu.observed_limit == 0.5
    assert found.resources.memory.actual_limit == "64Mi"
    assert found.resources.memory.observed_limit == 67108864
    assert found.resources.throttled_share == 0.25
    assert found.resources.oom_kills == 2
    assert (found.pids.used, found.files.limit, found.user) == (3, 1024, 1000)
    assert found.observation.state == "observed"


def test_an_unlimited_quota_is_no_limit() -> None:
    view = view_of(
        pod_of({"name": "app", "status": {"state": RUNNING}}),
        observations=[
            observation(
                headroom=Headroom(cpu_quota=-1, cpu_period=100000, total_periods=0),
            )
        ],
    )
    found = row(view, "app")
    assert found.resources.cpu.observed_limit is None
    assert found.resources.throttled_share is None


@pytest.mark.parametrize(
    ("state", "name", "reason"),
    [
        ({"waiting": {}}, "waiting", ""),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "waiting", "CrashLoopBackOff"),
        ({"terminated": {"exitCode": 0, "reason": "Completed"}}, "terminated", "Completed"),
        ({}, "unknown", ""),
        (None, "unknown", ""),
        ({"running": {"startedAt": "soon"}}, "running", ""),
    ],
)
def test_the_state_is_what_the_api_tells(state: Any, name: str, reason: str) -> None:
    found = row(view_of(pod_of({"name": "app", "status": {"state": state}})), "app")
    assert (found.state, found.reason) == (name, reason)
    assert found.started_at is None


INIT = {"name": "init", "status": {"state": RUNNING}}
SIDECAR = {"name": "proxy", "restartPolicy": "Always"}
LATER = {"waiting": {"reason": "PodInitializing"}}
BLOCKED = [
    ("a running init container", (INIT,), "init"),
    ("an ended one", ({**INIT, "status": {"state": {"terminated": {"exitCode": 0}}}},), ""),
    ("a failed one", ({**INIT, "status": {"state": {"terminated": {"exitCode": 1}}}},), "init"),
    (
        "a sidecar that has not started",
        ({**SIDECAR, "status": {"state": RUNNING, "started": False}},),
        "proxy",
    ),
    (
        "a started sidecar, then an init container",
        ({**SIDECAR, "status": {"state": RUNNING, "started": True}}, INIT),
        "init",
    ),
    ("no status yet", ({"name": "init"},), ""),
]


@pytest.mark.parametrize(
    ("inits", "blocker"), [case[1:] for case in BLOCKED], ids=[case[0] for case in BLOCKED]
)
def test_an_app_waits_for_the_first_that_has_not_done(
    inits: tuple[dict[str, Any], ...], blocker: str
) -> None:
    view = view_of(pod_of({"name": "app", "status": {"state": LATER}}, inits=inits))
    assert row(view, "app").waits_for == blocker


def test_a_container_never_waits_for_itself_or_for_one_behind_it() -> None:
    second = {"name": "second", "status": {"state": LATER}}
    view = view_of(pod_of({"name": "app", "status": {"state": LATER}}, inits=(INIT, second)))
    assert [each.waits_for for each in containers.build(view)] == ["", "init", "init"]


def test_a_crash_looping_app_waits_for_nobody() -> None:
    app = {"name": "app", "status": {"state": {"waiting": {"reason": "CrashLoopBackOff"}}}}
    assert row(view_of(pod_of(app, inits=(INIT,))), "app").waits_for == ""


def test_blocking_counts_from_the_blockers_start() -> None:
    view = view_of(pod_of({"name": "app", "status": {"state": LATER}}, inits=(INIT,)))
    blocker = first_blocker(view)
    assert blocker is not None
    assert blocked_since(view, blocker) == "2026-11-25T10:00:00Z"


def test_a_blocker_that_was_restarted_blocks_since_its_turn_came() -> None:
    state = {"running": {"startedAt": "2026-11-25T10:05:00Z"}}
    looping = {"name": "proxy", "status": {"state": state, "restartCount": 3}}
    looping["restartPolicy"] = "Always"
    app = {"name": "app", "status": {"state": LATER}}
    done = {"terminated": {"exitCode": 0, "finishedAt": "2026-11-25T10:01:00Z"}}
    view = view_of(pod_of(app, inits=({"name": "setup", "status": {"state": done}}, looping)))
    blocker = first_blocker(view)
    assert blocker is not None
    assert blocked_since(view, blocker) == "2026-11-25T10:01:00Z"


def exec_call(state: CallState, **fields: Any) -> Call:
    return kit.call(
        "exec", "Pod/shop/web-0", sections=["files"], container="app", state=state, **fields
    )


LOOKS: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, str, str]]] = [
    (
        "no exec was planned",
        RUNNING,
        {},
        (
            "unobservable",
            "not checked inside: --no-exec, or only sections that need no exec",
            "run without --no-exec",
        ),
    ),
    (
        "another container was asked for",
        RUNNING,
        {"calls": [kit.call("exec", "Pod/shop/web-0", sections=[], state="ok", container="o")]},
        ("unobservable", "only another container was asked for", ""),
    ),
    (
        "it does not run",
        {"waiting": {"reason": "CrashLoopBackOff"}},
        {},
        ("unobservable", "container is waiting (CrashLoopBackOff)", ""),
    ),
    (
        "the right is missing",
        RUNNING,
        {
            "calls": [
                exec_call(
                    "denied",
                    reason="forbidden",
                    needs="get pods/exec and create pods/exec",
                )
            ]
        },
        ("unobservable", "forbidden", "get pods/exec and create pods/exec"),
    ),
    (
        "partly, with a reason",
        RUNNING,
        {
            "calls": [exec_call("ok")],
            "observations": [
                observation(
                    state="partial",
                    reason="process environments may not be read",
                    needs="SYS_PTRACE",
                )
            ],
        },
        ("partial", "process environments may not be read", "SYS_PTRACE"),
    ),
    (
        "a saved manifest",
        RUNNING,
        {"source": "manifest"},
        ("unobservable", "no cluster: this is a saved manifest", ""),
    ),
]


@pytest.mark.parametrize(
    ("state", "captured", "expected"),
    [case[1:] for case in LOOKS],
    ids=[case[0] for case in LOOKS],
)
def test_why_a_container_was_not_seen_is_said(
    state: dict[str, Any], captured: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    view = view_of(pod_of({"name": "app", "status": {"state": state}}), **captured)
    found = row(view, "app").observation
    assert (found.state, found.reason, found.needs) == expected


def test_recent_logs_prefer_the_running_instance_and_leave_ready_ones_out() -> None:
    tails = [
        LogTail(container="app", previous=True, lines=["old"]),
        LogTail(container="app", previous=False, lines=["new"]),
    ]
    unready = pod_of({"name": "app", "status": {"state": RUNNING, "ready": False}})
    ready = pod_of({"name": "app", "status": {"state": RUNNING, "ready": True}})
    assert row(view_of(unready, logs=tails), "app").recent_logs == ["new"]
    assert row(view_of(unready, logs=tails[:1]), "app").recent_logs == ["old"]
    assert row(view_of(ready, logs=tails), "app").recent_logs == []


@pytest.mark.parametrize(
    ("reference", "parts", "policy"),
    [
        ("nginx", ("nginx", "", ""), "Always"),
        ("nginx:latest", ("nginx", "latest", ""), "Always"),
        ("nginx:1.27", ("nginx", "1.27", ""), "IfNotPresent"),
        ("reg.example:5000/a/b", ("reg.example:5000/a/b", "", ""), "Always"),
        ("reg.example:5000/a/b:v1", ("reg.example:5000/a/b", "v1", ""), "IfNotPresent"),
        ("nginx@sha256:" + "a" * 64, ("nginx", "", "sha256:" + "a" * 64), "IfNotPresent"),
        ("", ("", "", ""), "Always"),
    ],
)
def test_a_tag_decides_the_default_policy(
    reference: str, parts: tuple[str, str, str], policy: str
) -> None:
    assert astuple(parse_image(reference)) == parts
    assert default_policy(reference) == policy
    assert policy_basis(reference, policy) == "matchesDefault"
    assert policy_basis(reference, "Never") == "declared"


@pytest.mark.parametrize(
    "image_id",
    [
        "docker.io/library/nginx@sha256:" + "b" * 64,
        "docker-pullable://nginx@sha256:" + "b" * 64,
        "sha256:" + "b" * 64,
    ],
)
def test_the_digest_is_found_in_every_form_of_an_image_id(image_id: str) -> None:
    assert digest_of(image_id) == "sha256:" + "b" * 64
    assert digest_of("nginx:1.27") == ""


@pytest.mark.parametrize("pod", [{}, {"spec": None, "status": None}, {"spec": {"containers": [3]}}])
def test_an_odd_pod_has_no_containers(pod: dict[str, Any]) -> None:
    assert containers.build(view_of(pod)) == []


def test_restart_rules_are_said_in_words() -> None:
    rules = [
        {"action": "Restart", "exitCodes": {"operator": "In", "values": [42, 43]}},
        {"action": "RestartAllContainers", "exitCodes": {"operator": "NotIn", "values": [0]}},
        {},
    ]
    app = {"name": "app", "restartPolicy": "Never", "restartPolicyRules": rules}
    assert row(view_of(pod_of(app)), "app").restart_rules == [
        "Restart on exit code 42, 43",
        "RestartAllContainers on every exit code but 0",
        "unknown action on exit code ?",
    ]


def test_the_containers_own_security_context_beats_the_pods() -> None:
    pod = pod_of(
        {
            "name": "app",
            "securityContext": {
                "runAsUser": 0,
                "readOnlyRootFilesystem": True,
                "privileged": False,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            },
        }
    )
    pod["spec"]["securityContext"] = {
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "runAsNonRoot": True,
        "fsGroup": 2000,
        "supplementalGroups": [3, "x"],
    }
    assert row(view_of(pod), "app").security == [
        "runAsUser 0",
        "runAsGroup 1000",
        "runAsNonRoot true",
        "readOnlyRootFilesystem true",
        "allowPrivilegeEscalation false",
        "capabilities drop ALL",
        "fsGroup 2000",
        "supplementalGroups 3",
    ]
