"""What holds a pod from outside: claims, labels of nodes, ports, pull secrets, resizes."""

from __future__ import annotations

import atexit
import json
from functools import partial
from typing import Any

from e2e.manifests import container, pod, shell
from e2e.support import Bench, Manifest
from incidents.incident import (
    HELPER,
    THIS_NAMESPACE,
    THIS_NODE,
    Expected,
    Incident,
    Step,
    broken,
    subject,
)
from incidents.node_files import BIG, GATE, fill
from incidents.when import age, condition, event, running_for, waiting

_UNSCHEDULABLE = condition("PodScheduled", "False", "Unschedulable")
_CLAIM = {"name": "d", "mountPath": "/data"}


def _claim(
    name: str, storage_class: str, mode: str = "ReadWriteOnce", size: str = "1Gi"
) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": [mode],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }


def _volume(name: str, storage_class: str, mode: str = "ReadWriteOnce", **spec: Any) -> Manifest:
    """1Gi of the node's disk."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{THIS_NAMESPACE}-{name}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": [mode],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage_class,
            "hostPath": {"path": f"/tmp/podx-{name}", "type": "DirectoryOrCreate"},
            **spec,
        },
    }


# A local volume names its node.
_ON_THIS_NODE = {
    "required": {
        "nodeSelectorTerms": [
            {
                "matchExpressions": [
                    {"key": "kubernetes.io/hostname", "operator": "In", "values": [THIS_NODE]}
                ]
            }
        ]
    }
}


def _handle(name: str) -> Manifest:
    """A volume that no driver has: it is counted, and never attached."""
    return {"driver": _DRIVER, "volumeHandle": name}


def _one_volume_of_our_driver(bench: Bench, body: Manifest) -> None:
    """The kubelet's words for a driver that may attach one volume to its node."""
    (csi,) = bench.kubectl("get", "csinodes", "--output=json").json["items"]
    name = csi["metadata"]["name"]

    def drivers(listed: list[Manifest]) -> None:
        patch = json.dumps({"spec": {"drivers": listed}})
        bench.kubectl("patch", "csinode", name, "--type=merge", "--patch", patch, check=False)

    known = csi["spec"].get("drivers") or []
    atexit.register(drivers, known)
    ours = {"name": _DRIVER, "nodeID": name, "topologyKeys": [], "allocatable": {"count": 1}}
    drivers([*known, ours])
    free = '[{"op": "remove", "path": "/spec/schedulingGates"}]'
    for pod_name in (f"{body['metadata']['name']}-holder", body["metadata"]["name"]):
        bench.kubectl("patch", "pod", pod_name, "--type=json", "--patch", free)
        bench.wait_for(partial(_was_seen, bench, pod_name), "the scheduler's word")


def _was_seen(bench: Bench, name: str) -> bool:
    """Whether the scheduler has taken a node for it, or said why it takes none."""
    found = bench.get("pod", name) or {}
    reasons = {one.get("reason") for one in found["status"].get("conditions", ())}
    return bool(found["spec"].get("nodeName") or "Unschedulable" in reasons)


def _mounted(claim: str) -> list[Manifest]:
    return [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}]


def _beside(name: str, *containers: Manifest, **spec: Any) -> Manifest:
    """A pod that has what the incident's pod asks for."""
    made = pod(f"{name}-holder", *containers, labels={HELPER: name}, **spec)
    made["spec"]["automountServiceAccountToken"] = False
    return made


def _shrink(bench: Bench, body: Manifest) -> None:
    less = {"requests": {"memory": "32Mi"}, "limits": {"memory": "32Mi"}}
    patch = {"spec": {"containers": [{"name": "app", "resources": less}]}}
    name = body["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--subresource=resize", "-p", json.dumps(patch))


def _holder_first(name: str, port: int) -> Manifest:
    """The pod that holds a host port, on this node."""
    return _beside(name, shell(ports=[{"containerPort": port, "hostPort": port}]))


_DRIVER = "csi.podx.test"
_USES = (
    'dd if=/dev/zero of=/dev/shm/x bs=1M count=60; trap "exit 0" TERM; while :; do sleep 1; done'
)
_SIZED = {"requests": {"memory": "128Mi"}, "limits": {"memory": "128Mi"}}

INCIDENTS: tuple[Incident, ...] = (
    broken(
        "pending-attach-limit",
        "the node has as many volumes of the driver as it may have",
        shell(volumeMounts=[_CLAIM]),
        objects=(
            _volume("attached", "podx-attached", hostPath=None, csi=_handle("attached")),
            _claim("attached", "podx-attached"),
            _volume("one-more", "podx-one-more", hostPath=None, csi=_handle("one-more")),
            _claim("one-more", "podx-one-more"),
            _beside(
                "pending-attach-limit",
                shell(volumeMounts=[_CLAIM]),
                volumes=_mounted("attached"),
                schedulingGates=[{"name": GATE}],
            ),
        ),
        volumes=_mounted("one-more"),
        schedulingGates=[{"name": GATE}],
        steps=(Step(age(0), _one_volume_of_our_driver),),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("exceed max volume count", f"may have 1 volume of {_DRIVER} attached"),
            codes=("SCH001",),
        ),
    ),
    Incident(
        "volume-changes-owner-slowly",
        "fsGroup on a volume of millions of files: the kubelet changes the owner of each",
        (
            _volume(
                "slow-owner",
                "podx-slow-owner",
                hostPath=None,
                local={"path": str(BIG)},
                nodeAffinity=_ON_THIS_NODE,
            ),
            _claim("slow-owner", "podx-slow-owner"),
            subject(
                "volume-changes-owner-slowly",
                shell(volumeMounts=[_CLAIM]),
                volumes=_mounted("slow-owner"),
                securityContext={"fsGroup": 2000},
                schedulingGates=[{"name": GATE}],
            ),
        ),
        event("VolumePermissionChangeInProgress"),
        Expected(
            severity=("info", "warning", "critical"),
            words=("the containers wait until each file of a volume belongs to fsGroup",),
            codes=("VOL010",),
        ),
        steps=(Step(age(0), fill),),
        timeout=400.0,
        slow=True,
        on_node=True,
    ),
    broken(
        "claim-class-missing",
        "the claim's StorageClass does not exist",
        shell(volumeMounts=[_CLAIM]),
        objects=(_claim("no-class", "fast-ssd"),),
        volumes=_mounted("no-class"),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("claim no-class", "StorageClass fast-ssd does not exist"), codes=("VOL007",)
        ),
    ),
    broken(
        "claim-volume-released",
        "the only volume of the class is reserved for an older claim of that name",
        shell(volumeMounts=[_CLAIM]),
        objects=(
            _volume(
                "released",
                "podx-released",
                claimRef={
                    "kind": "PersistentVolumeClaim",
                    "namespace": THIS_NAMESPACE,
                    "name": "released",
                    "uid": "11111111-2222-3333-4444-555555555555",
                },
            ),
            _claim("released", "podx-released"),
        ),
        volumes=_mounted("released"),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("claim released", "reserved for an older claim of this name"),
            codes=("VOL007",),
            never=("does not exist",),
        ),
    ),
    broken(
        "claim-too-large",
        "the claim asks for more than the volume has",
        shell(volumeMounts=[_CLAIM]),
        objects=(_volume("small", "podx-small"), _claim("large", "podx-small", size="5Gi")),
        volumes=_mounted("large"),
        until=_UNSCHEDULABLE,
        expected=Expected(words=("claim large", "has 1Gi", "asks for 5Gi"), codes=("VOL007",)),
    ),
    broken(
        "claim-access-mode",
        "the claim asks for an access mode that the volume does not offer",
        shell(volumeMounts=[_CLAIM]),
        objects=(_volume("once", "podx-once"), _claim("many", "podx-once", "ReadWriteMany")),
        volumes=_mounted("many"),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("claim many", "offers ReadWriteOnce", "asks for ReadWriteMany"),
            codes=("VOL007",),
        ),
    ),
    broken(
        "claim-one-pod",
        "another pod uses the ReadWriteOncePod claim",
        shell(volumeMounts=[_CLAIM]),
        objects=(
            _volume("one-pod", "podx-one-pod", "ReadWriteOncePod"),
            _claim("one-pod", "podx-one-pod", "ReadWriteOncePod"),
            _beside("claim-one-pod", shell(volumeMounts=[_CLAIM]), volumes=_mounted("one-pod")),
        ),
        # It is made first, and has to be there first.
        schedulingGates=[{"name": "podx.dev/later"}],
        steps=(
            Step(
                lambda _: True,
                lambda bench, body: _released_gate(bench, body, "claim-one-pod-holder"),
            ),
        ),
        volumes=_mounted("one-pod"),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("ReadWriteOncePod", "claim one-pod", "claim-one-pod-holder"),
            codes=("SCH001",),
        ),
    ),
    broken(
        "pending-label-case",
        "a nodeSelector that differs from the nodes' label by its case",
        shell(),
        nodeSelector={"kubernetes.io/os": "Linux"},
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("kubernetes.io/os=Linux", "nodes have linux", "case-sensitive"),
            codes=("SCH001",),
        ),
    ),
    broken(
        "pending-topology-key",
        "no node has the topologyKey of the spread constraint",
        shell(),
        topologySpreadConstraints=[
            {
                "maxSkew": 1,
                "topologyKey": "topology.example.com/rack",
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"app": "x"}},
            }
        ],
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("topology.example.com/rack", "no node has the label"),
            codes=("SCH001",),
            never=("unevenly",),
        ),
    ),
    broken(
        "pending-largest-node",
        "it asks for more memory than the largest node has",
        shell(resources={"requests": {"memory": "900Gi"}}),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("Insufficient memory", "asks for 900Gi memory", "largest node"),
            codes=("SCH001",),
        ),
    ),
    broken(
        "pending-host-port",
        "another pod holds the host port",
        shell(ports=[{"containerPort": 19123, "hostPort": 19123}]),
        objects=(_holder_first("pending-host-port", 19123),),
        schedulingGates=[{"name": "podx.dev/later"}],
        steps=(
            Step(
                lambda _: True,
                lambda bench, body: _released_gate(bench, body, "pending-host-port-holder"),
            ),
        ),
        until=_UNSCHEDULABLE,
        expected=Expected(
            words=("free ports", "host port 19123/TCP", "pending-host-port-holder"),
            codes=("SCH001",),
        ),
    ),
    broken(
        "image-pull-secret-elsewhere",
        "the pull secret is not in the pod's namespace",
        container("app", "registry.invalid/shop/web:1.4"),
        imagePullSecrets=[{"name": "regcred"}],
        until=waiting("ImagePullBackOff"),
        expected=Expected(
            words=("registry.invalid/shop/web:1.4", "cannot be resolved"),
            codes=("IMG001", "IMG005"),
        ),
    ),
    broken(
        "image-unknown-tag",
        "no registry can be reached for a tag that is not on the node",
        {"name": "app", "image": "busybox:1.99"},
        until=waiting("ImagePullBackOff"),
        expected=Expected(words=("busybox:1.99", "cannot be pulled"), codes=("IMG001",)),
    ),
    broken(
        "resize-in-force",
        "a resize in place to less memory than is in use",
        shell(_USES, resources=_SIZED),
        steps=(Step(running_for(4), _shrink),),
        until=condition("PodResizeInProgress", "True", "Error"),
        needs=("1.35", "a resize that fails says so"),
        expected=Expected(
            severity=("warning",),
            words=("resize fails", "limits.memory 128Mi in force, 32Mi declared"),
            codes=("POD002",),
            never=("were changed in place",),
        ),
    ),
)


def _released_gate(bench: Bench, body: Manifest, holder: str) -> None:
    """Once the holder runs, the pod may be scheduled."""
    bench.wait_for_pod(holder, lambda found: found["spec"].get("nodeName"), "is on a node")
    patch = [{"op": "remove", "path": "/spec/schedulingGates"}]
    name = body["metadata"]["name"]
    bench.kubectl("patch", "pod", name, "--type=json", "-p", json.dumps(patch))
