"""The kubelet's whole summary: what it tells of a pod that nobody can look into."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kit
from kit.fake_server import FakeServer
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture import summary
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.model.clock import Deadline

# As a kubelet of 1.37 writes it, less what is not read.
SUMMARY: dict[str, Any] = {
    "node": {"nodeName": "n1"},
    "pods": [
        {"podRef": {"name": "other", "uid": "u-2"}, "containers": [{"name": "app"}]},
        {
            "podRef": {"name": "web-0", "namespace": "shop", "uid": "u-1"},
            "containers": [
                {
                    "name": "app",
                    "memory": {"time": "2026-11-30T20:31:35Z", "workingSetBytes": 303104},
                    "rootfs": {"usedBytes": 61440, "capacityBytes": 270553174016},
                    "logs": {"usedBytes": 4096},
                }
            ],
            "volume": [
                {
                    "name": "data",
                    "capacityBytes": 8388608,
                    "availableBytes": 4194304,
                    "usedBytes": 16384,
                    "inodes": 100,
                    "inodesFree": 60,
                    "inodesUsed": 7,
                }
            ],
        },
    ],
}


def test_it_tells_what_a_container_wrote_and_the_space_of_volumes() -> None:
    found = summary.outside_of(json.dumps(SUMMARY).encode(), "u-1")
    assert found is not None
    assert [(one.container, one.root, one.logs) for one in found.disks] == [("app", 61440, 4096)]
    (volume,) = found.volumes
    assert (volume.size, volume.available) == (8388608, 4194304)
    # Of the file system, as df has it: `inodesUsed` is the volume's own.
    assert (volume.inodes, volume.inodes_used) == (100, 40)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"pods":null}',
        b'{"pods":[{"podRef":null}]}',
        b'{"pods":[{}]}',
    ],
)
def test_an_answer_of_another_shape_tells_nothing(body: bytes) -> None:
    assert summary.outside_of(body, "u-1") is None


def test_a_number_that_none_can_be_is_left_out() -> None:
    pod = {
        "podRef": {"uid": "u-1"},
        "containers": [{"name": "app", "rootfs": {"usedBytes": -1}}],
        "volume": [{"name": "d", "inodes": 1, "inodesFree": 2, "capacityBytes": 1 << 63}],
    }
    found = summary.outside_of(json.dumps({"pods": [pod]}).encode(), "u-1")
    assert found is not None
    assert found.disks[0].root is None
    assert (found.volumes[0].size, found.volumes[0].inodes_used) == (None, None)


def run(server: FakeServer) -> Any:
    gatherer = Gatherer(server, LookOptions(), Deadline(20))  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=("everything",)), "lead")


def blind() -> FakeServer:
    """`plain` has no shell, and no neighbour sees it."""
    server = FakeServer()
    server.pod["spec"] = {**server.pod["spec"], "shareProcessNamespace": False}
    return server


def path_of(server: FakeServer) -> str:
    return f"/api/v1/nodes/{server.pod['spec']['nodeName']}/proxy/stats/summary"


def test_only_where_nobody_looks_inside_is_it_asked_for() -> None:
    seen = FakeServer()
    run(seen)
    assert path_of(seen) not in seen.asked
    server = blind()
    volume = server.pod["spec"]["volumes"][0]["name"]
    of_pod = {
        "podRef": {"uid": server.pod["metadata"]["uid"]},
        "containers": [{"name": "plain", "rootfs": {"usedBytes": 5}, "logs": {"usedBytes": 2}}],
        "volume": [{"name": volume, "capacityBytes": 9, "availableBytes": 3}],
    }
    server.bodies[path_of(server)] = {"pods": [of_pod]}
    capture = run(server)
    assert server.asked.count(path_of(server)) == 1
    (report,) = analyse(capture).items
    plain = next(one for one in report.containers or [] if one.name == "plain")
    assert plain.resources.ephemeral_storage.observed_usage == 7
    assert "disk and volumes by kubelet" in plain.observation.ways[-1].reason


def test_a_refused_right_costs_no_rows_and_is_named() -> None:
    server = blind()

    def refuse(path: str) -> None:
        if path.endswith("/stats/summary"):
            raise ClusterError("denied", "no")

    server.fault = refuse
    (report,) = analyse(run(server)).items
    plain = next(one for one in report.containers or [] if one.name == "plain")
    assert "get nodes/proxy" in plain.observation.ways[-1].reason
    assert not [row for row in report.coverage if "nodes/proxy" in row.needs]


def test_a_pod_without_a_node_has_no_summary() -> None:
    assert summary.whole_summary(kit.pod(nodeName="n1")) is not None
    assert summary.whole_summary(kit.pod()) is None
