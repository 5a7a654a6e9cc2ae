"""Whatever of a pod's Secrets was not read in time: nothing that could repeat its value goes on."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from kit.fake_server import DATE, FakeServer
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.gather import Gatherer
from kubectl_podx.capture.look import log_tail
from kubectl_podx.capture.plan import LookOptions, pod_calls, source_names
from kubectl_podx.capture.redact import WITHHELD
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.targets import Targets
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import Answer
from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import Reference

CANARY = "canary-7f3a-late"
POD = Reference("Pod", "lead", "everything")
SECRET = Reference("Secret", "lead", "late")
PATH = "/api/v1/namespaces/lead/secrets/late"
EVENTS = "/api/v1/namespaces/lead/events"

# How a pod can come by the value of a Secret.
USES: dict[str, dict[str, Any]] = {
    "env": {"env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "late", "key": "k"}}}]},
    "envFrom": {"envFrom": [{"secretRef": {"name": "late"}}]},
    "volume": {"volumes": [{"name": "v", "secret": {"secretName": "late"}}]},
    "projected": {
        "volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "late"}}]}}]
    },
    "init container": {
        "initContainers": [{"name": "first", "envFrom": [{"secretRef": {"name": "late"}}]}]
    },
}


class Telling(FakeServer):
    """The recorded pod, which repeats the value of one more Secret wherever text can stand."""

    def __init__(self, use: dict[str, Any]) -> None:
        super().__init__()
        pod = json.loads(json.dumps(self.pod))
        spec, app = pod["spec"], pod["spec"]["containers"][0]
        for field in ("volumes", "initContainers"):
            spec[field] = [*spec.get(field, []), *use.get(field, [])]
        app["envFrom"] = [*app.get("envFrom", []), *use.get("envFrom", [])]
        app["env"] = [*app.get("env", []), *use.get("env", []), {"name": "Y", "value": CANARY}]
        app["args"] = ["--level", CANARY]
        app["livenessProbe"] = {"exec": {"command": ["check", CANARY]}}
        app["readinessProbe"] = {"httpGet": {"path": f"/{CANARY}", "port": 80}}
        app["lifecycle"] = {"preStop": {"exec": {"command": [CANARY]}}}
        pod["status"]["message"] = f"refused {CANARY}"
        for one in pod["status"]["containerStatuses"]:
            end = {"exitCode": 1, "reason": "Error", "message": f"no {CANARY}", "containerID": "c"}
            one |= {"ready": False, "lastState": {"terminated": end}}
        self.pod = pod
        self.bodies["/api/v1/namespaces/lead/pods/everything"] = pod
        self.bodies[PATH] = {
            "kind": "Secret",
            "metadata": {"name": "late", "namespace": "lead"},
            "data": {"k": base64.b64encode(CANARY.encode()).decode()},
        }
        self.lists: list[str] = []

    def get(self, path: str, query: Any = (), **more: Any) -> Answer:
        answer = super().get(path, query, **more)
        return Answer(200, f"log {CANARY}\n".encode(), DATE) if path.endswith("/log") else answer

    def list_pages(self, path: str, query: Any = ()) -> Any:
        if path != EVENTS:
            yield from super().list_pages(path, query)
            return
        self.asked.append(path)
        about = {"kind": "Pod", "namespace": "lead", "name": "everything"}
        event = {
            "metadata": {"name": "e", "namespace": "lead"},
            "reason": "Unhealthy",
            "message": f"probe said {CANARY}",
            "involvedObject": {**about, "uid": self.pod["metadata"]["uid"]},
            "lastTimestamp": "2026-11-25T02:09:40Z",
        }
        yield Answer(200, json.dumps({"kind": "EventList", "items": [event]}).encode(), DATE)

    def exec(self, *words: Any, **more: Any) -> ExecResult:
        """/etc/hosts and a process's name repeat it, too."""
        result = super().exec(*words, **more)
        told = result.stdout.replace(b"(sleep)", f"({CANARY[:15]})".encode())
        return replace(result, stdout=told.replace(b"localhost", CANARY.encode()))


def take(server: FakeServer, seconds: float = 20) -> Capture:
    gatherer = Gatherer(server, LookOptions(), Deadline(seconds))  # type: ignore[arg-type]
    return gatherer.capture(Targets(words=("everything",)), "lead")


def written(capture: Capture) -> str:
    """The bundle and the report."""
    return msgspec.json.encode(capture).decode() + msgspec.json.encode(analyse(capture)).decode()


def failing(server: FakeServer, kind: Any) -> FakeServer:
    def fail(path: str) -> None:
        if path == PATH:
            raise ClusterError(kind, "Error from server: no")

    server.fault = fail
    return server


def test_the_value_stands_where_these_tests_say() -> None:
    """Else they would prove nothing: without the Secret among the pod's, all of it goes on."""
    server = Telling({})
    found = written(take(server))
    for told in (
        f'"refused {CANARY}"',
        f'"no {CANARY}"',
        f'"log {CANARY}"',
        f'"probe said {CANARY}"',
        f'["--level","{CANARY}"]',
        f'["check","{CANARY}"]',
        f'"/{CANARY}"',
        f'["{CANARY}"]',
        f'"value":"{CANARY}"',
        f"127.0.0.1\\t{CANARY}",
        f'"executable":"{CANARY[:15]}"',
    ):
        assert told in found, told


@pytest.mark.parametrize("use", USES)
def test_a_secret_that_was_read_is_scrubbed(use: str) -> None:
    capture = take(Telling(USES[use]))
    assert CANARY not in written(capture)
    assert capture.pods[0].withheld == []
    assert WITHHELD not in written(capture)


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("kind", ["timedOut", "unreachable", "failed"])
def test_one_that_was_not_read_takes_all_free_text_with_it(use: str, kind: Any) -> None:
    capture = take(failing(Telling(USES[use]), kind))
    found = written(capture)
    assert CANARY not in found
    # Not a part of it either.
    assert CANARY[:15] not in found
    (pod,) = capture.pods
    assert pod.withheld == [SECRET.key]
    assert {log.state for log in pod.logs} == {"timedOut" if kind == "timedOut" else "failed"}
    assert not any(log.lines for log in pod.logs)
    assert not capture.lists[f"Event/{POD.key}"].items


def test_an_answer_that_is_something_else_was_not_read_either() -> None:
    server = Telling(USES["env"])
    server.bodies[PATH] = {"kind": "Secret", "metadata": {"name": "other", "namespace": "lead"}}
    assert CANARY not in written(take(server))


def test_a_read_that_comes_too_late_changes_nothing() -> None:
    server = Telling(USES["volume"])
    late, ended = threading.Event(), threading.Event()

    def wait(path: str) -> None:
        if path == PATH:
            late.wait(30)
            ended.set()

    server.fault = wait
    capture = take(server, seconds=2)
    late.set()
    assert ended.wait(30)
    assert CANARY not in written(capture)
    assert capture.objects[SECRET.key].state == "timedOut"


def test_coverage_says_why_and_what_to_do() -> None:
    report = analyse(take(failing(Telling(USES["env"]), "timedOut"))).items[0]
    rows = {row.section: row for row in report.coverage if "command lines" in row.reason}
    assert {"restarts", "probes", "timeline", "containers", "lifecycle"} <= set(rows)
    for row in rows.values():
        assert (row.state, row.needs) == ("timedOut", "a longer --deadline")
        assert "Secret late was not read" in row.reason
    # What was not read is no difference and no trouble: nothing is missing from /etc/hosts.
    assert not report.hosts or all(one.state != "missing" for one in report.hosts.aliases)
    report = analyse(take(failing(Telling(USES["env"]), "failed"))).items[0]
    assert any("a run that can read Secret late" in row.needs for row in report.coverage)


@pytest.mark.parametrize("kind", ["denied", "notFound"])
def test_one_that_may_not_be_read_or_is_not_there_withholds_nothing(kind: Any) -> None:
    capture = take(failing(Telling(USES["volume"]), kind))
    assert capture.pods[0].withheld == []
    assert WITHHELD not in written(capture)


def test_a_pod_beside_it_keeps_its_text() -> None:
    sealer = Sealer()
    bodies: dict[Reference, Any] = {}
    for name, secret in (("one", "late"), ("other", "known")):
        reference = Reference("Pod", "lead", name)
        container = {"name": "app", "envFrom": [{"secretRef": {"name": secret}}]}
        bodies[reference] = {
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "lead"},
            "spec": {"containers": [container]},
            "status": {"message": "words"},
        }
        sealer.keep(reference, bodies[reference])
    sealer.keep(Reference("Secret", "lead", "known"), {"kind": "Secret", "data": {}})
    shown = {r.name: sealer.keep(r, body).body or {} for r, body in bodies.items()}
    assert shown["one"]["status"] == {}
    assert shown["other"]["status"] == {"message": "words"}
    # What is of no one pod may be of any.
    assert sealer.scrub("words") == WITHHELD


def test_what_the_cluster_makes_of_names_stays() -> None:
    """Else a pod that no node fits, or whose image is not there, would not say so."""
    pod = Telling(USES["env"]).pod
    words = "0/3 nodes are available: 3 Insufficient cpu"
    told = {"type": "PodScheduled", "status": "False", "message": words}
    image = {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "x"'}
    error = {"reason": "CreateContainerError", "message": f'exec: "{CANARY}": not found'}
    pod["status"] = {
        "conditions": [told, {"type": "example.com/gate", "message": f"not {CANARY}"}],
        "containerStatuses": [
            {"name": "app", "state": {"waiting": image}},
            {"name": "other", "state": {"waiting": error}},
        ],
    }
    status = (Sealer().keep(POD, pod).body or {})["status"]
    assert status["conditions"] == [told, {"type": "example.com/gate"}]
    states = [one["state"]["waiting"] for one in status["containerStatuses"]]
    assert states == [image, {"reason": "CreateContainerError"}]


def test_nothing_is_sealed_with_its_text_before_the_secrets_are_known() -> None:
    """Not even by a caller that forgot to wait for them."""
    sealer, server = Sealer(), Telling(USES["env"])
    stored = sealer.keep(POD, server.pod)
    assert CANARY not in msgspec.json.encode(stored).decode()
    call = next(one for one in pod_calls(POD, server.pod, LookOptions()) if one.kind == "log")
    tail = log_tail(sealer, Outcome(call, "ok", answer=f"log {CANARY}".encode()), 5)
    assert tail.lines == [WITHHELD]
    for name in source_names(server.pod)["Secret"]:
        assert sealer.unread(POD), name
        sealer.without(Reference("Secret", "lead", name))
    assert sealer.keep(POD, server.pod) != stored
    assert log_tail(sealer, Outcome(call, "ok", answer=b"log words"), 5).lines == ["log words"]


# -- Secrets that may not be read ------------------------------------------------------------------


def test_a_variable_of_a_denied_secret_is_scrubbed_from_all_text() -> None:
    """By the value that the exec showed: from messages and events as well as from logs."""
    server = failing(Telling(USES["env"]), "denied")
    original = server.exec

    def shown(*words: Any, **more: Any) -> ExecResult:
        result = original(*words, **more)
        before = b"environment\n"
        return replace(
            result, stdout=result.stdout.replace(before, before + f"X={CANARY}\0".encode())
        )

    server.exec = shown  # type: ignore[method-assign]
    capture = take(server)
    assert capture.objects[SECRET.key].state == "denied"
    assert CANARY not in written(capture)
