"""`--run-probes` on the real cluster: every handler, from everywhere it can be run."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.manifests import AGNHOST, FOREVER, account, allow, container, pod, shell
from e2e.reports import finding
from e2e.support import Bench

pytestmark = pytest.mark.cluster

SERVE = "mkdir /w; echo ok > /w/healthz; httpd -p 8080 -h /w; httpd -p 127.0.0.1:8081 -h /w; "
LATER = {"periodSeconds": 600, "initialDelaySeconds": 600}
HEADERS = [{"name": "X-Key", "value": "canary-header-5f1e"}]


@pytest.fixture(scope="module", autouse=True)
def pods(bench: Bench) -> None:
    bench.apply(
        pod(
            "probed",
            shell(
                SERVE + FOREVER,
                "http",
                readinessProbe={"httpGet": {"path": "/healthz", "port": 8080}},
                livenessProbe={
                    "httpGet": {"path": "/healthz", "port": 8080, "httpHeaders": HEADERS},
                    **LATER,
                },
                startupProbe={"tcpSocket": {"port": 8080}},
            ),
            shell(
                FOREVER,
                "commands",
                livenessProbe={"exec": {"command": ["/bin/nosuch"]}, **LATER},
                readinessProbe={"exec": {"command": ["sh", "-c", "exit 3"]}, **LATER},
            ),
            shell(
                FOREVER,
                "slow",
                livenessProbe={"exec": {"command": ["sleep", "1.4"]}, **LATER},
                readinessProbe={"httpGet": {"path": "/healthz", "port": 8081}, **LATER},
            ),
            shell(
                FOREVER,
                "sockets",
                livenessProbe={"tcpSocket": {"port": 8099}, **LATER},
                readinessProbe={"tcpSocket": {"port": 80, "host": "10.0.0.1"}, **LATER},
            ),
            container(
                "grpc",
                AGNHOST,
                args=["grpc-health-checking", "--http-port=8090"],
                readinessProbe={"grpc": {"port": 5000}},
                livenessProbe={"grpc": {"port": 5000, "service": "nosuch"}, **LATER},
            ),
        )
    )
    bench.wait_for_pod(
        "probed",
        lambda found: (
            {one["name"] for one in found["status"].get("containerStatuses", []) if one["ready"]}
            >= {"http", "grpc"}
        ),
        "serving",
    )


@pytest.fixture(scope="module")
def run(bench: Bench) -> Any:
    return bench.report("probed", "--run-probes", "--probe-runs", "2", "--deadline", "60s")


WHERE = {
    "in": "inside the container",
    "ip": "the API server, to the pod's IP",
    "loopback": "the pod's loopback, by a port forward",
}


@pytest.mark.parametrize(
    ("name", "kind", "result", "method", "detail"),
    [
        ("http", "readiness", "succeeded", WHERE["ip"], "HTTP 200"),
        ("http", "liveness", "succeeded", WHERE["loopback"], "HTTP 200"),
        ("http", "startup", "succeeded", WHERE["loopback"], "not refused"),
        ("commands", "liveness", "errored", WHERE["in"], "cannot be started"),
        ("commands", "readiness", "failed", WHERE["in"], "exit code 3"),
        ("slow", "liveness", "succeeded", WHERE["in"], "exit code 0"),
        ("slow", "readiness", "failed", WHERE["ip"], "connection refused"),
        ("sockets", "liveness", "failed", WHERE["loopback"], "connection refused"),
        ("grpc", "readiness", "succeeded", WHERE["loopback"], "SERVING"),
        ("grpc", "liveness", "failed", WHERE["loopback"], "no health service"),
    ],
)
def test_each_handler_is_run_and_judged(
    run: Any, name: str, kind: str, result: str, method: str, detail: str
) -> None:
    (probe,) = [p for p in run["probes"] if (p["container"], p["type"]) == (name, kind)]
    assert len(probe["live"]) == 2
    for one in probe["live"]:
        assert (one["result"], one["method"]) == (result, method)
        assert detail in one["detail"]
        assert one["seconds"] > 0


def test_a_host_of_its_own_is_never_asked(run: Any) -> None:
    (probe,) = [p for p in run["probes"] if (p["container"], p["type"]) == ("sockets", "readiness")]
    (one,) = probe["live"]
    assert one["result"] == "notRun"
    assert "host" in one["detail"]


def test_slower_than_its_timeout_is_a_finding_and_no_cause(run: Any) -> None:
    found = finding(run, "PRB014")
    assert found["container"] == "slow"
    assert "timeoutSeconds is 1" in found["title"]
    assert {one["cause"] for one in run["restarts"]} == {None}


def test_without_the_flag_nothing_is_run(bench: Bench) -> None:
    assert [p["live"] for p in bench.report("probed")["probes"]] == [[]] * 11


def test_the_person_is_warned_and_sees_a_table(bench: Bench) -> None:
    answer = bench.podx("probes", "probed", "--run-probes", "--probe-runs", "1", "-c", "http")
    assert "RUN-NOW" in answer.stdout
    assert "1 succeeded: HTTP 200" in answer.stdout
    assert "handler is run now" in answer.stderr
    assert "canary-header" not in answer.stdout + answer.stderr


def test_a_missing_right_costs_its_runs_and_is_named(bench: Bench) -> None:
    bench.apply(account("looker", allow("get", "pods")))
    user = f"system:serviceaccount:{bench.namespace}:looker"
    words = ("--run-probes", "--probe-runs", "1", "--as", user, "--deadline", "30s")
    found = bench.report("probed", *words, "--section", "probes")
    lives = {(p["container"], p["type"]): p["live"] for p in found["probes"]}
    assert lives["http", "readiness"][0]["needs"] == "get pods/proxy"
    assert "pods/portforward" in lives["http", "liveness"][0]["needs"]
    assert "pods/exec" in lives["commands", "readiness"][0]["needs"]
    assert {one["result"] for several in lives.values() for one in several} == {"notRun"}
