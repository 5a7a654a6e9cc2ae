"""Pods and owners that have one of everything that makes the plan ask for something."""

from __future__ import annotations

from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.claims import TOO_MANY_VOLUMES

SAMPLE = Reference("Pod", "", "pod")
_ENDED = {"terminated": {"exitCode": 137, "containerID": "containerd://ended"}}

SAMPLE_POD: Json = {
    "kind": "Pod",
    "metadata": {
        "name": "pod",
        "uid": "uid",
        "labels": {"app": "web", "pod-template-hash": "5f"},
        "ownerReferences": [
            {"kind": kind, "name": "owner", "controller": True}
            for kind in ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
        ],
    },
    "spec": {
        "nodeName": "node",
        "serviceAccountName": "account",
        "runtimeClassName": "sandboxed",
        "imagePullSecrets": [{"name": "registry"}],
        "containers": [
            {
                "name": "app",
                "resources": {"limits": {"memory": "64Mi", "cpu": "1"}},
                "envFrom": [
                    {"configMapRef": {"name": "settings"}},
                    {"secretRef": {"name": "login"}},
                ],
                "livenessProbe": {"exec": {"command": ["true"]}},
            }
        ],
        "volumes": [
            {"name": "s", "secret": {"secretName": "login"}},
            {"name": "c", "configMap": {"name": "settings"}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "claim"}},
        ],
    },
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}],
        "containerStatuses": [
            {
                "name": "app",
                "state": {"running": {}},
                "ready": False,
                "restartCount": 1,
                "lastState": _ENDED,
            }
        ],
    },
}

# Without a node the plan asks which nodes there are.
PENDING_POD: Json = {
    "kind": "Pod",
    "spec": {
        "nodeSelector": {"disk": "ssd"},
        "containers": [{"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}],
        "resourceClaims": [{"name": "device", "resourceClaimName": "owner"}],
    },
    "status": {
        "conditions": [
            {
                "type": "PodScheduled",
                "reason": "Unschedulable",
                "message": f"0/1 nodes are available: 1 node(s) {TOO_MANY_VOLUMES}.",
            }
        ]
    },
}

OWNERS: dict[str, Json] = {
    "ReplicaSet": {
        "metadata": {"ownerReferences": [{"kind": "Deployment", "name": "owner"}]},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    },
    "Job": {"metadata": {"ownerReferences": [{"kind": "CronJob", "name": "owner"}]}},
    "PersistentVolumeClaim": {
        "spec": {
            "volumeName": "volume",
            "storageClassName": "fast",
            "accessModes": ["ReadWriteOncePod"],
        },
        "status": {"phase": "Pending"},
    },
    "ResourceClaim": {
        "spec": {"devices": {"requests": [{"exactly": {"deviceClassName": "fast"}}]}},
    },
}
