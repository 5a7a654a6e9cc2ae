"""Namespaces: which are shared, proven by their inodes, and who is PID 1 in them."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import NOSHELL, container, pod, shell
from e2e.reports import assert_healthy, finding, row
from e2e.support import Bench

pytestmark = pytest.mark.cluster

KINDS = ("network", "pid", "ipc", "uts", "user", "mount", "cgroup")


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    """Every pod of the module, started together."""
    bench.start(
        pod("shared", shell(), shell(name="other"), shareProcessNamespace=True),
        pod("apart", shell(), shell(name="other")),
        pod("half-seen", shell(), container("dumb", NOSHELL)),
        pod("on-node", hostNetwork=True, hostPID=True, hostIPC=True),
        pod("deaf", shell("sleep 1000"), terminationGracePeriodSeconds=20),
    )


def groups(report: Any, kind: str) -> list[tuple[list[str], str]]:
    return [(one["containers"], one["basis"]) for one in report["namespaces"][kind]["groups"]]


def test_a_shared_process_namespace(bench: Bench) -> None:
    report = bench.report("shared")
    both = [(["app", "other"], "proven")]
    each = [(["app"], "proven"), (["other"], "proven")]
    assert {kind: groups(report, kind) for kind in KINDS} == {
        "network": both,
        "pid": both,
        "ipc": both,
        "uts": both,
        "user": both,
        "mount": each,
        "cgroup": groups(report, "cgroup"),
    }
    pid = report["namespaces"]["pid"]
    assert (pid["mode"], pid["declaredBy"], pid["agrees"]) == (
        "pod",
        "shareProcessNamespace: true",
        True,
    )
    assert report["namespaces"]["pidOne"] == "pause"
    main = [one for one in report["namespaces"]["processes"] if one["main"]]
    assert {one["container"] for one in main} == {"app", "other"}
    assert all(one["handlesTerm"] for one in main)
    assert_healthy(report)


def test_namespaces_of_their_own(bench: Bench) -> None:
    report = bench.report("apart")
    assert groups(report, "pid") == [(["app"], "proven"), (["other"], "proven")]
    assert report["namespaces"]["pid"]["mode"] == "container"
    assert "app: sh" in report["namespaces"]["pidOne"]
    assert_healthy(report)


def test_what_was_not_seen_is_only_declared(bench: Bench) -> None:
    report = bench.report("half-seen")
    found = groups(report, "network")
    assert ("declared" in {basis for _, basis in found}) or len(found) > 1
    assert {name for names, _ in found for name in names} == {"app", "dumb"}
    assert report["namespaces"]["network"]["agrees"] is not False
    assert report["verdict"]["severity"] == "ok"


def test_the_nodes_namespaces(bench: Bench) -> None:
    report = bench.report("on-node")
    found = report["namespaces"]
    assert [found[kind]["mode"] for kind in ("network", "pid", "ipc")] == ["node"] * 3
    assert found["pid"]["declaredBy"] == "hostPID: true"
    assert all(found[kind]["agrees"] is not False for kind in KINDS)
    # The node's hundreds of processes and sockets are not the pod's.
    assert {one["container"] for one in found["processes"]} <= {"app", "pause"}
    assert all(one["container"] == "app" for one in found["listeners"])
    assert report["verdict"]["severity"] == "ok"


def test_a_pid_1_that_ignores_term(bench: Bench) -> None:
    report = bench.report("deaf")
    main = row(report["namespaces"], "processes", main=True)
    assert (main["pid"], main["handlesTerm"]) == (1, False)
    found = finding(report, "NSP003")
    assert (found["severity"], "20 s" in found["title"]) == ("info", True)
    assert report["verdict"]["severity"] == "ok"
