"""Probes that restart nothing, and keep a pod from being ready or do nothing at all."""

from __future__ import annotations

from e2e.manifests import FOREVER, shell
from incidents.catalogue.probe_kills import FAST
from incidents.incident import Expected, broken
from incidents.when import event, every, ready, running

NO_BINARY = {"exec": {"command": ["/usr/local/bin/healthcheck"]}, **FAST}

INCIDENTS = (
    broken(
        "readiness-http-500",
        "a readiness probe that fails for ever",
        shell(
            f"mkdir -p /www; httpd -p 8080 -h /www; {FOREVER}",
            readinessProbe={"httpGet": {"path": "/ready", "port": 8080}, **FAST},
        ),
        until=every(running(), event("Unhealthy", "Readiness", times=4)),
        expected=Expected(words=("readiness", "404")),
    ),
    broken(
        "readiness-loopback",
        "the program listens on 127.0.0.1 only: the kubelet comes from outside",
        shell(
            f"mkdir -p /www; httpd -p 127.0.0.1:8080 -h /www; {FOREVER}",
            readinessProbe={"httpGet": {"path": "/", "port": 8080}, **FAST},
        ),
        until=every(running(), event("Unhealthy", "Readiness", times=4)),
        expected=Expected(words=("8080", "loopback")),
    ),
    broken(
        "readiness-missing-binary",
        "a readiness command that the image does not have: it errs and never succeeds",
        shell(readinessProbe=NO_BINARY),
        until=every(running(), event("Unhealthy", "errored", times=4)),
        expected=Expected(words=("readiness",)),
    ),
    broken(
        "liveness-missing-binary",
        "a liveness command that the image does not have: errors never count, nothing restarts",
        shell(livenessProbe=NO_BINARY),
        until=every(ready, event("Unhealthy", "errored", times=4)),
        expected=Expected(severity=("warning",), words=("liveness",)),
    ),
    broken(
        "readiness-unknown-port-name",
        "a readiness probe at a port name that the container does not declare",
        shell(
            ports=[{"name": "metrics", "containerPort": 9000}],
            readinessProbe={"httpGet": {"path": "/", "port": "http"}, **FAST},
        ),
        until=every(running(), event("Unhealthy", "errored", times=4)),
        expected=Expected(words=("http",)),
    ),
    broken(
        "startup-missing-binary",
        "a startup command that the image does not have: never started, never killed",
        shell(startupProbe=NO_BINARY),
        until=every(running(), event("Unhealthy", "errored", times=4)),
        expected=Expected(words=("startup",)),
    ),
    broken(
        "readiness-timeout",
        "a readiness command that is slower than its timeout of a second",
        shell(
            readinessProbe={
                "exec": {"command": ["sleep", "8"]},
                "periodSeconds": 2,
                "timeoutSeconds": 1,
            }
        ),
        until=every(running(), event("Unhealthy", "Readiness", times=4)),
        expected=Expected(words=("readiness", "timed out")),
    ),
    broken(
        "readiness-gate",
        "a readiness gate that nobody sets",
        shell(),
        readinessGates=[{"conditionType": "example.com/traffic"}],
        until=running(),
        expected=Expected(words=("example.com/traffic",), severity=("warning", "critical")),
    ),
)
