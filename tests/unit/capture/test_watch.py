"""Watching: what an event means, and which looks of before still hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kit
from kubectl_podx.capture.targets import Targets
from kubectl_podx.capture.watch import (
    Following,
    judge,
    moment_of,
    new_instances,
    with_looks_of_before,
)
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture, Observation
from kubectl_podx.model.clock import Deadline


def event(kind: str, name: str = "web-0", version: str = "8", namespace: str = "shop") -> bytes:
    meta = {"name": name, "namespace": namespace, "resourceVersion": version}
    return json.dumps({"type": kind, "object": {"kind": "Pod", "metadata": meta}}).encode()


GONE = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}


@pytest.mark.parametrize(
    ("line", "version", "ended"),
    [
        (event("MODIFIED"), "8", "changed"),
        (event("MODIFIED", "another"), "8", None),
        (event("MODIFIED", namespace="other"), "8", None),
        (event("ADDED", "another"), "8", "changed"),
        (event("DELETED"), "8", "changed"),
        (event("BOOKMARK", ""), "8", None),
        (json.dumps(GONE).encode(), "7", "expired"),
        (b"{", "7", "expired"),
        (b"", "7", "expired"),
        (b'{"type": "MODIFIED", "object": null}', "7", "expired"),
        (b"[" * 5000, "7", "expired"),
    ],
)
def test_what_an_event_means(line: bytes, version: str, ended: str | None) -> None:
    assert judge(line, "7", {"shop/web-0"}) == (version, ended)


@given(st.binary(max_size=200))
def test_no_line_makes_it_raise(line: bytes) -> None:
    version, ended = judge(line, "7", set())
    assert version == "7" or ended is None or ended == "changed"
    assert isinstance(moment_of(line), str)


class Server:
    def __init__(self, *lines: bytes) -> None:
        self.lines = lines
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get(self, path: str, query: Any) -> Answer:
        self.asked.append((path, dict(query)))
        return Answer(200, b'{"kind":"PodList","metadata":{"resourceVersion":"7"}}', None)

    def watch(self, path: str, query: Any, take: Any, **_: Any) -> None:
        self.asked.append((path, dict(query)))
        for line in self.lines:
            if not take(line):
                return


@pytest.mark.parametrize(
    ("targets", "path", "query"),
    [
        (
            Targets(words=("web-0",)),
            "/api/v1/namespaces/shop/pods",
            {"fieldSelector": "metadata.name=web-0"},
        ),
        (
            Targets(selector="app=web", field_selector="spec.nodeName=n"),
            "/api/v1/namespaces/shop/pods",
            {"labelSelector": "app=web", "fieldSelector": "spec.nodeName=n"},
        ),
        (
            Targets(selector="app=web", all_namespaces=True),
            "/api/v1/pods",
            {"labelSelector": "app=web"},
        ),
        (Targets(words=("deploy/web",)), "/api/v1/namespaces/shop/pods", {}),
    ],
)
def test_what_is_watched(targets: Targets, path: str, query: dict[str, str]) -> None:
    server: Any = Server(event("MODIFIED", version="9"))
    following = Following(targets, "shop")
    following.begin(server)
    ended = following.wait(server, {"shop/web-0"}, deadline=Deadline(9))
    assert ended == "changed"
    assert following.version == "9"
    (listed, first), (watched, second) = server.asked
    assert listed == watched == path
    assert first == {**query, "limit": "1"}
    assert {key: second[key] for key in query} == query
    assert (second["watch"], second["resourceVersion"]) == ("true", "7")


def test_a_watch_that_ends_goes_on_from_the_last_bookmark() -> None:
    server: Any = Server(event("BOOKMARK", "", "12"), event("MODIFIED", "another", "13"))
    following = Following(Targets(words=("web-0",)), "shop")
    following.begin(server)
    assert following.wait(server, {"shop/web-0"}, deadline=Deadline(9)) == "quiet"
    assert following.version == "13"


def capture(container_id: str, *looks: Observation) -> Capture:
    told = kit.status(
        kit.running("2026-11-25T11:00:00Z"), containerID=f"containerd://{container_id}"
    )
    body = kit.pod(kit.container("app", status=told))
    return kit.capture_of([(kit.captured(body, observations=list(looks)), body)])


LOOK = kit.observation(container_id="one")


def test_a_look_holds_while_the_container_is_the_same() -> None:
    before = capture("one", LOOK)
    kept = with_looks_of_before(capture("one"), before)
    assert kept.pods[0].observations == [LOOK]
    assert not new_instances(kept, kept)


def test_a_look_of_another_instance_is_dropped() -> None:
    before = capture("one", LOOK)
    assert with_looks_of_before(capture("two"), before).pods[0].observations == []
    assert new_instances(capture("two"), before)
