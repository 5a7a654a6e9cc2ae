"""The table of docs/SECURITY.md, row by row: when podx execs in a container, when it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kit
from kit import Json
from kubectl_podx.capture import exec_policy
from kubectl_podx.capture.exec_policy import Decision, decide, of_pod_metrics, of_summary
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.pod.pod import containers

NOW = "2026-11-29T12:00:00Z"
MIB = 1 << 20
RECORDED = Path(__file__).parent / "recorded" / "cgroup-v2"


def limited(
    limit: str | None = "64Mi",
    *,
    restarts: int = 0,
    last: str = "",
    spec: Json | None = None,
    status: Json | None = None,
    others: tuple[Json, ...] = (),
) -> Json:
    """A pod with a container of that memory limit."""
    told = kit.status(kit.running("2026-11-29T11:00:00Z"), restartCount=restarts)
    told |= status or {}
    if last:
        told["lastState"] = kit.terminated(137, reason=last)
    resources = {"limits": {"memory": limit}} if limit else {}
    app = kit.container("app", status=told, resources=resources)
    return kit.pod(app, *others, name="web", uid="u", **(spec or {}))


def used(mib: float, at: str = "2026-11-29T11:59:30Z", container: str = "app") -> list[MemoryUsage]:
    size = int(mib * MIB)
    return [MemoryUsage(container=container, working_set=size, read_at=at, source="metrics.k8s.io")]


def decided(body: dict[str, Any], usages: list[MemoryUsage], **more: Any) -> Decision:
    entry = next(iter(containers(body)))
    return decide(body, entry, usages, now=NOW, **more)


def test_without_a_limit_nothing_is_asked_and_nothing_speaks_against_an_exec() -> None:
    assert decided(limited(None, restarts=9, last="OOMKilled"), []) == Decision(allowed=True)
    # A kubelet on cgroup v1 reports `no limit` as a number.
    unlimited = {"resources": {"limits": {"memory": "9223372036854771712"}}}
    assert decided(limited(None, status=unlimited), []) == Decision(allowed=True)


@pytest.mark.parametrize("free", [0, 1, 2, 3, 4, 6, 8, 12, 15.9])
def test_a_reading_of_too_little_forbids_it(free: float) -> None:
    found = decided(limited(), used(64 - free))
    assert not found.allowed
    assert found.known
    assert found.needs == "--force-exec"
    assert found.reason.startswith(f"skipped: only {free if free % 1 else int(free)}Mi of 64Mi")


@pytest.mark.parametrize("free", [16, 24, 60])
def test_a_reading_of_enough_allows_it_whatever_is_on_record(free: int) -> None:
    assert decided(limited(restarts=3, last="OOMKilled"), used(64 - free)) == Decision(allowed=True)


@pytest.mark.parametrize(("free", "allowed"), [(20, False), (31, False), (33, True)])
def test_a_program_that_has_just_begun_has_not_taken_yet_what_it_will(
    free: int, allowed: bool
) -> None:
    young = used(64 - free, "2026-11-29T11:00:30Z")
    found = decide(limited(), next(iter(containers(limited()))), young, now="2026-11-29T11:00:40Z")
    assert found.allowed is allowed
    assert found.known


def test_a_small_limit_never_leaves_enough() -> None:
    assert not decided(limited("16Mi"), used(0.3)).allowed


@pytest.mark.parametrize(
    ("body", "against"),
    [
        (limited("512Mi", last="OOMKilled"), "an OOM kill is on record"),
        (
            limited("512Mi", status={"state": {"terminated": {"reason": "OOMKilled"}}}),
            "an OOM kill",
        ),
        (limited("512Mi", restarts=1, last="Error"), "it has restarted"),
        (limited("255Mi"), "its memory limit is only 255Mi"),
    ],
)
def test_without_a_reading_what_speaks_against_it_forbids_it(
    body: dict[str, Any], against: str
) -> None:
    found = decided(body, [])
    assert (found.allowed, found.known) == (False, False)
    assert found.reason.startswith("skipped: memory headroom unknown")
    assert against in found.reason
    assert "get pods.metrics.k8s.io" in found.needs
    assert "get nodes/proxy" in found.needs
    assert "--force-exec" in found.needs


def test_without_a_reading_and_with_nothing_against_it_it_is_allowed() -> None:
    assert decided(limited("256Mi"), []) == Decision(allowed=True, known=False)


def test_who_waits_for_a_start_asks_for_a_container_that_restarts() -> None:
    body = limited("512Mi", restarts=4, last="Error")
    assert not decided(body, []).allowed
    assert decided(body, [], waited_for=True).allowed
    assert not decided(limited("512Mi", restarts=4, last="OOMKilled"), [], waited_for=True).allowed


@pytest.mark.parametrize(
    "at", ["2026-11-29T10:59:59Z", "2026-11-29T11:54:59Z", "", "no time"], ids=str
)
def test_a_reading_of_another_instance_or_of_long_ago_is_none(at: str) -> None:
    assert not decided(limited(), used(10, at)).known


def test_the_lower_limit_of_a_resize_counts() -> None:
    body = limited("256Mi", status={"resources": {"limits": {"memory": "64Mi"}}})
    assert not decided(body, used(60)).allowed
    body = limited("64Mi", status={"resources": {"limits": {"memory": "256Mi"}}})
    assert not decided(body, used(60)).allowed


def test_the_limit_of_the_pod_counts_for_every_container() -> None:
    two = limited(None, spec={"resources": {"limits": {"memory": "64Mi"}}}, others=({"name": "b"},))
    two["status"]["containerStatuses"].append({"name": "b", "state": {"running": {}}})
    assert not decided(two, []).known
    assert not decided(two, used(10)).known, "the other container's use is not there"
    both = used(30) + used(20, container="b")
    found = decided(two, both)
    assert not found.allowed
    assert "of the pod is free" in found.reason
    assert decided(two, used(10) + used(20, container="b")) == Decision(allowed=True)


def test_files_in_memory_are_charged_to_the_pod_beside_its_containers() -> None:
    """What an init container left in a tmpfs fills the pod's cgroup, not the app's."""
    volumes = {"volumes": [{"name": "t", "emptyDir": {"medium": "Memory"}}]}
    body = limited("64Mi", spec=volumes)
    assert not decided(body, used(10)).known
    assert not decided(body, used(10) + used(60, container="")).allowed
    assert decided(body, used(10) + used(20, container="")) == Decision(allowed=True)


def test_the_kubelets_summary_of_a_real_node() -> None:
    body = (RECORDED / "summary.json").read_bytes()
    found = of_summary(body, "59221019-209b-491c-a42f-b3ca43f0f7cc")
    assert {one.container: one.working_set for one in found} == {
        "two": 389120,
        "one": 2109440,
        "": 3391488,
    }
    assert {one.source for one in found} == {"kubelet"}
    assert all(one.read_at and one.read_at.startswith("2026-11-29T21:06:") for one in found)
    assert of_summary(body, "another") == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"pods": null}',
        b'{"pods": [{"podRef": {"uid": "u"}, "containers": [{"name": "a", "memory": {}}]}]}',
        b'{"pods": [{"podRef": {"uid": "u"}, "memory": {"workingSetBytes": -1}}]}',
        b'{"pods": [{"podRef": {"uid": "u"}, "memory": {"workingSetBytes": "x"}}]}',
        b"[" * 5000,
    ],
)
def test_an_answer_that_is_no_summary_tells_nothing(body: bytes) -> None:
    assert of_summary(body, "u") == []
    assert of_pod_metrics(body, "shop", "web") == []


def test_only_this_pods_metrics_are_read() -> None:
    body = {
        "kind": "PodMetrics",
        "metadata": {"name": "web", "namespace": "shop"},
        "timestamp": "2026-11-29T11:59:30Z",
        "containers": [
            {"name": "app", "usage": {"cpu": "1n", "memory": "1024Ki"}},
            {"name": "odd", "usage": {"memory": "lots"}},
            {"name": "none"},
        ],
    }
    encoded = json.dumps(body).encode()
    (one,) = of_pod_metrics(encoded, "shop", "web")
    assert (one.container, one.working_set) == ("app", MIB)
    assert of_pod_metrics(encoded, "shop", "other") == []


def test_the_number_in_the_documentation_is_the_one_in_force() -> None:
    page = (Path(__file__).parents[3] / "docs" / "SECURITY.md").read_text()
    assert f"{exec_policy.NEEDED // MIB} MiB" in page
    assert f"{exec_policy.ROOMY_LIMIT // MIB} MiB" in page
    assert exec_policy.FORCE in page
