"""A triage's rows: one for each owner, worst first, merged by cause and by node; shards as one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import kit
from kit import Json
from kubectl_podx.analysis.reports import TriageReport
from kubectl_podx.analysis.triage import arranged, lines, merged, of_capture, report, whole
from kubectl_podx.capture.triage import by_status, sealed
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.gate import gate_of
from kubectl_podx.pod.sick import RANK, Sick, Tally, Triaged, key_of

NOW = "2026-11-25T12:00:00Z"
EARLIER = "2026-11-25T11:58:00Z"


def looping(
    name: str,
    owner: tuple[str, str] | None = None,
    node: str = "node-1",
    reason: str = "CrashLoopBackOff",
    **status: Any,
) -> Json:
    """A pod whose container waits for that reason, after an exit where it loops."""
    last = {"reason": "Error", "startedAt": EARLIER, "finishedAt": EARLIER}
    ended = kit.terminated(3, **last) if reason == "CrashLoopBackOff" else {}
    app = kit.status(kit.waiting(reason), restartCount=4, lastState=ended)
    return kit.pod(
        kit.container("app", status=app),
        name=name,
        metadata={"ownerReferences": kit.owned_by(*owner) if owner else []},
        status=status,
        nodeName=node,
        restartPolicy="Always",
    )


def fine(name: str, node: str = "node-2") -> dict[str, Any]:
    running = kit.status(kit.running(EARLIER), ready=True)
    return kit.pod(kit.container("app", status=running), name=name, nodeName=node)


def triaged(*pods: dict[str, Any], **more: Any) -> Triaged:
    bodies = {
        Reference("Pod", one["metadata"]["namespace"], one["metadata"]["name"]): one for one in pods
    }
    return replace(of_capture(sealed(bodies, NOW)), **more)


WEB = ("ReplicaSet", "web-5f85b49978")


def test_one_row_for_an_owner_however_many_pods_are_sick() -> None:
    found = report(triaged(*(looping(f"web-{at}", WEB) for at in range(40)), fine("b")))
    assert (found.scanned, found.sick, found.healthy) == (41, 40, 1)
    (row,) = found.rows
    assert (row.kind, row.name, row.pods, row.symptom) == ("Deployment", "web", 40, "crashLoop")
    assert row.cause == "exitCode"
    assert "exited with code 3" in row.summary
    assert row.names == [f"shop/web-{at}" for at in range(5)]
    assert row.next == "kubectl podx describe web-0 -n shop"
    assert row.since == EARLIER


def test_a_loop_is_one_row_though_its_pods_are_at_different_moments() -> None:
    just_ended = looping("web-0", WEB)
    state = {"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": EARLIER}}
    just_ended["status"]["containerStatuses"][0] |= {"state": state}
    (row,) = report(triaged(just_ended, looping("web-1", WEB))).rows
    # The one in back-off stands for both.
    assert (row.pods, row.symptom, row.names[0]) == (2, "crashLoop", "shop/web-1")


def test_the_worst_come_first_and_a_limit_says_what_it_leaves_out() -> None:
    sick = [
        looping("a", reason="ImagePullBackOff"),
        looping("b"),
        looping("c", ("StatefulSet", "db")),
    ]
    found = report(triaged(*sick))
    assert [row.symptom for row in found.rows] == ["crashLoop", "crashLoop", "imagePull"]
    limited = report(triaged(*sick), limit=1)
    assert (len(limited.rows), limited.rows_left_out, limited.sick) == (1, 2, 3)


def test_by_cause_and_by_node() -> None:
    pods = [looping("a"), looping("b", node="node-2"), looping("c", reason="ImagePullBackOff")]
    by_cause = report(triaged(*pods), by="cause")
    assert [(row.cause, row.pods, row.owners) for row in by_cause.rows] == [
        ("exitCode", 2, 2),
        ("imagePull", 1, 1),
    ]
    assert (by_cause.rows[0].name, by_cause.rows[1].name) == ("", "c")
    by_node = report(triaged(*pods), by="node")
    assert {row.nodes[0]: row.pods for row in by_node.rows} == {"node-1": 2, "node-2": 1}


def test_a_silent_node_is_one_row_whosever_its_pods_are() -> None:
    def silent(name: str) -> dict[str, Any]:
        running = {"name": "app", "ready": True, "state": {"running": {"startedAt": EARLIER}}}
        conditions = [
            {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-25T11:00:00Z"},
            {"type": "ContainersReady", "status": "True"},
        ]
        return looping(
            name, ("ReplicaSet", name), containerStatuses=[running], conditions=conditions
        )

    (row,) = report(triaged(silent("a"), silent("b"))).rows
    assert (row.kind, row.name, row.pods, row.symptom) == ("Node", "node-1", 2, "nodeLost")


def test_a_node_stands_out_when_it_is_not_ready_or_most_of_its_pods_are_sick() -> None:
    pods = [looping(f"s{at}", ("ReplicaSet", f"r{at % 3}")) for at in range(6)]
    pods += [fine(f"h{at}", f"node-{at % 9 + 2}") for at in range(40)]
    (node,) = report(triaged(*pods)).nodes
    assert (node.name, node.pods, node.sick) == ("node-1", 6, 6)
    quiet = triaged(looping("a"), *pods[6:], nodes={"node-1": "notReady", "node-2": "ready"})
    (node,) = report(quiet).nodes
    assert (node.name, node.state) == ("node-1", "notReady")
    assert "the node is not ready" in node.summary


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        (WEB, ("Deployment", "web")),
        (("ReplicaSet", "by-hand"), ("ReplicaSet", "by-hand")),
        (("Job", "backup-29400000"), ("CronJob", "backup")),
        (("Job", "once"), ("Job", "once")),
        (("Node", "node-1"), ("Pod", "p")),
        (None, ("Pod", "p")),
    ],
)
def test_whose_a_pod_is(owner: Any, expected: tuple[str, str]) -> None:
    key = key_of(gate_of(looping("p", owner)), "crashLoop")
    assert (key.kind, key.name) == expected


def test_names_in_commands_are_checked() -> None:
    (row,) = report(triaged(looping("$(reboot)"))).rows
    assert row.next == "kubectl podx describe NAME -n shop"


def test_the_ranks_are_the_order_of_the_words() -> None:
    assert min(RANK, key=RANK.__getitem__) == "crashLoop"


def test_the_first_of_a_group_is_wanted_and_a_worse_one_replaces_it() -> None:
    tally = Tally(groups={}, on_node={})
    gate = gate_of(looping("web-0", WEB))
    assert tally.add(gate, None) is None
    first = tally.add(gate, Sick("restarting"))
    assert first is not None
    assert tally.add(gate, Sick("restarting")) is None
    assert tally.add(gate, Sick("crashLoop")) is first


def shards(count: int = 2) -> list[str]:
    parts = [triaged(looping("a"), fine("b")), triaged(looping("c", WEB), looping("d", WEB))]
    return [lines(whole(part), at, count) for at, part in enumerate(parts)]


def test_the_lines_of_all_shards_make_one_report() -> None:
    text = "a warning\n".join(reversed(shards())).encode()
    found = arranged(merged(text))
    assert (found.scanned, found.sick, found.healthy, found.coverage) == (4, 3, 1, [])
    assert [(row.name, row.pods) for row in found.rows] == [("web", 2), ("a", 1)]
    (first, *_) = [json.loads(line) for line in shards()[0].splitlines()]
    assert first["kind"] == "TriageRow"


def test_a_shard_that_is_missing_or_cut_is_told_of() -> None:
    (lost,) = merged(shards()[0].encode()).coverage
    assert lost.reason == "shards 1 of 2 are not among the lines"
    cut = "".join(part.splitlines(keepends=True)[-1] for part in shards())
    (row,) = merged(cut.encode()).coverage
    assert row.reason == "lines of shards 0, 1 are missing"


def test_a_shard_that_ran_twice_counts_once() -> None:
    text = "".join([*shards(), shards()[0]]).encode()
    found = merged(text)
    assert (found.scanned, len(found.rows)) == (4, 2)


@pytest.mark.parametrize("text", [b"", b"nothing", b'{"kind": "TriageShard"}', b"{\xff", b"[]"])
def test_lines_of_something_else_are_an_error(text: bytes) -> None:
    with pytest.raises(InputError, match="no line of a shard"):
        merged(text)


def test_a_report_goes_through_json() -> None:
    found = report(triaged(looping("a")))
    assert msgspec.json.decode(msgspec.json.encode(found), type=TriageReport) == found


def test_how_bad_it_is_does_not_depend_on_how_deep_it_was_looked_at() -> None:
    """Not ready for an hour, and nothing tells why, whoever was asked."""
    unready = kit.status(kit.running("2026-11-25T11:00:00Z"), ready=False, started=True)
    since = kit.condition("Ready", "False", "2026-11-25T11:00:00Z")
    body = kit.pod(
        kit.container("app", status=unready), nodeName="n", status={"conditions": [since]}
    )
    found = triaged(body)
    (looked,) = found.looked
    rows = [
        report(replace(found, looked=[replace(looked, basis=basis)])).rows[0]
        for basis in ("status", "api", "inside")
    ]
    assert {(row.symptom, row.severity) for row in rows} == {("notReady", "critical")}


@pytest.mark.parametrize(
    ("complete", "severity"),
    [({"shop/load-1", "shop/load-2"}, "info"), ({"shop/load-1"}, "critical")],
)
def test_a_failed_try_of_a_complete_job_is_history_however_it_was_looked_at(
    complete: set[str], severity: str
) -> None:
    ended = kit.status(kit.terminated(3, finishedAt=EARLIER))
    tally = Tally()
    for name in ("load-1", "load-2"):
        body = kit.pod(
            kit.container("app", status=ended),
            name=f"{name}-x7z",
            metadata={"ownerReferences": kit.owned_by("Job", name)},
            status={"phase": "Failed"},
            restartPolicy="Never",
        )
        group = tally.add(gate_of(body), Sick("failed", EARLIER))
        assert group is not None
        group.body = json.dumps(body).encode()
    looked = list(by_status(tally.groups.items(), NOW, complete))
    rows = report(Triaged(tally, "", NOW, {}, looked, [])).rows
    assert {row.name: row.severity for row in rows} == {"load-1": "info", "load-2": severity}


def test_saved_pods_without_a_clock_are_judged_by_their_status_alone() -> None:
    capture = msgspec.structs.replace(sealed({}, ""), source="manifest")
    assert report(of_capture(capture)).scanned == 0
