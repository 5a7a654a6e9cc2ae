"""Healthy pods to which something happened while they ran."""

from __future__ import annotations

import json

from e2e.manifests import BUSYBOX, FOREVER, config_map, deployment, shell
from e2e.support import Bench, Manifest
from incidents.catalogue.healthy import FINE, SETTLED, healthy
from incidents.incident import Incident, Step, service, subject
from incidents.when import every, ready, running_for


def write_config(bench: Bench, pod: Manifest) -> None:
    """The ConfigMap says something else from now on."""
    bench.apply(config_map(f"{pod['metadata']['name']}-config", {"level": "debug"}))


def see_it_inside(bench: Bench, pod: Manifest) -> None:
    """Waits until the kubelet has written it into the volume."""
    name = pod["metadata"]["name"]
    bench.wait_for(
        lambda: "debug" in bench.exec(name, "cat", "/etc/app/level"), "the volume's refresh", 90
    )


def resize(bench: Bench, pod: Manifest) -> None:
    more = {"requests": {"memory": "48Mi"}, "limits": {"memory": "96Mi"}}
    change = {"spec": {"containers": [{"name": "app", "resources": more}]}}
    name = pod["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--subresource=resize", "--patch", json.dumps(change))


def open_gate(bench: Bench, pod: Manifest) -> None:
    said = {"type": "example.com/traffic", "status": "True"}
    change = json.dumps({"status": {"conditions": [said]}})
    name = pod["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--subresource=status", "--patch", change)


def debug_shell(bench: Bench, pod: Manifest) -> None:
    """An ephemeral container that comes, fails, and is gone."""
    words = ("--container=debugger", "--target=app", "--attach=false", "--", "sh", "-c", "exit 1")
    bench.kubectl("debug", pod["metadata"]["name"], f"--image={BUSYBOX}", *words)


def label(bench: Bench, pod: Manifest) -> None:
    bench.kubectl("label", "pod", pod["metadata"]["name"], "tier=web")


CONFIG: Manifest = {"volumeMounts": [{"name": "config", "mountPath": "/etc/app"}]}

INCIDENTS = (
    healthy(
        "fine-config-reloaded",
        "its ConfigMap was changed, the volume has it, and the program reloads",
        shell(
            "trap 'exit 0' TERM; while :; do cat /etc/app/level >/dev/null; sleep 1; done",
            **CONFIG,
        ),
        objects=(config_map("fine-config-reloaded-config", {"level": "info"}),),
        volumes=[{"name": "config", "configMap": {"name": "fine-config-reloaded-config"}}],
        steps=(Step(SETTLED, write_config), Step(ready, see_it_inside)),
    ),
    healthy(
        "fine-resized",
        "a resize in place that restarts nothing",
        shell(
            resources={"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        ),
        steps=(Step(SETTLED, resize),),
        needs=("1.33", "a resize in place"),
        until=every(
            ready,
            lambda look: (
                look.pod["status"]["containerStatuses"][0]
                .get("resources", {})
                .get("limits", {})
                .get("memory")
                == "96Mi"
            ),
        ),
    ),
    healthy(
        "fine-gate-open",
        "a readiness gate that somebody has set",
        shell(),
        readinessGates=[{"conditionType": "example.com/traffic"}],
        steps=(Step(running_for(2), open_gate),),
    ),
    healthy(
        "fine-debug-shell-ended",
        "a debug container that failed: it belongs to nobody's work",
        shell(),
        steps=(Step(SETTLED, debug_shell),),
        until=every(
            ready,
            lambda look: any(
                "terminated" in one["state"]
                for one in look.pod["status"].get("ephemeralContainerStatuses", [])
            ),
        ),
    ),
    healthy(
        "fine-labelled",
        "somebody wrote a label on it",
        shell(),
        steps=(Step(SETTLED, label),),
    ),
    Incident(
        "fine-deployment",
        "a pod of a Deployment behind a Service",
        (
            service("fine-deployment"),
            deployment(
                "fine-deployment",
                subject(
                    "fine-deployment",
                    shell(f"mkdir -p /www; httpd -p 8080 -h /www; {FOREVER}"),
                ),
            ),
        ),
        every(ready, running_for(8)),
        FINE,
        healthy=True,
    ),
)
