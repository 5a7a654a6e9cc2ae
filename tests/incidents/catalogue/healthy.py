"""Pods with which nothing is wrong, however it may look: no warning."""

from __future__ import annotations

from typing import Any

from e2e.manifests import AGNHOST, FOREVER, NOSHELL, ROOTDROP, config_map, container, secret, shell
from e2e.support import Manifest
from incidents.catalogue.probe_kills import FAST, HEALTHY_FOR, attempts, file_probe, on_term
from incidents.incident import LABEL, Condition, Expected, Incident, Step, service, subject
from incidents.when import ended, event, every, phase, quiet, ready, running, running_for, stopped

FINE = Expected(None, severity=("ok", "info"))
# The kubelet's own first seconds are over: what is young is judged by other rules.
SETTLED = every(ready, running_for(3))


def healthy(
    name: str,
    story: str,
    *containers: Manifest,
    until: Condition = SETTLED,
    expected: Expected = FINE,
    objects: tuple[Manifest, ...] = (),
    steps: tuple[Step, ...] = (),
    slow: bool = False,
    timeout: float = 150.0,
    needs: tuple[str, str] | None = None,
    **spec: Any,
) -> Incident:
    """A bare pod with which nothing is wrong."""
    made = (*objects, subject(name, *containers, **spec))
    return Incident(
        name,
        story,
        made,
        until,
        expected,
        steps=steps,
        healthy=True,
        slow=slow,
        timeout=timeout,
        needs=needs,
    )


def past(cause: str, at_least: Any = "possible") -> Expected:
    """Something ended, and that is no trouble now."""
    return Expected(cause, severity=("ok", "info"), at_least=at_least)


def job(name: str, story: str, *containers: Manifest, expected: Expected, **spec: Any) -> Incident:
    template = {
        "metadata": {"labels": {LABEL: name}},
        "spec": {"restartPolicy": "OnFailure", "containers": list(containers), **spec},
    }
    made: Manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": template},
    }
    return Incident(name, story, (made,), phase("Succeeded"), expected, healthy=True)


ONCE = "if [ -e /state/x ]; then {then}; else touch /state/x; {first}; fi"
STATE: dict[str, Any] = {"volumeMounts": [{"name": "state", "mountPath": "/state"}]}
STATE_VOLUME = [{"name": "state", "emptyDir": {}}]
LONG = 700.0
GRACE_OVER = running_for(605)

INCIDENTS = (
    healthy("fine-plain", "one container that runs", shell()),
    healthy(
        "fine-two",
        "two containers that share a volume",
        shell(**STATE),
        shell(name="other", **STATE),
        volumes=STATE_VOLUME,
    ),
    healthy(
        "fine-restart-long-ago",
        "it failed once, more than ten minutes ago",
        shell(ONCE.format(first="exit 1", then=FOREVER), **STATE),
        volumes=STATE_VOLUME,
        until=every(ended(), running(), GRACE_OVER),
        expected=past("exitCode"),
        slow=True,
        timeout=LONG,
    ),
    healthy(
        "fine-liveness-long-ago",
        "a liveness probe killed it once, more than ten minutes ago",
        shell(
            ONCE.format(first=f"sleep 4; {on_term(143)}", then=f"touch /tmp/healthy; {FOREVER}"),
            livenessProbe=file_probe(initialDelaySeconds=1),
            **STATE,
        ),
        volumes=STATE_VOLUME,
        until=every(ended(), running(), GRACE_OVER),
        expected=past("livenessProbe"),
        slow=True,
        timeout=LONG,
    ),
    job("fine-job", "a Job that is done", shell("sleep 1"), expected=past("completed")),
    job(
        "fine-job-second-try",
        "a Job that failed once and then was done",
        shell(ONCE.format(first="exit 1", then="exit 0"), **STATE),
        volumes=STATE_VOLUME,
        expected=past("completed"),
    ),
    job(
        "fine-job-sidecar",
        "a Job with a native sidecar that is stopped at the end with 143",
        shell("sleep 3"),
        initContainers=[shell(on_term(143), "proxy", restartPolicy="Always")],
        expected=past("completed"),
    ),
    job(
        "fine-job-sidecar-killed",
        "a Job with a native sidecar that has to be killed at the end",
        shell("sleep 3"),
        initContainers=[shell("while :; do sleep 1; done", "proxy", restartPolicy="Always")],
        terminationGracePeriodSeconds=1,
        expected=past("completed"),
    ),
    healthy(
        "fine-init",
        "init containers that are done",
        shell(),
        initContainers=[shell("exit 0", "one"), shell("sleep 1", "two")],
    ),
    healthy(
        "fine-sidecar",
        "a native sidecar that runs, with every probe",
        shell(readinessProbe={"exec": {"command": ["true"]}, **FAST}),
        initContainers=[
            shell(
                f"touch /tmp/healthy; {FOREVER}",
                "proxy",
                restartPolicy="Always",
                startupProbe=file_probe(failureThreshold=10),
                livenessProbe=file_probe(),
            )
        ],
    ),
    healthy(
        "fine-readiness-recovered",
        "readiness failed for a while and is fine again",
        shell(readinessProbe=attempts("$n -gt 3")),
        until=every(ready, event("Unhealthy", "Readiness", times=2), running_for(7)),
    ),
    healthy(
        "fine-liveness-hiccup",
        "one liveness attempt failed, fewer than it takes to kill",
        shell(livenessProbe=attempts("$n -ne 4", failureThreshold=30)),
        until=every(ready, event("Unhealthy", "Liveness"), quiet("Unhealthy", 12)),
    ),
    healthy(
        "fine-slow-start",
        "a startup probe that failed some times and then succeeded",
        shell(startupProbe=attempts("$n -gt 4", failureThreshold=60)),
        until=every(ready, event("Unhealthy", "Startup"), running_for(8)),
    ),
    healthy(
        "fine-unused-port",
        "a containerPort that nothing listens on",
        shell(ports=[{"name": "debug", "containerPort": 5005}]),
    ),
    healthy(
        "fine-missed-by-a-service",
        "a Service that selects it but for a letter: told, and no trouble of the pod",
        shell(),
        objects=(
            service(
                "fine-missed-by-a-service", selector={LABEL: "fine-missed-by-a-servise"}, target=80
            ),
        ),
        expected=Expected(severity=("ok",), codes=("NET010",)),
    ),
    healthy(
        "fine-root-drops",
        "an entrypoint that starts as root and drops to another user",
        container(image=ROOTDROP, args=["sleep", "1000"]),
    ),
    healthy(
        "fine-changes-its-environment",
        "a program that rewrites its own environment",
        shell(
            f'export LEVEL=debug EXTRA=1; unset OTHER; exec sh -c "{FOREVER}"',
            env=[{"name": "LEVEL", "value": "info"}, {"name": "OTHER", "value": "x"}],
        ),
    ),
    healthy("fine-no-shell", "an image without a shell", container(image=NOSHELL)),
    healthy(
        "fine-grpc",
        "a grpc server with readiness and liveness",
        container(
            image=AGNHOST,
            args=["grpc-health-checking"],
            readinessProbe={"grpc": {"port": 5000}, **FAST},
            livenessProbe={"grpc": {"port": 5000}, "initialDelaySeconds": 10, **FAST},
        ),
    ),
    healthy(
        "fine-http",
        "an http server with a named port, probes and a preStop hook",
        shell(
            "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 8080 -h /www",
            ports=[{"name": "web", "containerPort": 8080}],
            readinessProbe={"httpGet": {"path": "/", "port": "web"}, **FAST},
            livenessProbe={"tcpSocket": {"port": "web"}, "initialDelaySeconds": 10, **FAST},
            lifecycle={"preStop": {"exec": {"command": ["sleep", "1"]}}},
        ),
        terminationGracePeriodSeconds=30,
    ),
    healthy(
        "fine-shared-pid",
        "containers that share their process namespace",
        shell(),
        shell(name="other"),
        shareProcessNamespace=True,
    ),
    healthy(
        "fine-host-network",
        "a pod on the node's network",
        shell(),
        hostNetwork=True,
    ),
    healthy(
        "fine-optional",
        "optional sources that are not there",
        shell(
            env=[
                {
                    "name": "LEVEL",
                    "valueFrom": {
                        "configMapKeyRef": {"name": "nowhere", "key": "k", "optional": True}
                    },
                }
            ],
            volumeMounts=[{"name": "config", "mountPath": "/etc/app"}],
        ),
        volumes=[{"name": "config", "configMap": {"name": "nowhere", "optional": True}}],
    ),
    healthy(
        "fine-sources",
        "environment and files from a ConfigMap and a Secret",
        shell(
            envFrom=[{"configMapRef": {"name": "fine-sources-config"}}],
            env=[
                {
                    "name": "PASSWORD",
                    "valueFrom": {"secretKeyRef": {"name": "fine-sources-login", "key": "pw"}},
                }
            ],
            volumeMounts=[
                {"name": "config", "mountPath": "/etc/app"},
                {"name": "login", "mountPath": "/login"},
            ],
        ),
        objects=(
            config_map("fine-sources-config", {"LEVEL": "info"}),
            secret("fine-sources-login", {"pw": "correct horse"}),
        ),
        volumes=[
            {"name": "config", "configMap": {"name": "fine-sources-config"}},
            {"name": "login", "secret": {"secretName": "fine-sources-login"}},
        ],
    ),
    healthy(
        "fine-token",
        "a short-lived token of its own audience",
        shell(volumeMounts=[{"name": "token", "mountPath": "/token"}]),
        automountServiceAccountToken=True,
        volumes=[
            {
                "name": "token",
                "projected": {
                    "sources": [
                        {
                            "serviceAccountToken": {
                                "path": "t",
                                "audience": "vault",
                                "expirationSeconds": 600,
                            }
                        }
                    ]
                },
            }
        ],
    ),
    healthy(
        "fine-done-once",
        "a bare pod of policy OnFailure that is done",
        shell("echo done"),
        restartPolicy="OnFailure",
        until=stopped(),
        expected=past("completed"),
    ),
    healthy(
        "fine-user-namespace",
        "a pod with a user namespace of its own",
        shell(),
        needs=("1.33", "user namespaces"),
        hostUsers=False,
    ),
    healthy(
        "fine-policy-never",
        "a long-running pod of policy Never",
        shell(HEALTHY_FOR + FOREVER),
        restartPolicy="Never",
    ),
)
