"""Pages of pods through the gate: what is kept, what is counted, and a list that expires."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_podx.capture.scan import Selection, ahead, pages, scan
from kubectl_podx.capture.triage import Shard
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.pod.gate import body_of
from kubectl_podx.pod.sick import GroupKey

DATE = "Wed, 25 Nov 2026 12:00:00 GMT"
ALL = Selection(())


def crashing(name: str, owner: str = "web-5f85b49978", namespace: str = "shop") -> dict[str, Any]:
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": True}],
        },
        "spec": {"nodeName": "node-1"},
        "status": {
            "phase": "Running",
            "containerStatuses": [
                {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
            ],
        },
    }


def fine(name: str) -> dict[str, Any]:
    found = crashing(name)
    return {**found, "status": {"phase": "Succeeded"}}


class Pages:
    """A server of lists: each page is items, or an error; remembers the tokens it was asked by."""

    def __init__(self, *answers: list[Any] | ClusterError, whole: bool = False) -> None:
        self.whole = whole
        self.answers = list(answers)
        self.tokens: list[str] = []
        self.paths: list[str] = []

    def get(self, path: str, query: Any = (), **_: Any) -> Answer:
        asked = dict(query)
        assert asked["limit"] == "500"
        self.tokens.append(asked.get("continue", ""))
        self.paths.append(path)
        answer = self.answers.pop(0)
        if isinstance(answer, ClusterError):
            raise answer
        more = f"token-{len(self.tokens)}" if self.answers and not self.whole else ""
        body = {"kind": "PodList", "metadata": {"continue": more}, "items": answer}
        return Answer(200, json.dumps(body).encode(), DATE)


def expired(token: str = "") -> ClusterError:
    error = ClusterError("expired", "Error from server (Expired): too old")
    error.continue_token = token
    return error


def run(server: Pages, selection: Selection = ALL, **more: Any) -> Any:
    return scan(server, selection, **more)  # type: ignore[arg-type]


def test_the_sick_are_kept_by_owner_and_the_healthy_counted() -> None:
    told: list[tuple[int, int]] = []
    server = Pages([crashing("a"), fine("b")], [crashing("c"), crashing("d", "api-5f85b49978")])
    found = run(server, progress=lambda *counts: told.append(counts))
    assert (found.tally.scanned, found.tally.sick) == (4, 3)
    assert told == [(2, 1), (4, 3)]
    web = found.tally.groups[GroupKey("shop", "Deployment", "web", "crashLoop")]
    assert (web.count, web.names, web.nodes) == (2, ["shop/a", "shop/c"], {"node-1": 2})
    body: Any = body_of(web.body)
    assert (body["kind"], body["metadata"]["name"]) == ("Pod", "a")
    assert server.tokens == ["", "token-1"]
    assert (found.cut, found.moments) == ("", 1)


def test_the_bodies_of_very_many_groups_are_packed_and_read_all_the_same() -> None:
    pods = [crashing(f"p{at}", f"app{at}-5f85b49978") for at in range(600)]
    found = run(Pages(pods[:300], pods[300:500], pods[500:]))
    bodies = [group.body for group in found.tally.groups.values()]
    assert len(bodies) == 600
    assert [body.startswith(b"{") for body in bodies] == [True] * 300 + [False] * 300
    names = [body_of(body)["metadata"]["name"] for body in bodies]  # type: ignore[index]
    assert names == [f"p{at}" for at in range(600)]
    assert body_of(bodies[-1][:-3]) == {}


def test_one_body_is_kept_however_many_pods_are_sick() -> None:
    server = Pages(*([crashing(f"p{page}-{at}") for at in range(100)] for page in range(20)))
    found = run(server)
    assert found.tally.sick == 2000
    (group,) = found.tally.groups.values()
    assert (group.count, len(group.names)) == (2000, 5)


def test_an_expired_list_goes_on_where_the_server_says_and_is_not_of_one_moment() -> None:
    server = Pages([crashing("a")], expired("newer"), [crashing("b")])
    found = run(server)
    assert (found.tally.scanned, found.moments) == (2, 2)
    assert server.tokens == ["", "token-1", "newer"]


def test_an_expired_list_without_a_token_starts_over_once_and_counts_nothing_twice() -> None:
    found = run(Pages([crashing("a")], expired(), [crashing("a")], [fine("b")]))
    assert (found.tally.scanned, found.tally.sick) == (2, 1)
    found = run(Pages([crashing("a")], expired(), [crashing("a")], expired()))
    assert found.tally.scanned == 1
    assert "ended early" in found.cut


def test_a_list_that_cannot_begin_is_an_error_and_one_that_breaks_off_is_partial() -> None:
    refused = ClusterError("denied", "Error from server (Forbidden): pods is forbidden")
    with pytest.raises(ClusterError):
        run(Pages(refused))
    found = run(Pages([crashing("a")], ClusterError("timedOut", "no answer in time"), []))
    assert found.tally.sick == 1
    assert found.cut == "the list of pods ended early: no answer in time"


def test_a_namespace_that_cannot_be_listed_costs_its_own_pods() -> None:
    gone = ClusterError("denied", "forbidden")
    server = Pages([crashing("a")], gone, [crashing("c")], whole=True)
    found = run(server, Selection(("one", "two", "three")))
    assert found.tally.scanned == 2
    assert found.cut == "pods of namespace two could not be listed: forbidden"
    assert server.paths == [f"/api/v1/namespaces/{name}/pods" for name in ("one", "two", "three")]


def test_a_page_that_is_no_list_is_an_error() -> None:
    class Odd(Pages):
        def get(self, path: str, query: Any = (), **more: Any) -> Answer:
            return replace(super().get(path, query, **more), body=b"<html>")

    with pytest.raises(ClusterError, match="no list"):
        run(Odd([]))


def test_selectors_go_to_the_server() -> None:
    assert Selection((), "app=web", "spec.nodeName=n").query() == [
        ("labelSelector", "app=web"),
        ("fieldSelector", "spec.nodeName=n"),
    ]


def test_reading_ahead_keeps_the_order_and_passes_errors_on() -> None:
    def chunks(fail: bool) -> Iterator[Any]:
        yield 1
        yield 2
        if fail:
            raise ClusterError("failed", "broken")

    passed: list[Any] = list(ahead(chunks(fail=False)))
    assert passed == [1, 2]
    with pytest.raises(ClusterError, match="broken"):
        list(ahead(chunks(fail=True)))


def test_whoever_stops_reading_ahead_does_not_wait() -> None:
    def endless() -> Iterator[Any]:
        while True:
            yield 1

    reader = ahead(endless())
    first: Any = next(reader)
    assert first == 1
    del reader


def test_every_namespace_is_of_exactly_one_shard() -> None:
    names = [f"team-{at}" for at in range(200)]
    shards = [Shard(at, 4) for at in range(4)]
    owners = [[shard.number for shard in shards if shard.has(name)] for name in names]
    assert {len(each) for each in owners} == {1}
    assert {each[0] for each in owners} == {0, 1, 2, 3}


def test_pages_are_asked_for_one_by_one() -> None:
    server = Pages([], [])
    chunks: Callable[[], Any] = pages(server, "/api/v1/pods", ()).__next__  # type: ignore[arg-type]
    chunks()
    assert len(server.tokens) == 1
