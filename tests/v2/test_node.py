"""The node is what the other tests here take it for: cgroup v2 as a current node has it."""

from __future__ import annotations

import pytest

from e2e.manifests import pod, shell
from v2.patient import IDLE, PatientBench

pytestmark = pytest.mark.cluster

_LIMIT = 64 * 1024 * 1024
_PRESSURE = ("memory.pressure", "cpu.pressure", "io.pressure")


@pytest.fixture(scope="module")
def inside(bench: PatientBench) -> PatientBench:
    """With a pod that runs in a private cgroup namespace, and one that has the node's."""
    # The node has one processor to give.
    limits = {"requests": {"cpu": "10m"}, "limits": {"memory": str(_LIMIT), "cpu": "500m"}}
    seen = pod("own", shell(IDLE, "app", resources=limits), shell(IDLE, "neighbour"))
    bench.start(seen, pod("host", shell(IDLE, securityContext={"privileged": True})))
    return bench


def read(bench: PatientBench, name: str) -> str:
    return bench.exec("own", "cat", f"/sys/fs/cgroup/{name}", container="app")


def test_one_hierarchy_has_all_controllers(inside: PatientBench) -> None:
    controllers = read(inside, "cgroup.controllers").split()
    assert {"cpu", "io", "memory", "pids"} <= set(controllers)


def test_the_containers_own_group_is_where_cgroups_are_mounted(inside: PatientBench) -> None:
    assert int(read(inside, "memory.max")) == _LIMIT
    assert read(inside, "cpu.max") == "50000 100000\n"
    assert int(read(inside, "memory.current")) > 0


def test_a_container_has_a_cgroup_namespace_of_its_own(inside: PatientBench) -> None:
    assert inside.exec("own", "cat", "/proc/self/cgroup", container="app") == "0::/\n"


def test_a_privileged_container_has_the_nodes(inside: PatientBench) -> None:
    path = inside.exec("host", "cat", "/proc/self/cgroup").strip().removeprefix("0::")
    assert path.startswith("/kubepods.slice/")
    assert int(inside.exec("host", "cat", f"/sys/fs/cgroup{path}/memory.current")) > 0


def test_where_one_process_runs_out_of_memory_all_die(inside: PatientBench) -> None:
    assert read(inside, "memory.oom.group") == "1\n"


@pytest.mark.parametrize("name", _PRESSURE)
def test_the_kernel_tells_how_long_was_waited(inside: PatientBench, name: str) -> None:
    assert read(inside, name).startswith("some avg10=")


def test_the_kubelet_tells_what_each_container_uses(inside: PatientBench, node: str) -> None:
    path = f"/api/v1/nodes/{node}/proxy/stats/summary"

    def told() -> bool:
        for one in inside.kubectl("get", f"--raw={path}").json["pods"]:
            reference = one["podRef"]
            if (reference["namespace"], reference["name"]) == (inside.namespace, "own"):
                used = [c.get("memory", {}).get("workingSetBytes") for c in one["containers"]]
                return len(used) == 2 and all(used)
        return False

    inside.wait_for(told, "the memory of both containers in the kubelet's summary")


@pytest.mark.usefixtures("metrics")
def test_metrics_are_served_where_that_was_asked_for(inside: PatientBench) -> None:
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{inside.namespace}/pods/own"

    def served() -> bool:
        answer = inside.kubectl("get", f"--raw={path}", check=False)
        return answer.status == 0 and len(answer.json["containers"]) == 2

    inside.wait_for(served, "metrics of the pod")


def test_and_else_they_are_not(inside: PatientBench) -> None:
    answer = inside.kubectl("get", "--raw=/apis/metrics.k8s.io/v1beta1", check=False)
    assert "NotFound" in answer.stderr
