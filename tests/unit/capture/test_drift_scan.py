"""The scan for drift: lists page by page, of sources the metadata alone, each read once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit import Json
from kubectl_podx.analysis import drift as analysis
from kubectl_podx.capture import drift
from kubectl_podx.capture.names import METADATA, METADATA_LIST
from kubectl_podx.capture.triage import Shard
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import UsageError

_DATE = "Wed, 25 Nov 2026 02:10:00 GMT"
BEFORE, START, AFTER = "2026-11-25T01:00:00Z", "2026-11-25T01:30:00Z", "2026-11-25T02:00:00Z"


def _pod(number: int, namespace: str = "shop") -> Json:
    ref = {"name": "login", "key": "password"}
    env = [{"name": "PASSWORD", "valueFrom": {"secretKeyRef": ref}}]
    owner = {"kind": "StatefulSet", "name": "web", "controller": True}
    meta = {"name": f"web-{number}", "namespace": namespace, "uid": f"{namespace}-{number}"}
    return {
        "metadata": {**meta, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "app", "image": "web:1", "env": env}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "app", "state": {"running": {"startedAt": START}}}],
        },
    }


def _login(time: str = AFTER, namespace: str = "shop") -> Json:
    entry = {"manager": "vault", "time": time, "fieldsV1": {"f:data": {"f:password": {}}}}
    meta = {"name": "login", "namespace": namespace, "creationTimestamp": BEFORE}
    return {"metadata": {**meta, "managedFields": [entry]}}


class Server:
    """Pods in pages of two, and one Secret."""

    def __init__(self, pods: list[Json], denied: tuple[str, ...] = ()) -> None:
        self.pods, self.denied = pods, denied
        self.secrets = [_login(), _login(namespace="other")]
        self.asked: list[tuple[str, str]] = []

    def get(self, path: str, query: Any = (), accept: str = "application/json", **_: Any) -> Answer:
        self.asked.append((path, accept))
        if any(part in path for part in self.denied):
            raise ClusterError("denied", "forbidden", reason="Forbidden", said="forbidden")
        if path == "/version":
            return self._answer({"gitVersion": "v1.37.2"})
        if path.endswith("/pods"):
            at = int(dict(query).get("continue") or 0)
            token = str(at + 2) if at + 2 < len(self.pods) else ""
            return self._answer({"metadata": {"continue": token}, "items": self.pods[at : at + 2]})
        if path.endswith("/secrets"):
            return self._answer({"metadata": {}, "items": self.secrets})
        if path.endswith("/secrets/login"):
            return self._answer(self.secrets[0])
        if path.endswith(("configmaps", "deployments", "statefulsets", "daemonsets", "namespaces")):
            return self._answer({"metadata": {}, "items": []})
        raise ClusterError("notFound", "not found", reason="NotFound", said="not found")

    def _answer(self, body: Json) -> Answer:
        return Answer(200, json.dumps(body).encode(), _DATE)


def scanned(server: Server, *words: str, **options: Any) -> Any:
    given = drift.DriftOptions(words=words, **options)
    asked = drift.wanted(words)
    namespace = "" if given.all_namespaces else "shop"
    run = drift._Run(server, given, asked, namespace, Deadline(10))  # type: ignore[arg-type]
    return analysis.report(run.all(lambda *_: None))


def test_many_pages_are_one_row() -> None:
    report = scanned(Server([_pod(at) for at in range(7)]))
    (row,) = report.rows
    assert (row.pods, row.of, row.state, row.confidence) == (7, 7, "old", "likely")
    assert (row.source, row.how, row.changed_by) == ("Secret/login", ["PASSWORD of app"], "vault")
    assert row.fix == "kubectl rollout restart sts/web -n shop"
    assert report.verdict.summary == (
        "7 pods in namespace shop: 1 workload with something older or gone"
    )


def test_of_sources_the_metadata_alone_is_asked_for() -> None:
    server = Server([_pod(0)])
    scanned(server)
    forms = {accept for path, accept in server.asked if "secrets" in path or "configmaps" in path}
    assert forms == {METADATA_LIST}
    server = Server([_pod(0)])
    scanned(server, "secret/login")
    forms = {accept for path, accept in server.asked if "secrets" in path}
    assert forms == {METADATA}


def test_what_may_not_be_listed_is_read_by_name_once() -> None:
    server = Server([_pod(at) for at in range(7)])
    original = server.get

    def get(path: str, query: Any = (), accept: str = "application/json", **more: Any) -> Answer:
        if path.endswith("/secrets"):
            raise ClusterError("denied", "forbidden", reason="Forbidden", said="forbidden")
        return original(path, query, accept, **more)

    server.get = get  # type: ignore[method-assign]
    report = scanned(server)
    assert (report.rows[0].pods, report.coverage) == (7, [])
    assert [path for path, _ in server.asked].count("/api/v1/namespaces/shop/secrets/login") == 1


def test_what_may_not_be_read_at_all_is_no_drift() -> None:
    report = scanned(Server([_pod(0)], denied=("secrets",)))
    assert report.rows == []
    (row,) = report.coverage
    assert (row.state, row.needs) == ("denied", "list secrets")
    assert report.verdict.severity == "unknown"


def test_a_shard_has_its_own_namespaces() -> None:
    pods = [_pod(0), _pod(0, "other")]
    whole = scanned(Server(pods), all_namespaces=True)
    assert {row.namespace for row in whole.rows} == {"shop", "other"}
    parts = [scanned(Server(pods), all_namespaces=True, shard=Shard(at, 3)).rows for at in range(3)]
    assert sorted(row.namespace for rows in parts for row in rows) == ["other", "shop"]


def test_a_target_is_one_workload_or_pod() -> None:
    assert len(scanned(Server([_pod(0)]), "sts/web").rows) == 1
    assert scanned(Server([_pod(0)]), "sts/other").rows == []
    assert scanned(Server([_pod(0), _pod(1)]), "web-1").rows[0].names == ["web-1"]


@pytest.mark.parametrize(
    "words", [("svc/web",), ("secret/a", "web"), ("secret/",), ("nothing/x",), ("secret/a/b",)]
)
def test_words_that_name_nothing(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        drift.wanted(words)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"items": 3}', b"\xff"])
def test_a_page_that_is_no_list_is_an_error_in_our_own_words(body: bytes) -> None:
    server = Server([_pod(0)])
    original = server.get

    def get(path: str, query: Any = (), accept: str = "application/json", **more: Any) -> Answer:
        if path.endswith("/pods"):
            return Answer(200, body, _DATE)
        return original(path, query, accept, **more)

    server.get = get  # type: ignore[method-assign]
    with pytest.raises(ClusterError, match="no list"):
        scanned(server)


def test_a_name_that_is_hostile_goes_into_no_command() -> None:
    bad = _pod(0)
    bad["metadata"]["name"] = "web; rm -rf ~"
    bad["metadata"]["ownerReferences"] = []
    (row,) = scanned(Server([bad])).rows
    assert "rm -rf" not in row.next + row.fix
