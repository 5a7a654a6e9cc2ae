"""Reasons of probes that fail or kill: whom they ask, and in which protocol."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import Json, container
from kit.reason_cases import because, report_of
from kit.restart_cases import UID, at, ended, event
from kubectl_podx.model.capture import Headroom, Listener, Process
from kubectl_podx.pod.probe_words import in_brief
from kubectl_podx.sections.report import PodReport

REFUSED = 'Get "http://10.0.0.9:8081/": dial tcp 10.0.0.9:8081: connect: connection refused'
TIMED_OUT = (
    'Get "http://10.0.0.9:8080/": context deadline exceeded (Client.Timeout exceeded while '
    "awaiting headers)"
)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("HTTP probe failed with statuscode: 404", "HTTP 404"),
        (TIMED_OUT, "timed out after 2s"),
        (REFUSED, "connection refused"),
        ('command timed out: "sh -c sleep 9" timed out after 1s', "timed out after 1s"),
        ("dial tcp 10.0.0.9:1: i/o timeout", "timed out after 2s"),
        ("timeout: health rpc did not complete within 1s", "timed out after 2s"),
        (
            'Get "https://10.0.0.9:1/": http: server gave HTTP response to HTTPS client',
            "server gave HTTP response to HTTPS client",
        ),
        ("checking\ndatabase: no connection\n", "database: no connection"),
        ("cat: can't open '/tmp/x': No such file", "cat: can't open '/tmp/x': No such file"),
        ("", ""),
    ],
)
def test_a_failure_in_brief(failure: str, words: str) -> None:
    assert in_brief(failure, 2) == words


def killed(
    message: str,
    probe: Json,
    *lines: str,
    kind: str = "liveness",
    beside: tuple[Json, ...] = (),
    observations: Any = (),
    spec: Json | None = None,
    **pod: Any,
) -> PodReport:
    """A pod whose container was killed by its probe, and runs again for ten seconds."""
    word = kind.capitalize()
    events = [
        event("Unhealthy", f"{word} probe failed: {message}", 970, 980, 3),
        event("Killing", f"Container app failed {kind} probe, will be restarted", 980),
        event("Unhealthy", f"{word} probe failed: {message}", 996, 999, 2),
    ]
    status = {
        "restartCount": 3,
        "ready": False,
        "started": kind == "liveness",
        "state": kit.running(at(990)),
        "lastState": {"terminated": ended(143, 960, 982)},
        "containerID": "containerd://app",
    }
    declared = {f"{kind}Probe": {"periodSeconds": 3, "failureThreshold": 3, **probe}}
    app = container("app", status=status, image="x", **declared, **(spec or {}))
    body = kit.pod(app, *beside, uid=UID, status={"startTime": at(0)}, nodeName="n1", **pod)
    key = f"Event/{kit.POD}"
    return report_of(body, *lines, lists={key: events}, observations=observations)


def get(port: Any = 8081, **more: Any) -> Json:
    return {"httpGet": {"port": port, "path": "/", **more}}


def codes(report: PodReport) -> set[str]:
    return {each.code for each in report.findings or ()}


def test_why_it_failed_stands_in_the_first_line() -> None:
    assert '"HTTP 404"' in killed("HTTP probe failed with statuscode: 404", get()).verdict.summary
    assert '"timed out after 1s"' in killed(TIMED_OUT, get()).verdict.summary


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("kind", ["httpGet", "tcpSocket"])
def test_a_host_that_is_the_node(kind: str, host: str) -> None:
    report = killed(REFUSED, {kind: {"port": 8081, "host": host}})
    assert because(report) == (
        f"{kind}.host is {host}, and the kubelet asks from the node: that is the node itself, not "
        "the pod"
    )
    assert "PRB008" not in codes(report)


def test_on_the_nodes_network_it_is_the_pod() -> None:
    assert because(killed(REFUSED, get(host="127.0.0.1"), hostNetwork=True)) == ""


TLS = "http: TLS handshake error from 10.0.0.1:4: client sent an HTTP request to an HTTPS server"


def test_a_port_that_speaks_tls() -> None:
    report = killed("HTTP probe failed with statuscode: 400", get(), TLS)
    assert because(report) == "httpGet.scheme is HTTP, and the port speaks TLS"
    first = 'Get "http://x/": malformed HTTP response "\\x15\\x03\\x01\\x00"'
    assert "the port speaks TLS" in because(killed(first, get()))


def test_a_port_that_speaks_plainly() -> None:
    said = 'Get "https://10.0.0.9:8081/": http: server gave HTTP response to HTTPS client'
    report = killed(said, get(scheme="HTTPS"))
    assert because(report) == "httpGet.scheme is HTTPS, and the port speaks plain HTTP"


def test_a_path_that_is_not_there() -> None:
    report = killed("HTTP probe failed with statuscode: 404", get())
    assert because(report) == (
        "the server answers the liveness probe with HTTP 404: it runs, and has nothing at that path"
    )
    assert "PRB008" not in codes(report)


def test_a_start_that_may_be_slow_still_is() -> None:
    assert "PRB008" in codes(killed(REFUSED, get()))
    assert "PRB008" in codes(killed("HTTP probe failed with statuscode: 503", get()))


def test_a_neighbour_answers() -> None:
    status = kit.status(kit.waiting("CrashLoopBackOff"), restartCount=2, ready=False)
    other = container("monitor", ports=[{"containerPort": 8081}], status=status)
    report = killed(REFUSED, get(), beside=(other,))
    assert because(report) == (
        "the liveness probe of app asks at port 8081, which is container monitor's, and monitor is "
        "not running"
    )
    own = killed(REFUSED, get(), beside=(other,), spec={"ports": [{"containerPort": 8081}]})
    assert "container monitor's" not in because(own)


def test_it_listens_elsewhere() -> None:
    seen = kit.observation(
        container_id="app",
        processes=[Process(pid=1, container_id="app", executable="web")],
        listeners=[Listener(address="::", port=8080, pid=1)],
    )
    report = killed(REFUSED, get(), observations=[seen])
    assert because(report).startswith("app listens on port 8080 and not on port 8081")
    assert "PRB008" not in codes(report)


def test_a_start_that_is_throttled() -> None:
    room = Headroom(version="v1", cpu_quota=5000, cpu_period=100000, throttled_periods=90)
    seen = kit.observation(headroom=kit_replace(room, total_periods=100))
    limits = {"resources": {"limits": {"cpu": "50m"}}}
    report = killed(TIMED_OUT, get(), observations=[seen], spec=limits)
    assert because(report).startswith("resources.limits.cpu is 50m, and the container is paused")


def kit_replace(room: Headroom, **more: Any) -> Headroom:
    from msgspec.structs import replace

    return replace(room, **more)


def test_the_node_is_busy() -> None:
    probe = {"periodSeconds": 3, "failureThreshold": 3, **get(8080)}
    status = kit.status(kit.running(at(500)), ready=False, started=True, restartCount=0)
    other = container("web", readinessProbe=probe, status=status)
    late = event("Unhealthy", f"Readiness probe failed: {TIMED_OUT}", 995, 998, 2)
    late["involvedObject"]["fieldPath"] = "spec.containers{web}"
    body = kit.pod(
        container("app", readinessProbe=probe, status=status),
        other,
        uid=UID,
        status={"startTime": at(0)},
        nodeName="n1",
    )
    own = event("Unhealthy", f"Readiness probe failed: {TIMED_OUT}", 994, 997, 2)
    report = report_of(body, lists={f"Event/{kit.POD}": [own, late]})
    assert because(report) == (
        "probes of web timed out at the same time: node n1 was too busy to answer"
    )
    alone = report_of(body, lists={f"Event/{kit.POD}": [own]})
    assert because(alone) == ""
