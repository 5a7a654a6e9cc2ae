"""Events of many pods by one list: each pod gets its own, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_server import DATE, FakeServer

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import Wish, pod_calls
from kubectl_podx.capture.targets import Targets
from kubectl_podx.capture.together import MANY, merged, split
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import Reference

HASH = {"pod-template-hash": "5f", "app": "web"}


def pod(name: str) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": "web-5f", "uid": "rs", "controller": True}
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": HASH}
    return {
        "kind": "Pod",
        "metadata": {**meta, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "app", "image": "web"}]},
        "status": {"phase": "Running"},
    }


def event(name: str, reason: str) -> dict[str, Any]:
    involved = {"kind": "Pod", "name": name, "namespace": "shop", "uid": f"uid-{name}"}
    meta = {"name": f"{name}.{reason}", "namespace": "shop"}
    return {"metadata": meta, "reason": reason, "involvedObject": involved}


class Crowd(FakeServer):
    """A namespace of pods of one owner, and an event of each."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self.names = names
        self.queries: list[tuple[str, dict[str, str]]] = []
        self.pages: list[dict[str, Any]] = [
            {"kind": "EventList", "items": [event(name, "Pulled") for name in names]},
            {"kind": "EventList", "items": [event("another", "Pulled")]},
        ]

    def list_pages(self, path: str, query: Any = ()) -> Any:
        self.fault(path)
        given = dict(query)
        self.queries.append((path.rpartition("/")[2], given))
        if path.endswith("/pods"):
            page = {"kind": "PodList", "items": [pod(name) for name in self.names]}
            yield Answer(200, json.dumps(page).encode(), DATE)
        elif path.endswith("/events"):
            uid = given["fieldSelector"].partition("involvedObject.uid=")[2]
            for page in self.pages:
                rows = [one for one in page["items"] if uid in ("", one["involvedObject"]["uid"])]
                yield Answer(200, json.dumps({**page, "items": rows}).encode(), DATE)
        else:
            yield from super().list_pages(path, query)

    def asked_for(self, plural: str) -> list[dict[str, str]]:
        return [query for path, query in self.queries if path == plural]


def look_at(count: int, **changes: Any) -> tuple[Crowd, Capture]:
    server = Crowd([f"web-{at}" for at in range(count)])
    for name, value in changes.items():
        setattr(server, name, value)
    wish = Wish(exec_allowed=False, logs=False)
    gatherer = Gatherer(server, wish, Deadline(20), 8)  # type: ignore[arg-type]
    return server, gatherer.capture(Targets(selector="app=web"), "shop")


def reasons(capture: Capture) -> dict[str, list[str]]:
    return {
        one.reference: [row["reason"] for row in capture.lists[f"Event/{one.reference}"].items]
        for one in capture.pods
    }


def test_many_pods_of_a_namespace_have_their_events_by_one_list() -> None:
    server, capture = look_at(MANY)
    assert server.asked_for("events") == [{"fieldSelector": "involvedObject.kind=Pod"}]
    assert set(map(tuple, reasons(capture).values())) == {("Pulled",)}
    assert "Event/shop" not in capture.lists
    for one in capture.pods:
        assert f"list Event/{one.reference}" in {call.id for call in one.calls}


def test_a_few_pods_have_their_events_by_a_list_each() -> None:
    server, capture = look_at(MANY - 1)
    assert len(server.asked_for("events")) == MANY - 1
    assert set(map(tuple, reasons(capture).values())) == {("Pulled",)}


def test_the_pods_of_one_template_share_the_list_of_its_pods() -> None:
    server, capture = look_at(MANY)
    # The selected ones, and those of the template.
    assert len(server.asked_for("pods")) == 2
    assert all(
        "list Pod/shop/pod-template-hash=5f" in {c.id for c in one.calls} for one in capture.pods
    )


def test_that_the_list_is_forbidden_is_known_of_every_pod() -> None:
    def refuse(path: str) -> None:
        if path.endswith("/events"):
            raise ClusterError("denied", "Error from server (Forbidden)")

    _, capture = look_at(MANY, fault=refuse)
    states = {capture.lists[f"Event/{one.reference}"].state for one in capture.pods}
    assert states == {"denied"}
    assert all(
        call.needs for one in capture.pods for call in one.calls if call.id.startswith("list Event")
    )


def test_an_answer_that_is_no_list_is_asked_for_again_for_each_pod() -> None:
    server, _ = look_at(MANY, pages=[])
    assert len(server.asked_for("events")) == 1
    calls = {
        (reference := Reference("Pod", "shop", f"web-{at}")): pod_calls(
            reference, pod(f"web-{at}"), Wish()
        )
        for at in range(MANY)
    }
    asked, stand_ins = merged(calls)
    (stand_in,) = [call for call in asked if call.id in stand_ins]
    for answer, reason in ((b"no json", ""), (b'{"items":[]}', "only the first pages were read")):
        outcomes = {stand_in.id: Outcome(stand_in, "ok", reason, answer=[answer])}
        assert split(outcomes, stand_ins) == stand_ins[stand_in.id]
        assert outcomes == {}


@pytest.mark.parametrize("state", ["timedOut", "failed"])
def test_what_failed_has_failed_for_every_pod(state: Any) -> None:
    calls = {
        (reference := Reference("Pod", "shop", f"web-{at}")): pod_calls(
            reference, pod(f"web-{at}"), Wish()
        )
        for at in range(MANY)
    }
    asked, stand_ins = merged(calls)
    (stand_in,) = [call for call in asked if call.id in stand_ins]
    outcomes = {stand_in.id: Outcome(stand_in, state, "no answer")}
    assert split(outcomes, stand_ins) == []
    assert {each.state for each in outcomes.values()} == {state}
    assert len(outcomes) == MANY
