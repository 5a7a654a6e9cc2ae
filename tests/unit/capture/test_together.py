"""Events of many pods by one list: each pod gets its own, and nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kit
from kit import Json
from kit.fake_server import DATE, FakeServer
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.planned import MANY
from kubectl_podx.capture.targets import Targets
from kubectl_podx.capture.together import merged, split
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import Reference

HASH = {"pod-template-hash": "5f", "app": "web"}


def replica(name: str) -> Json:
    return kit.pod(
        kit.container("app", image="web"),
        name=name,
        uid=f"uid-{name}",
        metadata={"labels": HASH, "ownerReferences": kit.owned_by("ReplicaSet", "web-5f")},
    )


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
            pods = {"kind": "PodList", "items": [replica(name) for name in self.names]}
            yield Answer(200, json.dumps(pods).encode(), DATE)
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
    wish = LookOptions(exec_allowed=False, logs=False)
    gatherer = Gatherer(server, wish, Deadline(20))  # type: ignore[arg-type]
    return server, gatherer.capture(Targets(selector="app=web"), "shop")


def reasons(capture: Capture) -> dict[str, list[str]]:
    return {
        one.reference: [row["reason"] for row in capture.lists[f"Event/{one.reference}"].items]
        for one in capture.pods
    }


def node(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}, **more}


def calls_of(count: int, nodes: bool = False) -> dict[Reference, Any]:
    found = {}
    for at in range(count):
        body = replica(f"web-{at}")
        if nodes:
            body["spec"]["nodeName"] = f"node-{at}"
        reference = Reference("Pod", "shop", f"web-{at}")
        found[reference] = pod_calls(reference, body, LookOptions())
    return found


def test_many_nodes_are_read_by_one_list_and_those_it_lacks_one_by_one() -> None:
    asked, stand_ins = merged(calls_of(MANY, nodes=True))
    (stand_in,) = [call for call in asked if call.reference.kind == "Node" and call.kind == "list"]
    (query,) = stand_in.query
    assert query[0] == "labelSelector"
    assert query[1].startswith("kubernetes.io/hostname in (node-0,node-1,")
    assert not [call for call in asked if call.kind == "get" and call.reference.kind == "Node"]
    page = {"kind": "NodeList", "items": [node(f"node-{at}", spec={}) for at in range(MANY - 1)]}
    outcomes = {stand_in.id: Outcome(stand_in, "ok", answer=[json.dumps(page).encode()])}
    left = split(outcomes, {stand_in.id: stand_ins[stand_in.id]})
    assert [call.reference.name for call in left] == [f"node-{MANY - 1}"]
    body = json.loads(outcomes["get Node//node-3"].answer)
    assert (body["kind"], body["metadata"]["name"]) == ("Node", "node-3")


@pytest.mark.parametrize("state", ["denied", "failed", "timedOut"])
def test_nodes_that_cannot_be_listed_are_read_one_by_one(state: Any) -> None:
    asked, stand_ins = merged(calls_of(MANY, nodes=True))
    (stand_in,) = [call for call in asked if call.reference.kind == "Node" and call.kind == "list"]
    outcomes = {stand_in.id: Outcome(stand_in, state, "forbidden")}
    left = split(outcomes, {stand_in.id: stand_ins[stand_in.id]})
    assert [call.id for call in left] == [f"get Node//node-{at}" for at in range(MANY)]
    assert outcomes == {}


def test_a_few_nodes_are_read_one_by_one() -> None:
    asked, _ = merged(calls_of(MANY - 1, nodes=True))
    assert not [call for call in asked if call.kind == "list" and call.reference.kind == "Node"]


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
    asked, stand_ins = merged(calls_of(MANY))
    (stand_in,) = [call for call in asked if call.id in stand_ins]
    for answer, reason in ((b"no json", ""), (b'{"items":[]}', "only the first pages were read")):
        outcomes = {stand_in.id: Outcome(stand_in, "ok", reason, answer=[answer])}
        assert split(outcomes, stand_ins) == stand_ins[stand_in.id]
        assert outcomes == {}


@pytest.mark.parametrize("state", ["timedOut", "failed"])
def test_what_failed_has_failed_for_every_pod(state: Any) -> None:
    asked, stand_ins = merged(calls_of(MANY))
    (stand_in,) = [call for call in asked if call.id in stand_ins]
    outcomes = {stand_in.id: Outcome(stand_in, state, "no answer")}
    assert split(outcomes, stand_ins) == []
    assert {each.state for each in outcomes.values()} == {state}
    assert len(outcomes) == MANY
