"""The four ways to see a container, and why each is open or not."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import Json
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.pod import own
from kubectl_podx.pod.debugging import NO_SHELL
from kubectl_podx.sections.containers.facts import build

RUNS = kit.status(kit.running("2026-11-23T11:00:00Z"), ready=True)


def ways(body: Json, **fields: Any) -> dict[str, tuple[str, str]]:
    found = next(one for one in build(kit.view(body, **fields)) if one.name == "app")
    return {one.way: (one.state, one.reason) for one in found.observation.ways}


def blind(**spec: Any) -> Json:
    return kit.pod(kit.container("app", status=RUNS), kit.container("side", status=RUNS), **spec)


def call(kind: Any = "exec", **fields: Any) -> Any:
    return kit.call(kind, "Pod/shop/web-0", container="app", **fields)


def unobservable(**fields: Any) -> Any:
    given = {"state": "unobservable", "method": "none", "reason": NO_SHELL, **fields}
    return kit.observation("app", **given)


TRIED = call(state="failed", reason=NO_SHELL)


def test_where_an_exec_has_shown_everything_no_other_way_is_told() -> None:
    found = ways(blind(), observations=[kit.observation("app")], calls=[call()])
    assert found == {}


def test_what_does_not_run_has_no_way_in() -> None:
    waiting = kit.pod(kit.container("app", status=kit.status(kit.waiting("CrashLoopBackOff"))))
    assert ways(waiting) == {}


def test_without_a_shell_a_debug_container_is_open_and_says_what_it_takes() -> None:
    found = ways(blind(), observations=[unobservable()], calls=[TRIED])
    assert found["exec"] == ("closed", NO_SHELL)
    assert found["neighbour"][0] == "closed"
    assert "shareProcessNamespace" in found["neighbour"][1]
    assert found["ephemeral"][0] == "open"
    assert "--debug-image" in found["ephemeral"][1]
    assert "patch pods/ephemeralcontainers" in found["ephemeral"][1]
    assert found["outside"][0] == "used"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (blind(metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}), "static pod"),
        (
            blind(
                ephemeralContainers=[
                    {"name": f"podx-debug-{each * 5}", "env": [{"name": own.MARK}]}
                    for each in "abcde"
                ]
            ),
            "5 are the most",
        ),
    ],
)
def test_where_none_may_be_added_the_way_is_closed(body: Json, words: str) -> None:
    found = ways(body, observations=[unobservable()], calls=[TRIED])
    assert found["ephemeral"][0] == "closed"
    assert words in found["ephemeral"][1]


def test_what_came_of_the_flag_is_said_with_its_right() -> None:
    tried = call("debug", state="denied", reason="forbidden", needs="patch x")
    found = ways(blind(), observations=[unobservable()], calls=[TRIED, tried])
    assert found["ephemeral"] == ("closed", "forbidden; needs patch x")


def test_an_exec_that_was_refused_opens_no_other_way() -> None:
    denied = call(state="denied", reason="forbidden", needs="get pods/exec")
    found = ways(blind(), observations=[unobservable(reason="forbidden")], calls=[denied])
    assert found["exec"] == ("closed", "forbidden; needs get pods/exec")
    assert found["ephemeral"] == ("closed", "podx adds one only if an exec finds no shell")


def test_a_neighbour_that_may_not_look_says_why() -> None:
    seen = unobservable(
        method="neighbour", through="side", reason="another uid", needs="SYS_PTRACE"
    )
    found = ways(blind(shareProcessNamespace=True), observations=[seen], calls=[call()])
    assert found["exec"] == ("closed", NO_SHELL)
    assert found["neighbour"] == ("closed", "another uid; needs SYS_PTRACE")
    assert found["ephemeral"][0] == "open"


@pytest.mark.parametrize("method", ["neighbour", "ephemeral"])
def test_the_way_that_was_taken(method: Any) -> None:
    seen = kit.observation("app", method=method, through="side")
    found = ways(blind(shareProcessNamespace=True), observations=[seen], calls=[call()])
    assert {way for way, (state, _) in found.items() if state == "used"} == {method, "outside"}
    assert "side" in found[method][1]


def test_a_debug_container_of_another_user_is_no_neighbour() -> None:
    seen = unobservable(method="ephemeral", through="podx-debug-aaaaa", reason="another uid")
    found = ways(blind(), observations=[seen], calls=[call(), call("debug")])
    assert found["ephemeral"] == ("closed", "another uid")


def test_what_outside_tells_is_named() -> None:
    usage = MemoryUsage(container="app", working_set=1, source="kubelet")
    found = ways(blind(), observations=[unobservable()], calls=[TRIED], memory_usages=[usage])
    assert "kubelet" in found["outside"][1]
