"""A whole run against a server of plain Python: what is asked, and what one broken call costs."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import msgspec
import pytest

from kit.fake_server import DATE, RECORDED, FakeServer
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.reference import Reference

POD = Reference("Pod", "lead", "everything")


def run(server: FakeServer, *words: str, **wish: Any) -> Capture:
    gatherer = Gatherer(server, LookOptions(**wish), Deadline(20))  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=words or ("everything",)), "lead")


def test_one_report_asks_for_the_plan_and_reads_the_pod_twice() -> None:
    server = FakeServer()
    capture = run(server)
    planned = pod_calls(POD, server.pod, LookOptions())
    # The pod before and after the execs, the version, and the exec through a neighbour; the kubelet
    # is not asked for what the metrics have told.
    assert len(server.asked) == len(planned) + 4 - 1
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
    # Without a reading of its memory a container with a small limit is left alone.
    assert {call.state for call in failed} <= {state, *(["skipped"] if part == "metrics" else [])}
    assert failed or part == "version"
    if state == "denied" and part != "version":
        assert all(call.needs for call in failed)
    if part == "metrics":
        (skipped,) = [one for one in capture.pods[0].observations if one.container == "app"]
        assert skipped.reason.startswith("skipped: memory headroom unknown")
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
    gatherer = Gatherer(server, LookOptions(), Deadline(20), None, progress)  # type: ignore[arg-type]
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
    assert "recreated under the same name" in capture.pods[0].disturbed


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


METRICS = "/apis/metrics.k8s.io/v1beta1/namespaces/lead/pods/everything"


def metrics(memory: str) -> dict[str, Any]:
    return {
        "kind": "PodMetrics",
        "metadata": {"name": "everything", "namespace": "lead"},
        "timestamp": "2026-11-25T02:09:40Z",
        "containers": [{"name": "app", "usage": {"memory": memory}}],
    }


def summary(server: FakeServer, working_set: int) -> None:
    node = server.pod["spec"]["nodeName"]
    memory = {"time": "2026-11-25T02:09:50Z", "workingSetBytes": working_set}
    pod = {
        "podRef": {"uid": server.pod["metadata"]["uid"]},
        "containers": [{"name": "app", "memory": memory}],
    }
    server.bodies[f"/api/v1/nodes/{node}/proxy/stats/summary"] = {"pods": [pod]}


def test_a_container_without_room_is_not_entered_and_the_report_says_why() -> None:
    server = FakeServer()
    server.bodies[METRICS] = metrics("61Mi")
    capture = run(server)
    assert "exec app" not in server.asked
    assert "exec neighbour" in server.asked
    report = analyse(capture).items[0]
    (app,) = [one for one in report.containers or [] if one.name == "app"]
    assert app.observation.state == "unobservable"
    assert app.observation.reason.startswith("skipped: only 3Mi of 64Mi memory of container app")
    assert app.observation.needs == "--force-exec"
    assert app.resources.memory.observed_usage == 61 << 20
    rows = [row for row in report.coverage if row.container == "app"]
    assert {(row.state, row.needs) for row in rows} == {("skipped", "--force-exec")}
    assert not capture.pods[0].ended_during_exec


def test_the_kubelet_is_asked_where_the_metrics_do_not_tell() -> None:
    server = FakeServer()
    del server.bodies[METRICS]
    summary(server, 5 << 20)
    capture = run(server)
    assert "exec app" in server.asked
    assert {one.source for one in capture.pods[0].memory_usages} == {"kubelet"}
    server = FakeServer()
    del server.bodies[METRICS]
    summary(server, 62 << 20)
    run(server)
    assert "exec app" not in server.asked


def test_force_exec_asks_nobody() -> None:
    server = FakeServer()
    server.bodies[METRICS] = metrics("63Mi")
    run(server, force_exec=True)
    assert "exec app" in server.asked
    assert METRICS not in server.asked
    assert not any("stats" in path for path in server.asked)


def test_a_reading_that_hangs_costs_the_look_and_not_the_report() -> None:
    server = FakeServer()
    ended = threading.Event()

    def hang(path: str) -> None:
        if "metrics.k8s.io" in path:
            ended.wait(30)

    server.fault = hang
    gatherer = Gatherer(server, LookOptions(), Deadline(2))  # type: ignore[arg-type]
    capture = gatherer.capture(Targets(words=("everything",)), "lead")
    ended.set()
    (app,) = [one for one in capture.pods[0].observations if one.container == "app"]
    assert app.reason.startswith("skipped: memory headroom unknown")
    assert "exec app" not in server.asked


def killed_by_the_exec(server: FakeServer, *, after: int) -> None:
    """The runtime's words, and a status that comes when the pod was read `after` times more."""
    dead = json.loads(json.dumps(server.pod))
    status = next(one for one in dead["status"]["containerStatuses"] if one["name"] == "app")
    identity = status["containerID"]
    end = {"exitCode": 137, "reason": "OOMKilled", "containerID": identity}
    status["state"], status["ready"] = {"terminated": end}, False
    original, execute, reads = server.get, server.exec, [0]

    def get(path: str, query: Any = (), **more: Any) -> Answer:
        answer = original(path, query, **more)
        if path.endswith("/api/v1/namespaces/lead/pods/everything"):
            reads[0] += 1
            if reads[0] > 1 + after:
                return Answer(200, json.dumps(dead).encode(), DATE)
        return answer

    def run_exec(namespace: str, pod: str, container: str, *words: Any, **more: Any) -> ExecResult:
        if container == "app":
            server.asked.append("exec app")
            message = "write init-p: broken pipe"
            return ExecResult(b"", b"", None, "InternalError", message, False)
        return execute(namespace, pod, container, *words, **more)

    server.get, server.exec = get, run_exec  # type: ignore[method-assign]


@pytest.mark.parametrize("after", [0, 3])
def test_a_container_that_ended_during_the_exec_is_never_called_healthy(after: int) -> None:
    server = FakeServer()
    killed_by_the_exec(server, after=after)
    capture = run(server)
    (ended,) = capture.pods[0].ended_during_exec
    assert (ended.container, ended.reason, ended.exit_code) == ("app", "OOMKilled", 137)
    report = analyse(capture).items[0]
    assert report.verdict.severity == "unknown"
    assert "the exec may have ended it" in report.verdict.summary
    assert "POD005" in report.verdict.codes
    shown = msgspec.json.encode(report).decode()
    assert "runtime refused" not in shown
    # The app is not blamed: nothing of this end is among its own.
    (app,) = [one for one in report.restarts or [] if one.container == "app"]
    assert app.cause is None
    assert "may have ended" in json.dumps(msgspec.to_builtins(report.findings))


def test_an_exec_that_was_killed_at_its_start_says_so_where_the_container_lives() -> None:
    server = FakeServer()
    killed_by_the_exec(server, after=1000)
    capture = run(server)
    (app,) = [one for one in capture.pods[0].observations if one.container == "app"]
    assert app.reason == "the exec was killed in the container"
    assert capture.pods[0].ended_during_exec == []


def early_run(server: FakeServer, **wish: Any) -> tuple[list[Capture], Capture]:
    """What was known before the execs came back, and what at the end."""
    found: list[Capture] = []
    shown = threading.Event()

    def fault(path: str) -> None:
        if path.startswith("exec "):
            # No exec comes back before there was something to show.
            shown.wait(10)

    def early(capture: Capture) -> None:
        found.append(capture)
        shown.set()

    server.fault = fault
    options = LookOptions(**wish)
    gatherer = Gatherer(server, options, Deadline(20), early=early)  # type: ignore[arg-type]
    return found, gatherer.capture(Targets(words=("everything",)), "lead")


def test_what_the_api_tells_is_there_before_the_execs() -> None:
    (early,), whole = early_run(FakeServer())
    (before,) = analyse(early).items
    assert not early.pods[0].observations
    assert before.pod.name == "everything"
    assert before.restarts is not None
    assert {row.observation.state for row in before.containers or []} == {"unobservable"}
    # The execs have their say afterwards, as if nothing had been shown.
    (after,), (alone,) = analyse(whole).items, analyse(run(FakeServer())).items
    for section in ("verdict", "findings", "files", "environment", "namespaces"):
        assert getattr(after, section) == getattr(alone, section)
    assert "canary-7f3a" not in msgspec.json.encode(early).decode()


def test_without_execs_there_is_nothing_to_show_early() -> None:
    found, _ = early_run(FakeServer(), exec_allowed=False)
    assert found == []


def test_what_cannot_be_shown_early_costs_nothing() -> None:
    def early(_: Capture) -> None:
        raise ZeroDivisionError

    server = FakeServer()
    server.fault = lambda path: time.sleep(0.4) if path.startswith("exec ") else None
    gatherer = Gatherer(server, LookOptions(), Deadline(20), early=early)  # type: ignore[arg-type]
    assert gatherer.capture(Targets(words=("everything",)), "lead").pods[0].observations
