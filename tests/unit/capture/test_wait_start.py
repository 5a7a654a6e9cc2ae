"""Waiting for a crash-looping container: for which one, how often it is read, when it ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

import kit
from kit import Json, container, pod
from kubectl_podx.capture.watch import Waiting, awaited, pause, wait_for_start
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import Reference

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
POD = Reference("Pod", "shop", "web-0")
RUNNING = kit.running("2026-11-25T11:59:00Z")
ENDED = kit.terminated(1, finishedAt="2026-11-25T11:59:30Z")
LOOPING = kit.waiting(
    "CrashLoopBackOff", "back-off 40s restarting failed container=app pod=web-0_shop(u)"
)
PULLING = kit.waiting("ImagePullBackOff")


def in_states(app: Json, log: Json | None = None, **status: Any) -> Json:
    """A pod of the containers `app` and `log`, which have ended before."""
    states = {"app": app, "log": log or RUNNING}
    return pod(
        *(
            container(name, status=kit.status(state, lastState=ENDED))
            for name, state in states.items()
        ),
        status=status,
    )


@pytest.mark.parametrize(
    ("body", "container", "expected"),
    [
        (in_states(RUNNING), None, None),
        (in_states(LOOPING), None, Waiting("app", 10.0)),
        (in_states(LOOPING), "log", None),
        (in_states(LOOPING, LOOPING), "log", Waiting("log", None)),
        (in_states(ENDED), None, Waiting("app", None)),
        # It may never start, and nobody named it.
        (in_states(PULLING), None, None),
        (in_states(PULLING), "app", Waiting("app", None)),
        (in_states(RUNNING), "nosuch", None),
        ({}, None, None),
    ],
)
def test_what_is_waited_for(body: Any, container: str | None, expected: Waiting | None) -> None:
    found = awaited(body, container, NOW)
    if expected is not None and expected.container == "log":
        expected = Waiting("log", 10.0)
    assert found == expected


@pytest.mark.parametrize(
    ("due", "seconds"), [(None, 0.1), (-3.0, 0.1), (3.9, 0.1), (5.0, 1.1), (200.0, 2.0)]
)
def test_the_pod_is_read_often_only_near_the_start(due: float | None, seconds: float) -> None:
    assert pause(Waiting("app", due)) == pytest.approx(seconds)


class Server:
    def __init__(self, *bodies: dict[str, Any]) -> None:
        self.bodies = list(bodies)

    def get(self, _path: str) -> Answer:
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        return Answer(200, json.dumps(body).encode(), "Wed, 25 Nov 2026 12:00:00 GMT")


def run(*bodies: dict[str, Any], seconds: float = 60.0) -> tuple[list[str], list[float]]:
    said: list[str] = []
    slept: list[float] = []
    server: Any = Server(*bodies)
    wait_for_start(
        server, POD, None, deadline=Deadline(seconds), say=said.append, sleep=slept.append
    )
    return said, slept


def test_it_ends_when_the_container_runs() -> None:
    said, slept = run(in_states(LOOPING), in_states(LOOPING), in_states(RUNNING))
    assert said == ["waiting for container app to start, which is due in 10 s"]
    assert slept == [2.0, 2.0]


def test_nothing_is_waited_for_where_all_of_them_run() -> None:
    assert run(in_states(RUNNING)) == ([], [])


def test_a_pod_that_has_ended_is_not_waited_for() -> None:
    said, slept = run(in_states(ENDED, phase="Failed"))
    assert slept == []
    assert "will not start again" in said[0]


def test_a_start_that_never_comes_ends_with_the_time_for_it() -> None:
    said, _ = run(in_states(LOOPING), seconds=1.0)
    assert said[-1] == "container app did not start in 330 s"
