"""Probes run by hand: from where, judged as the kubelet would, and what is never sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

import kit
from kit import Json, raw_look
from kubectl_podx.capture import run_probes
from kubectl_podx.capture.plan import LookOptions
from kubectl_podx.capture.probe_runs import Road, probe_calls, road
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.http1 import Fields
from kubectl_podx.cluster.port_forward import TunnelError, why_refused
from kubectl_podx.cluster.stream import Response
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.tried import ProbeAttempt
from kubectl_podx.pod.pod import containers

POD = Reference("Pod", "shop", "web-0")


def probed(probe: Any, field: str = "livenessProbe", *, running: bool = True) -> Json:
    """A pod with this probe, and with a port that has a name."""
    state = kit.running() if running else kit.waiting("CrashLoopBackOff")
    ports = [{"name": "web", "containerPort": 8080}]
    return kit.pod(kit.container("app", status=kit.status(state), ports=ports, **{field: probe}))


def way(probe: Any, **wish: Any) -> Road:
    (entry,) = containers(probed(probe))
    return road(entry, "livenessProbe", LookOptions(**wish))


HEADERS = [{"name": "X-Key", "value": "sesame"}]


@pytest.mark.parametrize(
    ("probe", "start"),
    [
        ({"exec": {"command": ["true"]}}, "exec"),
        ({"httpGet": {"port": 8080}}, "podProxy"),
        ({"httpGet": {"port": "web", "path": "healthz"}}, "podProxy"),
        ({"httpGet": {"port": 8080, "path": "/a/b.c/?x=1&y=z"}}, "podProxy"),
        ({"httpGet": {"port": 8080, "scheme": "HTTPS"}}, "podProxy"),
        # Neither a header nor such a path may meet the API server.
        ({"httpGet": {"port": 8080, "httpHeaders": HEADERS}}, "portForward"),
        ({"httpGet": {"port": 8080, "path": "/../../../api/v1/secrets"}}, "portForward"),
        ({"httpGet": {"port": 8080, "path": "/%2e%2e/x"}}, "portForward"),
        ({"httpGet": {"port": 8080, "path": "/a//b"}}, "portForward"),
        ({"httpGet": {"port": 8080, "path": "/x#y"}}, "portForward"),
        ({"httpGet": {"port": 8080, "path": "/x y\r\nz"}}, "portForward"),
        ({"httpGet": {"port": 8080, "scheme": "HTTPS", "httpHeaders": HEADERS}}, "nowhere"),
        ({"httpGet": {"port": 8080, "host": "169.254.169.254"}}, "nowhere"),
        ({"httpGet": {"port": "nosuch"}}, "nowhere"),
        ({"tcpSocket": {"port": "web"}}, "portForward"),
        ({"tcpSocket": {"port": 8080, "host": "10.0.0.1"}}, "nowhere"),
        ({"grpc": {"port": 8080}}, "portForward"),
        ({"newKind": {}}, "nowhere"),
        ({}, "nowhere"),
    ],
)
def test_from_where_a_probe_is_run(probe: Any, start: str) -> None:
    found = way(probe)
    assert found.start == start
    assert bool(found.why) == (start == "nowhere")


def test_no_exec_runs_no_command() -> None:
    assert way({"exec": {"command": ["true"]}}, exec_allowed=False).start == "nowhere"


def test_nothing_is_planned_unless_it_was_asked_for() -> None:
    body = probed({"exec": {"command": ["true"]}})
    assert list(probe_calls(POD, body, LookOptions())) == []
    assert list(probe_calls(POD, body, LookOptions(frozenset({"files"}), probe_runs=1))) == []
    assert list(probe_calls(POD, body, LookOptions(container="other", probe_runs=1))) == []
    assert list(probe_calls(POD, probed({}, running=False), LookOptions(probe_runs=1))) == []
    (call,) = probe_calls(POD, body, LookOptions(probe_runs=2))
    assert (call.kind, str(call.right)) == ("probe", "get pods/exec and create pods/exec")
    assert call.optional_right


class Server:
    """Answers each road as it was told to."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.paths: list[str] = []
        self.sent = b""

    def _said(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def exec(self, *_: Any, **more: Any) -> Any:
        assert more["stdin"] is None
        return self._said()

    def fetch(self, path: str, **_: Any) -> Any:
        self.paths.append(path)
        return self._said()

    def port_forward(
        self, _n: str, _p: str, _port: int, use: Callable[[Any], Any], **_: Any
    ) -> Any:
        return use(self)

    # -- the tunnel -----------------------------------------------------------------------------

    def limit(self, _deadline: Deadline) -> None:
        pass

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self) -> bytes:
        return self._said()  # type: ignore[no-any-return]


def run(server: Any, probe: Any, *, runs: int = 1, looks: Any = None) -> list[ProbeAttempt]:
    body = probed(probe)
    calls: dict[Reference, list[Any]] = {POD: []}
    outcomes = run_probes.run(
        *(server, {POD: body}, calls, looks or {}, LookOptions(probe_runs=runs)),
        in_flight=2,
        deadline=Deadline(9),
    )
    assert [call.id for call in calls[POD]] == list(outcomes)
    return run_probes.attempts_of(outcomes.values())


def ended(code: int | None, reason: str = "") -> ExecResult:
    return ExecResult(b"out", b"err", code, reason, "", False)


def answered(status: int, body: bytes = b"") -> Response:
    return Response(status, Fields([]), body, reusable=True)


UNREACHED = b'{"kind":"Status","message":"error trying to reach service: connection refused"}'
EXEC = {"exec": {"command": ["x"]}}
GET = {"httpGet": {"port": 80}}
WITH_HEADERS = {"httpGet": {"port": 80, "httpHeaders": HEADERS}}


@pytest.mark.parametrize(
    ("probe", "answer", "result", "detail"),
    [
        (EXEC, ended(0), "succeeded", "exit code 0"),
        (EXEC, ended(3), "failed", "exit code 3"),
        (
            EXEC,
            ended(None, "InternalError"),
            "errored",
            "cannot be started",
        ),
        (EXEC, ended(None, "DeadlineExceeded"), "timedOut", "did not end"),
        (GET, answered(200), "succeeded", "HTTP 200"),
        (GET, answered(302), "succeeded", "HTTP 302"),
        (GET, answered(404), "failed", "HTTP 404"),
        (GET, answered(503, b"busy"), "failed", "HTTP 503"),
        (GET, answered(503, UNREACHED), "failed", "connection refused"),
        (GET, ClusterError("timedOut", "x"), "timedOut", "no answer"),
        (
            WITH_HEADERS,
            b"HTTP/1.1 204 N\r\n",
            "succeeded",
            "204",
        ),
        (WITH_HEADERS, b"", "failed", "without an answer"),
        (
            WITH_HEADERS,
            b"SSH-2.0-OpenSSH_9\r\n",
            "failed",
            "no HTTP",
        ),
        ({"tcpSocket": {"port": 80}}, TimeoutError(), "succeeded", "not refused"),
        ({"tcpSocket": {"port": 80}}, b"220 mail", "succeeded", "connected"),
        ({"tcpSocket": {"port": 80}}, TunnelError("connection refused"), "failed", "refused"),
        ({"grpc": {"port": 80}}, b"HTTP/1.1 400 Bad", "failed", "no HTTP/2"),
        ({"grpc": {"port": 80}}, TimeoutError(), "timedOut", "no answer"),
    ],
)
def test_an_attempt_is_judged_as_the_kubelet_would(
    probe: Any, answer: Any, result: str, detail: str
) -> None:
    (found,) = run(Server(answer), probe)
    assert found.result == result
    assert detail in found.detail


def test_it_is_run_as_often_as_asked_for() -> None:
    assert len(run(Server(ended(0)), {"exec": {"command": ["x"]}}, runs=4)) == 4


def test_a_missing_right_is_named() -> None:
    refused = answered(403, b'{"kind":"Status","message":"cannot get resource \\"pods/proxy\\""}')
    (found,) = run(Server(refused), {"httpGet": {"port": 80}})
    assert (found.result, found.needs) == ("notRun", "get pods/proxy")
    # A page of the program itself that says 403 is an answer.
    (page,) = run(Server(answered(403, b"<h1>no</h1>")), {"httpGet": {"port": 80}})
    assert (page.result, page.detail) == ("failed", "HTTP 403")


def test_what_is_sent_to_the_pod_has_its_headers_and_no_line_of_somebody_elses() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\n")
    headers = [
        *HEADERS,
        {"name": "User-Agent", "value": "checker"},
        {"name": "X-Bad\r\nX-Evil", "value": "1"},
        {"name": "X-Folded", "value": "a\r\nX-Evil: 1"},
    ]
    run(server, {"httpGet": {"port": 80, "path": "/a b\r\nX-Evil: 1", "httpHeaders": headers}})
    lines = server.sent.decode().split("\r\n")
    assert lines[0] == "GET /a%20b%0D%0AX-Evil:%201 HTTP/1.1"
    assert "X-Key: sesame" in lines
    assert "User-Agent: checker" in lines
    assert not any(line.startswith("X-Evil") for line in lines)


def test_the_path_through_the_api_server() -> None:
    server = Server(answered(200))
    run(server, {"httpGet": {"port": "web", "path": "/ok?x=1", "scheme": "HTTPS"}})
    assert server.paths == ["/api/v1/namespaces/shop/pods/https%3Aweb-0%3A8080/proxy/ok?x=1"]


def test_why_a_port_is_refused_names_no_path_of_the_node() -> None:
    said = b'failed in namespace "/var/lib/netns/x": dial tcp4 127.0.0.1:1: connection refused'
    assert why_refused(said) == "connection refused"
    assert why_refused(b"something else in /var/lib") == "the runtime could not connect to the port"


def test_no_command_is_run_where_the_look_found_no_room_for_a_process() -> None:
    from kubectl_podx.capture.calls import Outcome

    raw = raw_look(b"n cgroup\nlean 1\nn end\n")
    (look,) = probe_calls(POD, probed(EXEC), LookOptions(probe_runs=1))
    looks = {"exec": Outcome(replace(look, kind="exec"), "ok", answer=raw)}
    (found,) = run(Server(ended(0)), EXEC, looks=looks)
    assert found.result == "notRun"
    assert "16 MiB" in found.detail


def test_no_command_is_run_where_podx_did_not_exec_itself() -> None:
    from kubectl_podx.capture.calls import Outcome

    (planned,) = probe_calls(POD, probed(EXEC), LookOptions(probe_runs=1))
    reason = "skipped: only 3Mi of 64Mi memory of container app is free"
    looks = {"exec": Outcome(replace(planned, kind="exec"), "skipped", reason)}
    server = Server(ended(0))
    (found,) = run(server, EXEC, looks=looks)
    assert (found.result, found.detail) == ("notRun", reason)
