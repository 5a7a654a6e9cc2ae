"""Which memory cgroup was full: the container's, the pod's or the node's."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from kit.restart_cases import CALM, LIMIT, app_pod, at, ended, running, view
from kubectl_podx.sections.restarts import facts as restarts
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.restarts.termination.memory import pod_limit

MEBI = 1024 * 1024
OOM = {
    "restartCount": 1,
    "state": running(970),
    "lastState": {"terminated": ended(137, 900, 960, "OOMKilled")},
}
IN_MEMORY = {"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]}
ON_DISK = {"volumes": [{"name": "shm", "emptyDir": {}}]}


def limited(name: str, memory: str | None, **more: Any) -> dict[str, Any]:
    limits = {"limits": {"memory": memory}} if memory else {}
    return {"name": name, "image": "shop/app:1", "resources": limits, **more}


def killed(*others: dict[str, Any], **pod_spec: Any) -> dict[str, Any]:
    """`app` with a limit of 64Mi was OOM-killed; the others run beside it."""
    body = app_pod(LIMIT, OOM, pod_spec=pod_spec)
    body["spec"]["containers"] += others
    return body


def row(body: Any, node: Any = CALM, name: str = "app") -> Restart:
    return next(r for r in restarts.build(view(body, [], node=node)) if r.container == name)


@pytest.mark.parametrize(
    ("spec", "limit"),
    [
        ({"containers": [limited("a", "40Mi"), limited("b", "8Mi")]}, 48),
        ({"containers": [limited("a", "40Mi"), limited("b", None)]}, None),
        ({"containers": [limited("a", "40Mi")], "initContainers": [limited("i", "60Mi")]}, 60),
        (
            {
                "containers": [limited("a", "40Mi")],
                "initContainers": [
                    limited("s", "10Mi", restartPolicy="Always"),
                    limited("i", "45Mi"),
                ],
            },
            55,
        ),
        (
            {
                "containers": [limited("a", None)],
                "resources": {"limits": {"memory": "32Mi"}},
                "overhead": {"memory": "8Mi"},
            },
            40,
        ),
    ],
)
def test_the_limit_of_the_pods_cgroup(spec: Any, limit: int | None) -> None:
    found = pod_limit(view({"metadata": {}, "spec": spec}))
    assert found == (None if limit is None else Fraction(limit * MEBI))


def test_where_only_the_containers_own_limit_can_be_reached_it_is_proven() -> None:
    for body in (killed(), killed(limited("quiet", "16Mi")), killed(limited("free", None))):
        assert row(body).confidence == "proven"
    assert row(killed(**ON_DISK)).confidence == "proven"


@pytest.mark.parametrize(
    "body",
    [
        killed(**IN_MEMORY),
        killed(limited("filler", "16Mi"), **IN_MEMORY),
        killed(limited("filler", None), resources={"limits": {"memory": "72Mi"}}),
        killed(limited("filler", "32Mi"), resources={"limits": {"memory": "72Mi"}}),
    ],
)
def test_where_the_pods_limit_may_have_been_reached_first_both_are_named(body: Any) -> None:
    found = row(body)
    assert (found.cause, found.confidence) == ("oomKilled", "likely")
    assert "was probably OOM-killed at its memory limit of 64Mi or at the pod's of" in found.summary
    assert any("pod's" in each.text for each in found.evidence if each.source == "spec")


def test_a_pods_limit_that_its_containers_cannot_fill_is_no_rival() -> None:
    body = killed(limited("quiet", "8Mi"), resources={"limits": {"memory": "72Mi"}})
    assert row(body).confidence == "proven"


def test_a_memory_volume_in_a_pod_without_a_limit_is_no_rival() -> None:
    assert row(killed(limited("free", None), **IN_MEMORY)).confidence == "proven"


def test_pressure_that_came_and_went_leaves_the_node_open() -> None:
    calm = {"type": "MemoryPressure", "status": "False", "lastTransitionTime": at(930)}
    assert row(killed(), {"status": {"conditions": [calm]}}).confidence == "likely"


def test_a_mark_that_a_neighbour_may_have_left_does_not_say_that_a_process_of_its_own_died() -> (
    None
):
    done = {"terminated": ended(0, 900, 960, "OOMKilled")}
    body = app_pod(
        status={"state": done},
        pod_spec={"resources": {"limits": {"memory": "48Mi"}}, "restartPolicy": "Never"},
    )
    found = row(body)
    assert (found.cause, "of its pod was OOM-killed" in found.summary) == ("completed", True)
    own = app_pod(LIMIT, {"state": done}, pod_spec={"restartPolicy": "Never"})
    assert "a process in it was OOM-killed" in row(own).summary
