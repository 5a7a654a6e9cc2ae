"""Small pods for the rules about what a pod shares and what stands around it."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

import kit
from kit import Json, condition, container
from kubectl_podx.model.capture import (
    HostsFile,
    Listener,
    Mount,
    Observation,
    Process,
    StoredObject,
)
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
from kubectl_podx.sections.scheduling import facts as scheduling
from kubectl_podx.sections.volumes import facts as volumes

SIBLINGS = "Pod/shop/pod-template-hash=5f"
NOW = "2026-11-25T12:00:00Z"
EARLIER = "2026-11-25T10:00:00Z"
APP_ID = "a" * 64
DIGEST = "sha256:" + "d" * 64

HEALTHY = kit.pod(
    container(
        "app",
        status=kit.status(
            kit.running(EARLIER),
            ready=True,
            started=True,
            restartCount=0,
            imageID=f"docker.io/library/nginx@{DIGEST}",
            containerID=f"containerd://{APP_ID}",
        ),
        image="nginx:1.27",
        ports=[{"name": "http", "containerPort": 80}, {"containerPort": 9999}],
        readinessProbe={"httpGet": {"path": "/", "port": "http"}},
        volumeMounts=[{"name": "data", "mountPath": "/data"}],
    ),
    name="web-1",
    metadata={"creationTimestamp": EARLIER, "labels": {"app": "web"}},
    status={
        "podIP": "10.0.0.9",
        "startTime": EARLIER,
        "conditions": [
            condition(each) for each in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        ],
    },
    nodeName="n1",
    restartPolicy="Always",
    nodeSelector={"disktype": "ssd"},
    volumes=[{"name": "data", "emptyDir": {}}],
)
NODE = kit.node(
    "n1",
    condition("Ready", lastHeartbeatTime=NOW),
    metadata={"labels": {"disktype": "ssd"}},
)
LOOK = kit.observation(
    container_id=APP_ID,
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


def changed(*edits: tuple[tuple[str | int, ...], Any]) -> Json:
    """The healthy pod with the values at these paths replaced."""
    body = copy.deepcopy(HEALTHY)
    for path, value in edits:
        target: Any = body
        for step in path[:-1]:
            target = target.setdefault(step, {}) if isinstance(target, dict) else target[step]
        target[path[-1]] = value
    return body


def waiting(reason: str, message: str = "") -> Json:
    """The healthy pod with its container in this waiting state."""
    return changed(
        (
            ("status", "containerStatuses"),
            [{"name": "app", **kit.status(kit.waiting(reason, message))}],
        ),
        (("status", "phase"), "Pending"),
        (("status", "conditions"), [condition("PodScheduled")]),
    )


def case_of(
    body: Json = HEALTHY,
    *observations: Observation,
    events: tuple[Json, ...] = (),
    services: tuple[Json, ...] = (),
    slices: tuple[Json, ...] = (),
    siblings: tuple[Json, ...] = (),
    objects: tuple[StoredObject, ...] = (),
    node_body: Json | None = NODE,
    disturbed: str = "",
) -> Case:
    """A case with every section of this part built."""
    view = kit.view(
        body,
        *objects,
        *([] if node_body is None else [kit.stored(node_body, "Node//n1")]),
        events=events,
        lists={
            "Service/shop": services,
            "EndpointSlice/shop": slices,
            SIBLINGS: siblings,
        },
        captured_at=NOW,
        observations=list(observations),
        disturbed=disturbed,
        calls=[kit.call("list", SIBLINGS, sections=["images"], state="ok")],
    )
    return kit.case(
        view,
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


def hits(rules: tuple[Rule, ...], case: Case) -> dict[str, list[Hit]]:
    """Code -> what the rule found."""
    found = {rule.code: list(rule.check(case)) for rule in rules}
    assert all(hit.title for several in found.values() for hit in several)
    return {code: several for code, several in found.items() if several}


def severities(rules: tuple[Rule, ...], case: Case) -> dict[str, str]:
    """Code -> severity of the rule's first finding."""
    return {rule.code: found[0].severity for rule in rules if (found := rule.findings(case))}
