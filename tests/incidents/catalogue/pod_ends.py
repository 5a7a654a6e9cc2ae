"""Ends of the whole pod: evictions, deadlines, rejections, preemption."""

from __future__ import annotations

from typing import Any

from e2e.manifests import pod, shell
from e2e.support import Bench, Manifest
from incidents.catalogue.probe_kills import STUBBORN, on_term
from incidents.incident import (
    HELPER,
    MOST_CPU,
    THIS_NODE,
    Expected,
    Incident,
    Step,
    broken,
    subject,
)
from incidents.when import deleting, every, phase, running_for, status_reason, stopped

FILL = "dd if=/dev/zero of=/scratch/blob bs=1M count=40; while :; do sleep 1; done"
SCRATCH: dict[str, Any] = {"volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]}
LARGE = {"requests": {"cpu": MOST_CPU}, "limits": {"cpu": MOST_CPU}}


def priority(name: str, value: int) -> Manifest:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": name},
        "value": value,
    }


def more_important(bench: Bench, victim: Manifest) -> None:
    """A pod that fits only where the first one goes."""
    name = victim["metadata"]["name"]
    bench.apply(
        pod(
            f"{name}-by",
            shell(resources=victim["spec"]["containers"][0]["resources"]),
            labels={HELPER: name},
            priorityClassName=f"podx-{name}-high",
            automountServiceAccountToken=False,
        )
    )


def _unimportant() -> Manifest:
    """A finalizer keeps it in the API after its end; else nobody sees that."""
    made = subject(
        "preempted", shell(on_term(143), resources=LARGE), priorityClassName="podx-preempted-low"
    )
    made["metadata"]["finalizers"] = ["example.com/hold"]
    return made


INCIDENTS = (
    broken(
        "evicted-empty-dir",
        "an emptyDir that holds more than its sizeLimit",
        shell(FILL, **SCRATCH),
        volumes=[{"name": "scratch", "emptyDir": {"sizeLimit": "10Mi"}}],
        until=status_reason("Evicted"),
        timeout=180,
        expected=Expected("evicted", words=("evicted", "scratch"), at_least="proven"),
    ),
    broken(
        "evicted-ephemeral-storage",
        "a container that writes more than its ephemeral-storage limit",
        shell(
            "dd if=/dev/zero of=/blob bs=1M count=40; while :; do sleep 1; done",
            resources={"limits": {"ephemeral-storage": "10Mi"}},
        ),
        until=status_reason("Evicted"),
        timeout=180,
        expected=Expected("evicted", words=("evicted", "ephemeral"), at_least="proven"),
    ),
    broken(
        "deadline-exceeded",
        "activeDeadlineSeconds is over",
        shell(STUBBORN),
        activeDeadlineSeconds=8,
        until=status_reason("DeadlineExceeded"),
        expected=Expected("deadlineExceeded", words=("deadline",), at_least="proven"),
    ),
    broken(
        "rejected-cpu",
        "bound by nodeName to a node that has not so much cpu",
        shell(resources={"requests": {"cpu": "100"}}),
        nodeName=THIS_NODE,
        until=phase("Failed"),
        expected=Expected("rejected", words=("rejected", "cpu"), at_least="proven"),
    ),
    broken(
        "rejected-sysctl",
        "a sysctl that the kubelet does not allow (apache/apisix#2070)",
        shell(),
        securityContext={"sysctls": [{"name": "net.core.somaxconn", "value": "65535"}]},
        until=phase("Failed"),
        expected=Expected(
            "rejected", words=("SysctlForbidden", "net.core.somaxconn"), at_least="proven"
        ),
    ),
    broken(
        "rejected-app-armor",
        "an AppArmor profile on a node without AppArmor (bmuschko/cks-crash-course#2)",
        shell(
            securityContext={
                "appArmorProfile": {"type": "Localhost", "localhostProfile": "network-deny"}
            }
        ),
        until=phase("Failed"),
        expected=Expected("rejected", words=("AppArmor",), at_least="proven"),
    ),
    broken(
        "rejected-node-affinity",
        "bound by nodeName to a node that its nodeSelector does not match",
        shell(),
        nodeName=THIS_NODE,
        nodeSelector={"disk": "tape"},
        until=phase("Failed"),
        expected=Expected("rejected", words=("rejected", "NodeAffinity"), at_least="proven"),
    ),
    broken(
        "rejected-host-port",
        "bound by nodeName to a node where its hostPort is taken",
        shell(ports=[{"containerPort": 9, "hostPort": 39009}]),
        objects=(
            pod(
                "rejected-host-port-first",
                shell(ports=[{"containerPort": 9, "hostPort": 39009}]),
                nodeName=THIS_NODE,
            ),
        ),
        nodeName=THIS_NODE,
        until=phase("Failed"),
        expected=Expected("rejected", words=("rejected", "NodePorts"), at_least="proven"),
    ),
    Incident(
        "preempted",
        "the scheduler takes it away for a pod of higher priority",
        (
            priority("podx-preempted-low", -10),
            priority("podx-preempted-high", 10),
            _unimportant(),
        ),
        every(deleting, stopped()),
        Expected("preempted", severity=("info", "warning", "critical"), words=("preempted",)),
        steps=(Step(running_for(3), more_important),),
    ),
)
