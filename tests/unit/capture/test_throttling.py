"""What the kubelet's `/metrics/cadvisor` tells of a pod's CPU limit, from recorded lines."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import container, pod, status, waiting
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.throttling import throttling_of
from kubectl_podx.model.kubelet import Throttling
from kubectl_podx.model.reference import Reference

UID = "67a8c3c0-4f47-4722-981b-535ea303681b"
CGROUPFS = f"/kubepods/pod{UID}"
SYSTEMD = f"/kubepods.slice/kubepods-pod{UID.replace('-', '_')}.slice"
OTHER = "/kubepods/pod11111111-4f47-4722-981b-535ea303681b"


def lines(cgroup: str, periods: float, throttled: float, seconds: float, name: str = "") -> bytes:
    """As the kubelet of 1.37 writes them."""
    labels = f'container="{name}",id="{cgroup}",image="",name="",namespace="shop",pod="web"'
    return "".join(
        f"# TYPE {metric} counter\n{metric}{{{labels}}} {value} 1796070085092\n"
        for metric, value in (
            ("container_cpu_cfs_periods_total", periods),
            ("container_cpu_cfs_throttled_periods_total", throttled),
            ("container_cpu_cfs_throttled_seconds_total", seconds),
        )
    ).encode()


@pytest.mark.parametrize("cgroup", [CGROUPFS, SYSTEMD, f"/lead{CGROUPFS}"])
def test_the_pods_own_cgroup_counts(cgroup: str) -> None:
    found = throttling_of(lines(OTHER, 9, 9, 9) + lines(cgroup, 547, 534, 51.4), UID)
    assert found == Throttling(periods=547, throttled=534, seconds=51.4)


def test_a_container_and_what_is_below_the_pod_are_passed_over() -> None:
    text = lines(f"{CGROUPFS}/0123", 5, 5, 1, "app") + lines(f"{CGROUPFS}/4567", 3, 0, 0)
    assert throttling_of(text, UID) is None


def test_large_numbers_are_written_as_powers_of_ten() -> None:
    found = throttling_of(lines(CGROUPFS, 1.2e06, 6e05, 1e04), UID)
    assert found is not None
    assert (found.periods, found.throttled) == (1_200_000, 600_000)


def test_without_a_limit_there_is_nothing() -> None:
    assert throttling_of(b"", UID) is None
    assert throttling_of(lines(CGROUPFS, 0, 0, 0), UID) is None
    assert throttling_of(lines(CGROUPFS, 5, 5, 5), "") is None


@given(st.binary(max_size=300))
def test_anything_may_come(noise: bytes) -> None:
    whole = noise + b"\n" + lines(CGROUPFS, 10, 4, 1)
    found = throttling_of(whole, UID)
    assert found is not None
    assert found.throttled <= found.periods


LIMITED = {"limits": {"cpu": "100m"}}
PROBE = {"exec": {"command": ["true"]}}
POD = Reference("Pod", "shop", "web-0")


def asks(*containers: dict[str, Any]) -> bool:
    """Whether a report on a pod of these containers asks the kubelet."""
    calls = pod_calls(POD, pod(*containers, nodeName="n-1"), LookOptions())
    return any(call.id == "throttling n-1" for call in calls)


def test_the_kubelet_is_asked_where_a_limit_may_be_why_a_probe_kills() -> None:
    troubled = container(
        resources=LIMITED,
        livenessProbe=PROBE,
        status=status(waiting("CrashLoopBackOff"), restartCount=2),
    )
    assert asks(troubled)
    assert not asks({**troubled, "resources": {}})
    assert not asks({**troubled, "livenessProbe": None})
    assert not asks({**troubled, "status": status(restartCount=0)})
    assert not asks(troubled, container("proxy", resources=LIMITED, status=status()))


def test_it_takes_a_right_that_is_not_part_of_the_least_role() -> None:
    troubled = container(resources=LIMITED, startupProbe=PROBE, status=status(restartCount=1))
    (call,) = [
        each
        for each in pod_calls(POD, pod(troubled, nodeName="n-1"), LookOptions())
        if each.kind == "throttling"
    ]
    assert str(call.right) == "get nodes/proxy"
    assert call.optional_right
