"""Pods that wait for devices (dynamic resource allocation), for room, or for an image."""

from __future__ import annotations

from typing import Any

from e2e.manifests import container, pod, shell
from e2e.support import Bench, Manifest, is_ready
from incidents.catalogue.pod_ends import LARGE, priority
from incidents.incident import (
    HELPER,
    THIS_NAMESPACE,
    THIS_NODE,
    Expected,
    Incident,
    Look,
    Step,
    broken,
)
from incidents.when import condition, event, every, quiet, waiting

_UNSCHEDULABLE = condition("PodScheduled", "False", "Unschedulable")
_API = "resource.k8s.io/v1"
_NEEDS = ("1.34", "resource.k8s.io/v1")
_DRIVER = f"gpu.{THIS_NAMESPACE}"
_CLASS = f"{THIS_NAMESPACE}-{{}}"
_HANGS = 15999
"""A port of the node where somebody answers as a registry."""


def _class(name: str) -> Manifest:
    """Every device of our driver."""
    chosen = {"cel": {"expression": f"device.driver == '{_DRIVER}'"}}
    return {
        "apiVersion": _API,
        "kind": "DeviceClass",
        "metadata": {"name": _CLASS.format(name)},
        "spec": {"selectors": [chosen]},
    }


def _claim(name: str, device_class: str) -> Manifest:
    exactly = {"deviceClassName": _CLASS.format(device_class)}
    return {
        "apiVersion": _API,
        "kind": "ResourceClaim",
        "metadata": {"name": name},
        "spec": {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}},
    }


def _slice(name: str) -> Manifest:
    """One device on the node, of a driver that does not run."""
    return {
        "apiVersion": _API,
        "kind": "ResourceSlice",
        "metadata": {"name": _CLASS.format(name)},
        "spec": {
            "driver": _DRIVER,
            "nodeName": THIS_NODE,
            "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
            "devices": [{"name": "gpu-0"}],
        },
    }


def _with_claim(**claim: str) -> dict[str, Any]:
    return {"resourceClaims": [{"name": "gpu", **claim}]}


def _asks() -> Manifest:
    return shell(resources={"claims": [{"name": "gpu"}]})


def _nominated(look: Look) -> bool:
    """A node has been chosen on which room is made."""
    return bool(look.pod.get("status", {}).get("nominatedNodeName"))


def _stubborn(name: str) -> Manifest:
    """A pod of low priority that takes most of the node's CPU, and its time to end."""
    made = pod(
        f"{name}-first",
        shell("trap '' TERM; while :; do sleep 1; done", resources=LARGE),
        labels={HELPER: name},
        priorityClassName=f"podx-{name}-low",
        terminationGracePeriodSeconds=45,
    )
    made["spec"]["automountServiceAccountToken"] = False
    return made


def _open_the_gate(bench: Bench, waits: Manifest) -> None:
    """Lets the scheduler see the pod, once the other one runs."""
    name = waits["metadata"]["name"]
    bench.wait_for_pod(f"{name}-first", is_ready, "running", timeout=120)
    gone = '[{"op": "remove", "path": "/spec/schedulingGates"}]'
    bench.kubectl("patch", "pod", name, "--type=json", "--patch", gone)


_GATED: dict[str, Any] = {
    "schedulingGates": [{"name": "example.com/wait"}],
    "steps": (Step(condition("PodScheduled", "False", "SchedulingGated"), _open_the_gate),),
}
# What asks in TLS is told to ask in plain HTTP, as for every registry on the loopback.
_REGISTRY = r"""
read -r -t 2 how path version
type=application/vnd.oci.image.manifest.v1+json
digest=sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
head="HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: $type"
head="$head\r\nDocker-Content-Digest: $digest"
case "$how" in
HEAD) printf "$head\r\nConnection: close\r\n\r\n" ;;
GET) printf "$head\r\n\r\n"; sleep 100000 ;;
*) printf "HTTP/1.0 400 Bad Request\r\n\r\n" ;;
esac
"""

INCIDENTS: tuple[Incident, ...] = (
    broken(
        "room-is-being-made",
        "the scheduler ends a pod of lower priority, which takes its time",
        shell(resources=LARGE),
        objects=(
            priority("podx-room-is-being-made-low", -10),
            priority("podx-room-is-being-made-high", 10),
            _stubborn("room-is-being-made"),
        ),
        **_GATED,
        priorityClassName="podx-room-is-being-made-high",
        until=every(_UNSCHEDULABLE, _nominated),
        timeout=200,
        expected=Expected(
            severity=("warning",),
            words=("no node fits the pod", "room-is-being-made-first must end first"),
            codes=("SCH001", "SCH006"),
        ),
    ),
    broken(
        "devices-class-missing",
        "a resource claim asks for a device class that does not exist",
        _asks(),
        objects=(_claim("devices-class-missing", "none"),),
        **_with_claim(resourceClaimName="devices-class-missing"),
        until=_UNSCHEDULABLE,
        needs=_NEEDS,
        expected=Expected(words=("which does not exist",), codes=("SCH001",)),
    ),
    broken(
        "devices-none",
        "no node has a device of the class",
        _asks(),
        objects=(_class("absent"), _claim("devices-none", "absent")),
        **_with_claim(resourceClaimName="devices-none"),
        until=_UNSCHEDULABLE,
        needs=_NEEDS,
        expected=Expected(
            words=("ResourceClaim devices-none has no devices yet",), codes=("SCH001",)
        ),
    ),
    broken(
        "devices-not-prepared",
        "the device is allocated, and its driver does not run on the node",
        _asks(),
        objects=(
            _class("silent"),
            _slice("silent"),
            _claim("devices-not-prepared", "silent"),
        ),
        **_with_claim(resourceClaimName="devices-not-prepared"),
        until=event("FailedPrepareDynamicResources"),
        needs=_NEEDS,
        expected=Expected(
            words=("cannot prepare ResourceClaim devices-not-prepared",), codes=("SCH007",)
        ),
    ),
    broken(
        "devices-template-missing",
        "the template of the claim does not exist",
        _asks(),
        **_with_claim(resourceClaimTemplateName="none-such"),
        until=event("FailedResourceClaimCreation"),
        needs=_NEEDS,
        expected=Expected(words=("ResourceClaimTemplate none-such",)),
    ),
    broken(
        "image-pull-hangs",
        "the registry answers, and the bytes do not come",
        container("app", f"127.0.0.1:{_HANGS}/shop/app:1"),
        objects=(
            pod(
                "image-pull-hangs-first",
                shell(
                    f"printf '%s' '{_REGISTRY}' > /answer; exec nc -ll -p {_HANGS} -e sh /answer"
                ),
                labels={HELPER: "image-pull-hangs"},
                hostNetwork=True,
                automountServiceAccountToken=False,
            ),
        ),
        **_GATED,
        until=every(waiting("ContainerCreating"), event("Pulling"), quiet("Pulling", 65)),
        expected=Expected(
            severity=("info", "warning"), words=("the pull of image",), codes=("IMG008",)
        ),
    ),
)
