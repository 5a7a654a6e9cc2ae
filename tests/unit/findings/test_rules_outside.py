"""What holds a pod from outside: claims, policies, resizes, nodes."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, absent, condition, container, node, pod, status, stored, view
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.claims import why_unbound
from kubectl_podx.pod.resize import not_in_force
from kubectl_podx.sections.network import facts as network
from kubectl_podx.sections.scheduling import facts as scheduling

MESSAGE = "0/1 nodes are available: {}. preemption: 0/1 nodes are available: 1 No victims."


def pending(reason: str, *containers: Json, **spec: Any) -> Json:
    told = condition(
        "PodScheduled", "False", reason="Unschedulable", message=MESSAGE.format(reason)
    )
    state = {"phase": "Pending", "conditions": [told], "containerStatuses": []}
    return pod(*(containers or (container(),)), status=state, **spec)


def held(body: Json, nodes: list[Json], **lists: Any) -> list[str]:
    known = {"Node/": nodes, **lists}
    return scheduling.build(view(body, lists=known)).held


LINUX = node(metadata={"labels": {"kubernetes.io/os": "linux"}})
SMALL = {**node(), "status": {"allocatable": {"memory": "4Gi", "cpu": "2"}}}


def test_a_label_that_differs_by_its_case() -> None:
    body = pending(
        "1 node(s) didn't match Pod's node affinity/selector",
        nodeSelector={"kubernetes.io/os": "Linux"},
    )
    assert held(body, [LINUX]) == [
        "nodeSelector kubernetes.io/os=Linux: nodes have linux (labels are case-sensitive)"
    ]


def test_a_label_that_some_node_has_explains_nothing() -> None:
    body = pending(
        "1 node(s) didn't match Pod's node affinity/selector",
        nodeSelector={"kubernetes.io/os": "linux"},
    )
    assert held(body, [LINUX]) == []


def test_more_than_the_largest_node_has_and_what_others_have_taken() -> None:
    big = container(resources={"requests": {"memory": "900Gi"}})
    body = pending("1 Insufficient memory", big)
    assert held(body, [SMALL]) == ["the pod asks for 900Gi memory, the largest node, n1, has 4Gi"]
    fits = pending("1 Insufficient cpu", container(resources={"requests": {"cpu": "1500m"}}))
    assert held(fits, [SMALL]) == [
        "the pod asks for 1500m cpu; node n1 has 2 in all, most of it requested by other pods"
    ]


def test_who_holds_the_host_port() -> None:
    ports = [{"containerPort": 80, "hostPort": 8080}]
    body = pending(
        "1 node(s) didn't have free ports for the requested pod ports", container(ports=ports)
    )
    other = pod(container(ports=ports), name="old", uid="u-2", nodeName="n1")
    udp = pod(
        container(ports=[{**ports[0], "protocol": "UDP"}]), name="dns", uid="u-3", nodeName="n1"
    )
    assert held(body, [SMALL], **{"Pod/": [other, udp]}) == [
        "host port 8080/TCP of node n1 is held by pod shop/old"
    ]
    assert held(body, [SMALL]) == ["host port 8080/TCP; which pod holds it is not known"]


def claim(phase: str = "Pending", **spec: Any) -> Json:
    made = {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"], **spec}
    asked = {"resources": {"requests": {"storage": "1Gi"}}, **made}
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "shop", "uid": "c-1"},
        "spec": asked,
        "status": {"phase": phase},
    }


def unbound(body: Json, *objects: Any, volumes: list[Json] | None = None) -> list[str]:
    uses = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    lists = {"PersistentVolume/": volumes} if volumes is not None else {}
    return why_unbound(view(pod(volumes=uses), stored(body), *objects, lists=lists), "data")


def absent_class() -> Any:
    return absent("StorageClass//fast")


def test_a_class_that_is_not_there_and_one_that_nobody_could_read() -> None:
    assert unbound(claim(), absent_class()) == ["StorageClass fast does not exist"]
    assert unbound(claim()) == []
    assert unbound(claim("Bound"), absent_class()) == []


def volume(name: str = "pv", size: str = "1Gi", **spec: Any) -> Json:
    known = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], **spec}
    return {
        "metadata": {"name": name},
        "spec": {"storageClassName": "fast", **known},
        "status": {"phase": "Released" if "claimRef" in spec else "Available"},
    }


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            volume(claimRef={"namespace": "shop", "name": "data", "uid": "old"}),
            "is reserved for an older claim of this name (claimRef.uid old), it is Released",
        ),
        (volume(claimRef={"namespace": "x", "name": "data", "uid": "y"}), "for claim data"),
        (volume(size="500Mi"), "PersistentVolume pv has 500Mi, the claim asks for 1Gi"),
        (volume(accessModes=["ReadOnlyMany"]), "offers ReadOnlyMany, the claim asks for"),
        (volume(volumeMode="Block"), "is not of volumeMode Filesystem"),
    ],
)
def test_a_volume_that_the_claim_cannot_have(made: Json, words: str) -> None:
    (said,) = unbound(claim(), absent_class(), volumes=[made])
    assert words in said


def test_a_resize_that_is_not_done_says_what_is_in_force() -> None:
    limits = {"limits": {"memory": "32Mi"}, "requests": {"memory": "32Mi"}}
    actual = {"limits": {"memory": "128Mi"}, "requests": {"memory": "32768Ki"}}
    body = pod(container(resources=limits, status=status(resources=actual)))
    assert not_in_force(body) == ["app: limits.memory 128Mi in force, 32Mi declared"]
    assert not_in_force(pod(container(resources=limits, status=status(resources=limits)))) == []


def policy(name: str, selector: Json, **spec: Any) -> Json:
    return {"metadata": {"name": name}, "spec": {"podSelector": selector, **spec}}


def test_policies_that_limit_the_egress_of_the_pod() -> None:
    body = pod(metadata={"labels": {"app": "web"}})
    found = [
        policy("all", {}, policyTypes=["Ingress", "Egress"]),
        policy("mine", {"matchLabels": {"app": "web"}}, egress=[{}]),
        policy("in", {}, policyTypes=["Ingress"]),
        policy("other", {"matchLabels": {"app": "db"}}, policyTypes=["Egress"]),
    ]
    made = network.build(view(body, lists={"NetworkPolicy/shop": found}))
    assert made.egress_policies == ["NetworkPolicy/all", "NetworkPolicy/mine"]
    assert network.build(view(body)).egress_policies == []


def test_policies_are_read_only_for_a_pod_that_runs_and_is_not_ready() -> None:
    reference = Reference("Pod", "shop", "web-0")
    for value, asked in (("False", True), ("True", False)):
        body = pod(status={"conditions": [condition("Ready", value)]})
        ids = [call.id for call in pod_calls(reference, body, LookOptions())]
        assert ("list NetworkPolicy/shop" in ids) is asked


def csi_node(name: str, allowed: int) -> Json:
    driver = {"name": "csi.example.com", "nodeID": name, "allocatable": {"count": allowed}}
    return {"metadata": {"name": name}, "spec": {"drivers": [driver]}}


def attached(node_name: str, volume: str, driver: str = "csi.example.com") -> Json:
    source = {"persistentVolumeName": volume}
    return {"spec": {"attacher": driver, "nodeName": node_name, "source": source}}


def test_the_volumes_that_a_node_has_of_the_driver_of_the_claim() -> None:
    body = pending(
        "2 node(s) exceed max volume count",
        volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
    )
    objects = (
        stored({"spec": {"volumeName": "pv-9"}}, "PersistentVolumeClaim/shop/data"),
        stored({"spec": {"csi": {"driver": "csi.example.com"}}}, "PersistentVolume//pv-9"),
    )
    lists = {
        "CSINode/": [csi_node("n1", 4), csi_node("n2", 1)],
        "VolumeAttachment/": [
            attached("n1", "pv-1"),
            attached("n2", "pv-2"),
            attached("n2", "pv-3", "another.example.com"),
        ],
        "Node/": [],
    }
    found = scheduling.build(view(body, *objects, lists=lists)).held
    has = "attached (CSINode) and has 1 (VolumeAttachments)"
    assert found == [
        f"node n2 may have 1 volume of csi.example.com {has}: pv-2",
        f"node n1 may have 4 volumes of csi.example.com {has}: pv-1",
    ]


def test_attachments_are_asked_for_only_where_the_scheduler_speaks_of_them() -> None:
    def asked(reason: str) -> set[str]:
        pod_ = Reference("Pod", "shop", "web-0")
        return {call.id for call in pod_calls(pod_, pending(reason), LookOptions())}

    wanted = {"list CSINode/", "list VolumeAttachment/"}
    assert wanted <= asked("1 node(s) exceed max volume count")
    assert wanted.isdisjoint(asked("1 Insufficient cpu"))
