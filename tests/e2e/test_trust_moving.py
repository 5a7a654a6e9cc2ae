"""The pod changes under our eyes: the report says so, and never calls it a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.faulty_proxy import Fault, FaultyProxy, Request
from e2e.manifests import config_map, pod, shell
from e2e.support import Bench, container_status, restarted

pytestmark = pytest.mark.cluster

# `touch /tmp/end` ends the main process, `touch /tmp/eat` makes it ask for more than its limit.
OBEDIENT = """
trap 'exit 0' TERM
while :; do
  [ ! -e /tmp/end ] || exit 7
  [ ! -e /tmp/eat ] || x=$(head -c 300000000 /dev/zero | tr '\\0' x)
  sleep 0.2
done
"""
MOUNT = {"name": "c", "mountPath": "/c"}
WRONG = ("missing", "orphaned", "stuck", "frozen", "extra")


def obedient(name: str) -> Any:
    return pod(
        name,
        shell(
            OBEDIENT,
            env=[
                {
                    "name": "LEVEL",
                    "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}},
                }
            ],
            volumeMounts=[MOUNT],
            resources={"limits": {"memory": "64Mi"}},
        ),
        volumes=[{"name": "c", "configMap": {"name": "settings"}}],
    )


@pytest.fixture(scope="module", autouse=True)
def pods(bench: Bench) -> None:
    bench.apply(config_map("settings", {"level": "very"}))
    names = ("deleted", "ended", "eaten", "replaced", "mid-look", "written", "quiet")
    bench.start(*(obedient(name) for name in names))


@pytest.fixture
def proxy(bench: Bench, tmp_path: Path) -> Iterator[FaultyProxy]:
    with FaultyProxy(bench, tmp_path) as running:
        yield running


def is_exec(request: Request) -> bool:
    return request.path.endswith("/exec")


def second_reading(proxy: FaultyProxy, name: str) -> Callable[[Request], bool]:
    """The pod's GET that comes after the look inside."""

    def holds(request: Request) -> bool:
        return request.path.endswith(f"/pods/{name}") and any(map(is_exec, proxy.seen))

    return holds


def report(bench: Bench, proxy: FaultyProxy, name: str) -> Any:
    words = ("--kubeconfig", proxy.kubeconfig(), "--deadline", "30s")
    return bench.report(name, *words)


def assert_worthless(found: Any, *words: str) -> None:
    """The look is of another instance than the API's facts: nothing is concluded from it."""
    (container,) = found["containers"]
    assert container["observation"]["state"] == "unobservable"
    for word in words:
        assert word in container["observation"]["reason"]
    rows = [*found["files"], *found["environment"]]
    assert [one for one in rows if one["state"] in WRONG] == []
    assert {row["state"] for row in found["coverage"] if row["section"] == "files"} == {
        "unobservable"
    }


def test_nothing_moves_and_all_is_seen(bench: Bench, proxy: FaultyProxy) -> None:
    found = report(bench, proxy, "quiet")
    assert found["containers"][0]["observation"]["state"] == "observed"
    assert found["coverage"] == []


def test_deleted_after_the_look(bench: Bench, proxy: FaultyProxy) -> None:
    """A look that shows by itself which instance it was of holds as it was seen. Of one that is too
    young for that the second reading decides.
    """

    def delete() -> None:
        bench.kubectl("delete", "pod", "deleted", "--now", "--ignore-not-found")

    proxy.rules.append((second_reading(proxy, "deleted"), Fault(first=delete)))
    found = report(bench, proxy, "deleted")
    if found["containers"][0]["observation"]["state"] == "observed":
        assert found["coverage"] == []
    else:
        assert_worthless(found, "deleted during")


def test_deleted_before_the_look_begins(bench: Bench, proxy: FaultyProxy) -> None:
    """Then the exec itself is refused: the pod was there and is no more."""

    def delete() -> None:
        bench.kubectl("delete", "pod", "mid-look", "--now")

    proxy.rules.append((is_exec, Fault(first=delete)))
    assert_worthless(report(bench, proxy, "mid-look"))


def test_a_container_that_restarts_while_being_looked_at(bench: Bench, proxy: FaultyProxy) -> None:
    def end() -> None:
        bench.exec("ended", "touch", "/tmp/end")
        bench.wait_for_pod("ended", restarted("app"), "restarted")

    # Between the first reading and the look, which is of the next instance then.
    proxy.rules.append((is_exec, Fault(first=end)))
    assert_worthless(report(bench, proxy, "ended"), "restarted during")


def test_a_container_that_is_oom_killed_while_being_looked_at(
    bench: Bench, proxy: FaultyProxy
) -> None:
    def eat() -> None:
        bench.exec("eaten", "touch", "/tmp/eat")
        bench.wait_for_pod("eaten", restarted("app"), "OOM-killed and restarted")

    proxy.rules.append((is_exec, Fault(first=eat)))
    assert_worthless(report(bench, proxy, "eaten"), "restarted during")
    # The next report has it all.
    found = bench.report("eaten")
    (restart,) = found["restarts"]
    assert restart["cause"] == "oomKilled"


def test_replaced_by_a_namesake(bench: Bench, proxy: FaultyProxy) -> None:
    def replace() -> None:
        bench.kubectl("delete", "pod", "replaced", "--now")
        bench.start(obedient("replaced"))

    proxy.rules.append((is_exec, Fault(first=replace)))
    assert_worthless(report(bench, proxy, "replaced"), "recreated under the same name")


def test_a_config_map_that_changes_in_the_middle(bench: Bench, proxy: FaultyProxy) -> None:
    """The object was read, then written, then the container looked into: both are the truth of
    their moment, and a file that is not refreshed yet is no fault."""

    def write() -> None:
        bench.apply(config_map("settings", {"level": "other"}))

    proxy.rules.append((is_exec, Fault(first=write)))
    found = report(bench, proxy, "written")
    (file,) = [one for one in found["files"] if one["path"].endswith("level")]
    assert file["state"] in ("current", "stale")
    variables = {one["name"]: one["state"] for one in found["environment"]}
    assert variables["LEVEL"] in ("current", "frozen")
    assert container_status(bench.get("pod", "written") or {}, "app")["restartCount"] == 0
