"""What the nodes offer now and who is on them: found once for all pods of a Capture."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from msgspec import Struct

from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.requests import host_ports, requests_of


class Tenant(Struct, frozen=True):
    """A pod that is on a node."""

    namespace: str
    name: str
    uid: str
    labels: dict[str, object]
    priority: int
    requests: dict[str, Fraction]
    ports: frozenset[tuple[int, str]]
    repels: tuple[Json, ...]
    """Its own required anti-affinity."""
    failing: frozenset[str]
    """Images that it waits for in vain."""

    @property
    def label(self) -> str:
        """`NAMESPACE/NAME`."""
        return f"{self.namespace}/{self.name}"


class Place(NamedTuple):
    """One node with its tenants."""

    name: str
    labels: dict[str, object]
    taints: list[Json]
    cordoned: bool
    allocatable: dict[str, Fraction]
    tenants: list[Tenant]
    used: dict[str, Fraction]
    """What its tenants request together."""
    images: frozenset[str]
    """Those of the wanted images that it has."""
    tells_all: bool
    """Whether it tells of all its images."""


class Room(Struct, frozen=True):
    """All nodes; None where they were not read."""

    places: list[Place] | None
    crowd_known: bool
    """Whether it is known which pods are on them."""
    told: dict[str, object] = {}
    """What was found for one pod of a template, by its owner: it holds for the others, too."""


_IMAGE_FAILED = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")


def room_of(capture: Capture) -> Room:
    """The nodes of the capture and what is on each of them."""
    nodes, crowd = capture.lists.get("Node/"), capture.lists.get("Pod/")
    if nodes is None or nodes.state != "present":
        return Room(None, False, {})
    by_node: dict[str, list[Tenant]] = {}
    for pod in capture.listed("Pod/"):
        by_node.setdefault(text(pod, "spec", "nodeName"), []).append(_tenant(pod))
    images = {text(row, "node"): row for row in capture.listed("NodeImages/")}
    places = [_place(node, by_node, images) for node in nodes.items]
    return Room(places, crowd is not None and crowd.state == "present", {})


def _tenant(pod: Json) -> Tenant:
    waiting = [
        text(status, "image")
        for field in ("initContainerStatuses", "containerStatuses")
        for status in items(pod, "status", field)
        if text(status, "state", "waiting", "reason") in _IMAGE_FAILED
    ]
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return Tenant(
        namespace=text(pod, "metadata", "namespace"),
        name=text(pod, "metadata", "name"),
        uid=text(pod, "metadata", "uid"),
        labels=mapping(pod, "metadata", "labels"),
        priority=number(pod, "spec", "priority") or 0,
        requests=requests_of(pod),
        ports=frozenset(host_ports(pod)),
        repels=tuple(items(pod, "spec", "affinity", "podAntiAffinity", required)),
        failing=frozenset(waiting),
    )


def _place(node: Json, by_node: dict[str, list[Tenant]], images: dict[str, Json]) -> Place:
    name = text(node, "metadata", "name")
    offers = {
        key: amount
        for key, written in mapping(node, "status", "allocatable").items()
        if (amount := parse_quantity(written)) is not None
    }
    row = images.get(name, {})
    found = dig(row, "images")
    tenants = by_node.get(name, [])
    used: dict[str, Fraction] = {}
    for tenant in tenants:
        for key, amount in tenant.requests.items():
            used[key] = used.get(key, Fraction(0)) + amount
    return Place(
        name=name,
        labels=mapping(node, "metadata", "labels"),
        taints=items(node, "spec", "taints"),
        cordoned=dig(node, "spec", "unschedulable") is True,
        allocatable=offers,
        tenants=tenants,
        used=used,
        images=frozenset(found if isinstance(found, list) else ()),
        tells_all=dig(row, "all") is True,
    )
