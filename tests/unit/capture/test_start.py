"""A rehearsal as a whole: what is asked, what is sent, and what of it the Capture keeps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from kit import Json
from kubectl_podx.analysis import rehearsal
from kubectl_podx.capture.start import StartOptions, Starts
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.clock import Deadline

_DATE = "Wed, 25 Nov 2026 02:10:00 GMT"
_CANARY = "correct-horse-battery-staple"
_NODE = {"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "10", "cpu": "2"}}}
_DENIED = ClusterError(
    "denied",
    "Error from server (Forbidden): …",
    reason="Forbidden",
    said='pods is forbidden: User "me" cannot create resource "pods" in API group ""',
)


def _owned(name: str) -> Json:
    owner = {"kind": "ReplicaSet", "name": "web-5f", "uid": "rs", "controller": True}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": [owner]},
        "spec": {"nodeName": "n1", "containers": [{"name": "old", "image": "old:1"}]},
        "status": {"phase": "Running"},
    }


class Server:
    """A namespace with two pods of a ReplicaSet that needs a Secret."""

    def __init__(self, refusal: ClusterError | None = None) -> None:
        secret = {"valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}
        container = {
            "name": "app",
            "image": "web:1",
            "env": [
                {"name": "A", **secret},
                {"name": "DB_PASSWORD", "value": _CANARY},
            ],
        }
        self.pods = [_owned("web-5f-a"), _owned("web-5f-b")]
        self.asked: list[str] = []
        self.tried: list[tuple[str, Json]] = []
        self.refusal = refusal
        self.bodies: dict[str, Json] = {
            "/version": {"gitVersion": "v1.37.2"},
            "/apis/apps/v1/namespaces/shop/replicasets/web-5f": {
                "kind": "ReplicaSet",
                "metadata": {"name": "web-5f", "namespace": "shop", "uid": "rs"},
                "spec": {"template": {"spec": {"containers": [container]}}},
            },
            "/api/v1/namespaces/shop/secrets/login": {
                "kind": "Secret",
                "metadata": {"name": "login", "namespace": "shop"},
                "data": {"password": "bm90LWEtcmVhbC1vbmU="},
            },
            "/api/v1/namespaces/shop/serviceaccounts/default": {
                "kind": "ServiceAccount",
                "metadata": {"name": "default", "namespace": "shop"},
            },
        }

    def get(self, path: str, query: Any = (), **_: Any) -> Answer:
        self.asked.append(path)
        if path == "/api/v1/pods":
            return self._answer({"kind": "PodList", "items": self.pods})
        if path not in self.bodies:
            raise ClusterError("notFound", f"Error from server (NotFound): {path}")
        return self._answer(self.bodies[path])

    def list_pages(self, path: str, query: Any = ()) -> Iterator[Answer]:
        self.asked.append(path)
        found = {
            "/api/v1/namespaces/shop/pods": ("PodList", self.pods),
            "/api/v1/nodes": ("NodeList", [_NODE]),
        }
        kind, items = found[path]
        yield self._answer({"kind": kind, "items": items})

    def try_create(self, path: str, body: bytes) -> Answer:
        self.tried.append((path, json.loads(body)))
        if self.refusal is not None:
            raise self.refusal
        made = json.loads(body)
        made["spec"]["containers"].append({"name": "sidecar", "image": "mesh:1"})
        return self._answer(made)

    def _answer(self, body: Json) -> Answer:
        return Answer(200, json.dumps(body).encode(), _DATE)


def run(server: Server, **options: Any) -> Any:
    starts = Starts(server, StartOptions(**options), Deadline(10))  # type: ignore[arg-type]
    return starts.capture(starts.subjects(Targets(selector=""), "shop"))


def test_alike_pods_are_one_question_and_every_pod_has_its_answer() -> None:
    server = Server()
    report = rehearsal.report(run(server))
    assert [one.state for one in report.items] == ["wouldStart", "wouldStart"]
    ((path, body),) = server.tried
    assert path == "/api/v1/namespaces/shop/pods"
    assert body["metadata"]["generateName"] == "web-5f-"
    assert [one["name"] for one in body["spec"]["containers"]] == ["app"]
    assert "nodeName" not in body["spec"]


def test_each_object_is_asked_for_once() -> None:
    server = Server()
    run(server)
    assert len(server.asked) == len(set(server.asked))
    assert "/api/v1/namespaces/shop/secrets/login" in server.asked


def test_what_admission_adds_is_part_of_what_is_judged() -> None:
    capture = run(Server())
    body = capture.objects[capture.pods[0].reference].body
    assert [one["name"] for one in body["spec"]["containers"]] == ["app", "sidecar"]
    assert body["metadata"]["uid"] == "web-5f-a"


def test_no_secret_is_in_the_capture() -> None:
    from kubectl_podx.render.document import to_json

    shown = to_json(run(Server()))
    for value in (_CANARY, "not-a-real-one", "bm90LWEtcmVhbC1vbmU="):
        assert value not in shown


def test_a_refusal_that_quotes_a_value_is_scrubbed() -> None:
    said = f'Pod "web" is invalid: spec.containers[0].env[1].value: Invalid value: "{_CANARY}"'
    refusal = ClusterError("failed", said, reason="Invalid", said=said)
    report = rehearsal.report(run(Server(refusal)))
    assert {one.state for one in report.items} == {"wouldNotStart"}
    assert _CANARY not in str(report)


def test_no_dry_run_tries_nothing() -> None:
    server = Server()
    report = rehearsal.report(run(server, dry_run=False))
    assert server.tried == []
    assert {one.admission.state for one in report.items} == {"notAsked"}
    assert report.verdict.severity == "unknown"


def test_without_the_right_nothing_is_known() -> None:
    report = rehearsal.report(run(Server(_DENIED)))
    assert {(one.state, one.admission.state) for one in report.items} == {("unknown", "denied")}
    assert {row.needs for one in report.items for row in one.coverage} == {"create pods"}


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_left_out(phase: str) -> None:
    server = Server()
    server.pods[0]["status"]["phase"] = phase
    assert [one.name for one in rehearsal.report(run(server)).items] == ["web-5f-b"]


def test_a_static_pod_is_left_out() -> None:
    server = Server()
    server.pods[0]["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert [one.name for one in rehearsal.report(run(server)).items] == ["web-5f-b"]


def test_an_owner_of_the_same_name_that_was_made_since_declares_nothing() -> None:
    server = Server()
    server.bodies["/apis/apps/v1/namespaces/shop/replicasets/web-5f"]["metadata"]["uid"] = "new"
    report = rehearsal.report(run(server))
    assert {one.basis for one in report.items} == {"pod"}
    assert len(server.tried) == 2


@pytest.mark.parametrize("answer", [b"", b"[]", b"<html>", b'{"kind":"Pod"}', b"\xff"])
def test_an_answer_that_is_no_pod_is_survived(answer: bytes) -> None:
    server = Server()
    server.try_create = lambda *_: Answer(201, answer, _DATE)  # type: ignore[method-assign]
    assert len(rehearsal.report(run(server)).items) == 2
