"""A whole run against a server of plain Python: what is asked, and what one broken call costs."""

from __future__ import annotations

import json
import threading
from typing import Any

import msgspec
import pytest
from fake_server import DATE, RECORDED, FakeServer

from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import Wish, pod_calls
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer
from kubectl_podx.findings.analyse import analyse
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.reference import Reference

POD = Reference("Pod", "lead", "everything")


def run(server: FakeServer, *words: str, **wish: Any) -> Capture:
    gatherer = Gatherer(server, Wish(**wish), Deadline(20), 8)  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=words or ("everything",)), "lead")


def test_one_report_asks_for_the_plan_and_reads_the_pod_twice() -> None:
    server = FakeServer()
    capture = run(server)
    planned = pod_calls(POD, server.pod, Wish())
    # The pod before and after the looks, the version, and the look through a neighbour.
    assert len(server.asked) == len(planned) + 4
    assert server.asked.count("/api/v1/namespaces/lead/pods/everything") == 2
    # Three looks, and the reads beside them.
    assert server.dialled == 5
    assert {call.state for call in capture.pods[0].calls} == {"ok", "missing"}
    assert capture.captured_at == "2026-11-25T02:10:00Z"
    assert capture.server_version == "v1.37.2"
    methods = {one.container: one.method for one in capture.pods[0].observations}
    assert methods == {"app": "exec", "neighbour": "exec", "plain": "neighbour"}


def test_a_capture_goes_through_its_own_format_unchanged() -> None:
    capture = run(FakeServer())
    again = msgspec.json.decode(msgspec.json.encode(capture), type=Capture)
    assert again == capture
    assert analyse(again) == analyse(capture)


@pytest.mark.parametrize(
    "part",
    ["configmaps", "secrets", "nodes", "events", "services", "metrics", "exec app", "version"],
)
@pytest.mark.parametrize(
    ("kind", "state"),
    [("denied", "denied"), ("timedOut", "timedOut"), ("unreachable", "failed"), ("bug", "failed")],
)
def test_a_call_that_fails_costs_only_its_rows(part: str, kind: Any, state: str) -> None:
    server = FakeServer()

    def fail(path: str) -> None:
        if part in path:
            if kind == "bug":
                raise ZeroDivisionError("canary-in-a-traceback")
            raise ClusterError(kind, "Error from server: no")

    server.fault = fail
    capture = run(server)
    failed = [call for call in capture.pods[0].calls if call.state not in ("ok", "missing")]
    assert {call.state for call in failed} <= {state}
    assert failed or part == "version"
    if state == "denied" and part != "version":
        assert all(call.needs for call in failed)
    report = analyse(capture).items[0]
    assert report.pod.ready == "3/3"
    assert "canary" not in msgspec.json.encode(report).decode()
    if part not in ("version", "services"):
        assert report.coverage


def test_who_waits_is_told_how_far_it_is() -> None:
    server = FakeServer()
    told: list[tuple[int, int]] = []
    slow = threading.Event()

    def hold(path: str) -> None:
        if path.endswith("/version"):
            slow.wait(10)

    def progress(done: int, known: int) -> None:
        told.append((done, known))
        if done == known - 1:
            slow.set()

    server.fault = hold
    gatherer = Gatherer(server, Wish(), Deadline(20), 8, None, progress)  # type: ignore[arg-type]
    gatherer.capture(Targets(words=("everything",)), "lead")
    assert told
    assert all(done < known for done, known in told)


def test_a_pod_that_may_not_be_read_is_an_error() -> None:
    server = FakeServer()

    def refuse(path: str) -> None:
        raise ClusterError("denied", "Error from server (Forbidden): pods is forbidden")

    server.fault = refuse
    with pytest.raises(PodxError, match="Forbidden"):
        run(server)


def changed(pod: dict[str, Any], **meta: Any) -> dict[str, Any]:
    return {**pod, "metadata": {**pod["metadata"], **meta}}


def test_a_namesake_that_took_its_place_gives_no_difference() -> None:
    server = FakeServer()
    server.after_the_look = changed(server.pod, uid="another")
    capture = run(server)
    assert {one.state for one in capture.pods[0].observations} == {"unobservable"}
    assert "namesake" in capture.pods[0].disturbed


def test_a_pod_deleted_under_our_eyes_is_told_by_what_the_api_held() -> None:
    server = FakeServer()
    server.after_the_look = {}
    capture = run(server)
    assert "deleted" in capture.pods[0].disturbed
    assert analyse(capture).items[0].files is not None


def test_a_container_that_restarted_meanwhile_is_not_compared() -> None:
    server = FakeServer()
    again = json.loads(json.dumps(server.pod))
    status = next(one for one in again["status"]["containerStatuses"] if one["name"] == "app")
    status["restartCount"] += 1
    server.after_the_look = again
    capture = run(server)
    states = {one.container: one.state for one in capture.pods[0].observations}
    assert states["app"] == "unobservable"
    assert states["neighbour"] == "observed"


@pytest.mark.parametrize("name", ["../secrets/login", "..", "a/b", "%2e%2e", "a?b", "a b\n"])
def test_a_name_that_is_a_path_is_never_asked_for(name: str) -> None:
    recorded = json.loads((RECORDED / "everything.json").read_text())["pod"]
    spec = {**recorded["spec"], "volumes": [{"name": "x", "configMap": {"name": name}}]}
    spec["imagePullSecrets"] = [{"name": name}]
    server = FakeServer(spec=spec)
    server.pod["metadata"] = {
        **recorded["metadata"],
        "ownerReferences": [{"kind": "ReplicaSet", "name": name, "uid": "u"}],
    }
    capture = run(server)
    asked = " ".join(server.asked)
    assert name not in asked
    assert "replicasets/" not in asked
    failed = [call for call in capture.pods[0].calls if call.state == "failed"]
    assert failed
    assert all("not a name" in call.reason for call in failed)
    json.dumps(msgspec.to_builtins(analyse(capture)))


def test_an_answer_that_is_another_object_is_not_used() -> None:
    server = FakeServer()
    path = "/api/v1/namespaces/lead/configmaps/settings"
    server.bodies[path] = server.bodies["/api/v1/namespaces/lead/secrets/login"]
    capture = run(server)
    stored = capture.objects["ConfigMap/lead/settings"]
    assert (stored.state, stored.keys) == ("failed", None)


def test_secrets_are_scrubbed_from_logs_and_messages() -> None:
    server = FakeServer()
    status = json.loads(json.dumps(server.pod["status"]))
    for one in status["containerStatuses"]:
        one["ready"] = False
    status["message"] = "login with canary-7f3a-hunter2 failed"
    server.pod = {**server.pod, "status": status}
    server.bodies["/api/v1/namespaces/lead/pods/everything"] = server.pod
    original = server.get

    def get(path: str, query: Any = (), **more: Any) -> Answer:
        answer = original(path, query, **more)
        if path.endswith("/log"):
            return Answer(200, b"password is canary-7f3a-hunter2\nsecond\n", DATE)
        return answer

    server.get = get  # type: ignore[method-assign]
    capture = run(server)
    assert capture.pods[0].logs
    assert b"hunter2" not in msgspec.json.encode(capture)
    assert any("second" in log.lines for log in capture.pods[0].logs)


def test_what_an_answer_leads_to_is_read_too_and_belongs_to_the_pod() -> None:
    recorded = json.loads((RECORDED / "everything.json").read_text())["pod"]
    meta = {
        **recorded["metadata"],
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5f", "controller": True}],
    }
    server = FakeServer(metadata=meta)
    owner = [{"kind": "Deployment", "name": "web", "uid": "d", "controller": True}]
    where = {"namespace": "lead"}
    server.bodies["/apis/apps/v1/namespaces/lead/replicasets/web-5f"] = {
        "kind": "ReplicaSet",
        "metadata": {**where, "name": "web-5f", "ownerReferences": owner},
        "spec": {"selector": {"matchLabels": {"app": "web", "pod-template-hash": "5f"}}},
    }
    server.bodies["/apis/apps/v1/namespaces/lead/deployments/web"] = {
        "kind": "Deployment",
        "metadata": {**where, "name": "web"},
    }
    capture = run(server)
    assert capture.objects["Deployment/lead/web"].state == "present"
    ids = {call.id for call in capture.pods[0].calls}
    assert {"get Deployment/lead/web", "list ReplicaSet/Deployment/lead/web"} <= ids
    assert analyse(capture).items[0].pod.owners[-1].name == "web"
