"""The part of the plan about what holds a pod from outside: claims, devices, host ports. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.capture.planned import PlannedCall, get_object, right_to
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.pod.claims import TOO_MANY_VOLUMES
from kubectl_podx.pod.devices import claim_names, classes_of, is_allocated
from kubectl_podx.pod.victims import on_node

_VOLUMES = ("volumes", "scheduling")
_ONE_POD = "ReadWriteOncePod"


def after_claim(reference: Reference, body: Json) -> list[PlannedCall]:
    """Of a claim without a volume: its class, its events, and the volumes there are; of one that a
    single pod may use: who uses it.
    """
    found: list[PlannedCall] = []
    phase, storage_class = text(body, "status", "phase"), text(body, "spec", "storageClassName")
    if phase in ("Pending", "Lost"):
        if storage_class:
            found.append(get_object(Reference("StorageClass", "", storage_class), _VOLUMES))
        found += [
            _events(reference, text(body, "metadata", "uid")),
            _sample("PersistentVolume", ""),
        ]
    modes = dig(body, "spec", "accessModes")
    if isinstance(modes, list) and _ONE_POD in modes:
        found.append(_sample("Pod", reference.namespace))
    return found


def _events(reference: Reference, uid: str) -> PlannedCall:
    right = right_to("list", RESOURCES["Event"], reference.namespace)
    where = Reference("Event", reference.namespace, reference.key)
    query = (("fieldSelector", f"involvedObject.uid={uid}"),)
    return PlannedCall("list", f"Event/{reference.key}", _VOLUMES, right, where, query)


def _sample(kind: str, namespace: str) -> PlannedCall:
    """The first page of these objects."""
    right = right_to("list", RESOURCES[kind], namespace)
    where = Reference(kind, namespace, "")
    query = (("limit", "500"),)
    target = f"{kind}/{namespace}"
    return PlannedCall("list", target, _VOLUMES, right, where, query, first_page=True)


def device_claims(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    """The ResourceClaims of the pod (since 1.34 in v1)."""
    for _, name, _ in claim_names(pod):
        if name:
            claim = Reference("ResourceClaim", reference.namespace, name)
            yield get_object(claim, ("scheduling",))


def after_device_claim(body: Json) -> list[PlannedCall]:
    """Of a claim without devices: the classes that it asks for."""
    names = [] if is_allocated(body) else classes_of(body)
    return [get_object(Reference("DeviceClass", "", name), ("scheduling",)) for name in names]


def preempted_for(pod: Json) -> Iterator[PlannedCall]:
    """The pods of the node on which room is being made for this one: which of them have to go."""
    node = text(pod, "status", "nominatedNodeName")
    if node and is_unschedulable(pod):
        right = right_to("list", RESOURCES["Pod"], "")
        query = (("fieldSelector", f"spec.nodeName={node}"), ("limit", "500"))
        where = Reference("Pod", "", "")
        target = f"Pod/{on_node(node)}"
        yield PlannedCall("list", target, ("scheduling",), right, where, query, first_page=True)


def attached_volumes(pod: Json) -> Iterator[PlannedCall]:
    """How many volumes each driver may attach to each node and has attached, where the scheduler
    says that no more fit.
    """
    said = (text(one, "message") for one in items(pod, "status", "conditions"))
    if is_unschedulable(pod) and any(TOO_MANY_VOLUMES in each for each in said):
        for kind in ("CSINode", "VolumeAttachment"):
            right = right_to("list", RESOURCES[kind], "")
            where = Reference(kind, "", "")
            yield PlannedCall("list", f"{kind}/", ("scheduling",), right, where)


def is_unschedulable(pod: Json) -> bool:
    """Whether the scheduler has found no node for it."""
    return any(
        text(one, "type") == "PodScheduled" and text(one, "reason") == "Unschedulable"
        for one in items(pod, "status", "conditions")
    )


def holders_of_ports(pod: Json) -> Iterator[PlannedCall]:
    """All pods, where one of them may hold a host port that no node has free for this one."""
    asks = any(
        port.get("hostPort")
        for field in ("initContainers", "containers")
        for container in items(pod, "spec", field)
        for port in items(container, "ports")
    )
    if asks and is_unschedulable(pod):
        yield _sample("Pod", "")
