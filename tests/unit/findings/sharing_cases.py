"""Small pods for the rules about what a pod shares and what stands around it."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from kubectl_podx.model.capture import (
    Call,
    Capture,
    CapturedPod,
    HostsFile,
    Listener,
    Mount,
    Observation,
    Process,
    StoredList,
    StoredObject,
)
from kubectl_podx.model.parts import Metadata, Verdict
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.containers import facts as containers
from kubectl_podx.sections.hosts import facts as hosts
from kubectl_podx.sections.images import facts as images
from kubectl_podx.sections.injections import facts as injections
from kubectl_podx.sections.lifecycle import facts as lifecycle
from kubectl_podx.sections.namespaces import facts as namespaces
from kubectl_podx.sections.network import facts as network
from kubectl_podx.sections.node import facts as node
from kubectl_podx.sections.pod import facts as pod
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.scheduling import facts as scheduling
from kubectl_podx.sections.volumes import facts as volumes

KEY = "Pod/shop/web-1"
SIBLINGS = "Pod/shop/pod-template-hash=5f"
NOW = "2026-11-25T12:00:00Z"
EARLIER = "2026-11-25T10:00:00Z"
APP_ID = "a" * 64
DIGEST = "sha256:" + "d" * 64

HEALTHY: dict[str, Any] = {
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "uid": "u-1",
        "creationTimestamp": EARLIER,
        "labels": {"app": "web"},
    },
    "spec": {
        "nodeName": "n1",
        "restartPolicy": "Always",
        "nodeSelector": {"disktype": "ssd"},
        "volumes": [{"name": "data", "emptyDir": {}}],
        "containers": [
            {
                "name": "app",
                "image": "nginx:1.27",
                "ports": [{"name": "http", "containerPort": 80}, {"containerPort": 9999}],
                "readinessProbe": {"httpGet": {"path": "/", "port": "http"}},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.0.0.9",
        "startTime": EARLIER,
        "conditions": [
            {"type": each, "status": "True"}
            for each in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
        "containerStatuses": [
            {
                "name": "app",
                "ready": True,
                "started": True,
                "restartCount": 0,
                "imageID": f"docker.io/library/nginx@{DIGEST}",
                "containerID": f"containerd://{APP_ID}",
                "state": {"running": {"startedAt": EARLIER}},
            }
        ],
    },
}
NODE: dict[str, Any] = {
    "metadata": {"labels": {"disktype": "ssd"}},
    "spec": {},
    "status": {
        "conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": NOW}],
    },
}
LOOK = Observation(
    container="app",
    container_id=APP_ID,
    state="observed",
    method="exec",
    main_pid=1,
    processes=[
        Process(pid=1, container_id=APP_ID, executable="nginx", state="S", handles_term=True)
    ],
    listeners=[Listener(address="::", port=80, pid=1)],
    mounts=[
        Mount(path="/", root="/", device="0:40", fstype="overlay"),
        Mount(
            path="/data",
            root="/x",
            device="8:1",
            fstype="ext4",
            inode="5",
            size=1000,
            used=100,
            inodes=100,
            inodes_used=1,
        ),
    ],
    text=HostsFile(hosts=["# Kubernetes-managed hosts file.", "127.0.0.1\tlocalhost"]),
)


def look(**changes: Any) -> Observation:
    """The healthy look with some of it changed."""
    return msgspec.structs.replace(LOOK, **changes)


def changed(*edits: tuple[tuple[str | int, ...], Any]) -> dict[str, Any]:
    """The healthy pod with the values at these paths replaced."""
    body = copy.deepcopy(HEALTHY)
    for path, value in edits:
        target: Any = body
        for step in path[:-1]:
            target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
        target[path[-1]] = value
    return body


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    """The healthy pod with its container in this waiting state."""
    status = {"name": "app", "state": {"waiting": {"reason": reason, "message": message}}}
    return changed(
        (("status", "containerStatuses"), [status]),
        (("status", "phase"), "Pending"),
        (("status", "conditions"), [{"type": "PodScheduled", "status": "True"}]),
    )


def event(reason: str, message: str, count: int = 1, container: str = "") -> dict[str, Any]:
    """One of the pod's events."""
    involved = {"uid": "u-1"}
    if container:
        involved["fieldPath"] = f"spec.containers{{{container}}}"
    return {"reason": reason, "message": message, "count": count, "involvedObject": involved}


def case_of(
    body: dict[str, Any] = HEALTHY,
    *observations: Observation,
    events: tuple[dict[str, Any], ...] = (),
    services: tuple[dict[str, Any], ...] = (),
    slices: tuple[dict[str, Any], ...] = (),
    siblings: tuple[dict[str, Any], ...] = (),
    objects: tuple[StoredObject, ...] = (),
    node_body: dict[str, Any] | None = NODE,
    disturbed: str = "",
) -> Case:
    """A case with every section of this part built."""
    captured = CapturedPod(
        reference=KEY,
        uid="u-1",
        observations=list(observations),
        disturbed=disturbed,
        calls=[Call(id=f"list {SIBLINGS}", sections=["images"], state="ok")],
    )
    stored = [StoredObject(reference=KEY, state="present", body=body), *objects]
    if node_body is not None:
        stored.append(StoredObject(reference="Node//n1", state="present", body=node_body))
    lists = {
        f"Event/{KEY}": list(events),
        "Service/shop": list(services),
        "EndpointSlice/shop": list(slices),
        SIBLINGS: list(siblings),
    }
    capture = Capture(
        captured_at=NOW,
        pods=[captured],
        objects={each.reference: each for each in stored},
        lists={
            key: StoredList(reference=key, state="present", items=found)
            for key, found in lists.items()
        },
    )
    view = PodView(capture, captured)
    report = PodReport(
        metadata=Metadata(captured_at=NOW, source="live"),
        verdict=Verdict(severity="unknown", summary=""),
        pod=pod.build(view),
        containers=containers.build(view),
        namespaces=namespaces.build(view),
        network=network.build(view),
        volumes=volumes.build(view),
        lifecycle=lifecycle.build(view),
        scheduling=scheduling.build(view),
        node=node.build(view),
        images=images.build(view),
        hosts=hosts.build(view),
        injections=injections.build(view),
    )
    return Case(view, report)


def hits(rules: tuple[Rule, ...], case: Case) -> dict[str, list[Hit]]:
    """Code -> what the rule found."""
    found = {rule.code: list(rule.check(case)) for rule in rules}
    return {code: several for code, several in found.items() if several}


def severities(rules: tuple[Rule, ...], case: Case) -> dict[str, str]:
    """Code -> severity of the rule's first finding."""
    return {rule.code: found[0].severity for rule in rules if (found := rule.findings(case))}
