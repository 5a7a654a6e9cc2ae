"""Network and namespaces: ports that contradict each other, gates, queues, and who listens."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from e2e import manifests
from e2e.manifests import AGNHOST, FOREVER, container, pod, shell
from e2e.reports import assert_healthy, codes, finding, row
from e2e.support import Bench, Manifest, container_status

pytestmark = pytest.mark.cluster

# Of the node, which other tests and clusters of this machine use too.
HOST_PORT = 20000 + secrets.randbelow(5000)
# A server that is stopped accepts nothing, and the kernel queues what comes.
STOPPED = (
    "httpd -p 8080 -h /etc; kill -STOP $(pidof httpd); "
    "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (sleep 1000 | nc 127.0.0.1 8080) & done; "
)


def web(port: int = 8080) -> str:
    return f"httpd -p {port} -h /etc; {FOREVER}"


def service(name: str, app: str, target: Any, **spec: Any) -> Manifest:
    return manifests.service(name, {"app": app}, target=target, **spec)


@pytest.fixture(scope="module", autouse=True)
def started(bench: Bench) -> None:
    """Every pod of the module, started together."""
    bench.apply(
        [
            service("front", "front", "http"),
            service("nameless", "odd", "no-such-name"),
            service("inward", "odd", 9090),
        ]
    )
    bench.apply(
        [
            pod("gated", readinessGates=[{"conditionType": "podx.test/balancer"}]),
            pod(
                "same-port",
                shell(web(), "one", ports=[{"containerPort": 8080}]),
                container(
                    "two", AGNHOST, args=["netexec", "--http-port=8080", "--udp-port=-1"],
                    ports=[{"containerPort": 8080}],
                ),
            ),
        ]
    )  # fmt: skip
    bench.start(
        pod(
            "front",
            shell(
                web(),
                ports=[{"containerPort": 8080, "name": "http", "hostPort": HOST_PORT}],
                readinessProbe={"tcpSocket": {"port": "http"}, "periodSeconds": 1},
            ),
            shell(name="helper"),
        ),
        pod("stopped", shell(STOPPED + FOREVER)),
        pod("odd", shell(f"httpd -p 127.0.0.1:9090 -h /etc; {FOREVER}")),
    )


def test_listeners_of_a_healthy_pod_by_container_and_process(bench: Bench) -> None:
    def ready() -> Any:
        report = bench.report("front")
        return report if row(report["network"], "services")["endpoint"] == "ready" else None

    report = bench.wait_for(ready, "the endpoint")
    listener = row(report["namespaces"], "listeners", port=8080)
    assert (listener["container"], listener["executable"], listener["declaredAs"]) == (
        "app",
        "httpd",
        "app:http",
    )
    assert listener["hostPort"] == HOST_PORT
    (port,) = row(report["network"], "services", name="front")["ports"]
    assert (port["targetPort"], port["resolved"], port["listening"]) == ("http", 8080, True)
    assert_healthy(report)


def test_services_that_lead_nowhere(bench: Bench) -> None:
    report = bench.report("odd")
    assert "no-such-name" in finding(report, "NET004")["title"]
    found = finding(report, "NET005")
    assert "127.0.0.1" in found["title"]
    assert "inward" in found["title"]
    assert report["verdict"]["severity"] == "warning"


def test_a_readiness_gate_that_nobody_opens(bench: Bench) -> None:
    bench.wait_for_pod(
        "gated", lambda p: container_status(p, "app").get("ready"), "its container ready"
    )
    report = bench.report("gated")
    assert report["network"]["readinessGates"] == [
        {"condition": "podx.test/balancer", "status": "notSet"}
    ]
    assert finding(report, "NET006")["blocking"]
    assert "podx.test/balancer" in report["verdict"]["summary"]


def test_two_containers_that_want_one_port(bench: Bench) -> None:
    def failed(found: Manifest) -> bool:
        return any(container_status(found, c).get("restartCount", 0) >= 1 for c in ("one", "two"))

    bench.wait_for_pod("same-port", failed, "one of them to fail")
    report = bench.report("same-port")
    found = finding(report, "NSP002")
    assert "one and two both declare port 8080/TCP" in found["title"]
    # Between two crashes the second one counts as running.
    assert report["verdict"]["severity"] in ("warning", "critical")


def test_a_program_that_does_not_accept(bench: Bench) -> None:
    def queueing() -> Any:
        report = bench.report("stopped")
        return report if "NET009" in codes(report) else None

    report = bench.wait_for(queueing, "the accept queue to fill")
    listener = row(report["namespaces"], "listeners", port=8080)
    assert listener["queue"] >= 1
    found = finding(report, "NET009")
    assert "port 8080" in found["title"]
    assert "is stopped" in " ".join(found["evidence"])
