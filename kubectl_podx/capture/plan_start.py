"""The part of the plan about a pod that does not exist yet: what it refers to, the nodes that could
take it, and the dry run that asks the API server for its word. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from kubectl_podx.capture.plan import LookOptions, follow_ups, source_names
from kubectl_podx.capture.plan_outside import device_claims
from kubectl_podx.capture.planned import (
    PlannedCall,
    Right,
    get_object,
    get_version,
    list_all,
    right_to,
)
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.reference import RESOURCES, Reference

SECTION = ("start",)
"""What loses facts where one of these calls fails."""
_OPTIONS = LookOptions(sections=frozenset({"volumes", "scheduling", *SECTION}))
_ALIVE = (("fieldSelector", "status.phase!=Succeeded,status.phase!=Failed"),)


def dry_run(reference: Reference) -> PlannedCall:
    """The question what the API server would say of creating this object. Nothing is stored, but
    the right is that of creating it: it is no part of the least Role.
    """
    kind = reference.resource
    right = Right(("create",), kind.plural, kind.group, reference.namespace)
    return PlannedCall("dryRun", reference.key, SECTION, right, reference, optional_right=True)


def owner_calls(owners: Iterable[Reference]) -> list[PlannedCall]:
    """Whose templates the pods are made of."""
    return [get_object(owner, SECTION) for owner in dict.fromkeys(owners)]


def of_a_new_pod(reference: Reference, pod: Json) -> list[PlannedCall]:
    """Every object that the pod refers to."""
    return [*_objects(reference, pod), *device_claims(reference, pod)]


def _objects(reference: Reference, pod: Json) -> Iterator[PlannedCall]:
    namespace = reference.namespace
    read = source_names(pod)
    for kind, names in read.items():
        for name in sorted(names):
            yield get_object(Reference(kind, namespace, name), SECTION)
    for secret in items(pod, "spec", "imagePullSecrets"):
        name = text(secret, "name")
        if name and name not in read["Secret"]:
            yield get_object(Reference("Secret", namespace, name), SECTION, "type")
    account = text(pod, "spec", "serviceAccountName") or "default"
    yield get_object(Reference("ServiceAccount", namespace, account), SECTION)
    for volume in items(pod, "spec", "volumes"):
        claim = text(volume, "persistentVolumeClaim", "claimName")
        if claim:
            yield get_object(Reference("PersistentVolumeClaim", namespace, claim), SECTION)
    for kind, field in (
        ("PriorityClass", "priorityClassName"),
        ("RuntimeClass", "runtimeClassName"),
    ):
        name = text(pod, "spec", field)
        if name:
            yield get_object(Reference(kind, "", name), SECTION)


def after(reference: Reference, body: Json) -> list[PlannedCall]:
    """What a claim leads to: its volume, its class."""
    return follow_ups(reference, body, _OPTIONS)


def surroundings(namespace: str) -> list[PlannedCall]:
    """Once for all pods: the nodes, and what is on them. `namespace`: empty for all."""
    nodes = right_to("list", RESOURCES["Node"], "")
    pods = right_to("list", RESOURCES["Pod"], namespace)
    return [
        get_version(),
        PlannedCall("list", "Node/", SECTION, nodes, Reference("Node", "", "")),
        PlannedCall("list", "Pod/", SECTION, pods, Reference("Pod", namespace, ""), _ALIVE),
    ]


def storage() -> list[PlannedCall]:
    """Where claims that do not exist yet may get their volumes from."""
    return [list_all(kind, "", SECTION) for kind in ("StorageClass", "PersistentVolume")]


def any_start(namespace: str) -> list[PlannedCall]:
    """Everything that `rehearse` and `preflight` may ask about a pod of this namespace."""
    pod: Json = {
        "spec": {
            "priorityClassName": "NAME",
            "runtimeClassName": "NAME",
            "imagePullSecrets": [{"name": "registry"}],
            "containers": [
                {
                    "envFrom": [
                        {"configMapRef": {"name": "NAME"}},
                        {"secretRef": {"name": "NAME"}},
                    ]
                }
            ],
            "volumes": [{"persistentVolumeClaim": {"claimName": "NAME"}}],
            "resourceClaims": [{"name": "NAME", "resourceClaimName": "NAME"}],
        }
    }
    claim: Json = {"spec": {"volumeName": "NAME", "storageClassName": "NAME"}}
    claim = {**claim, "status": {"phase": "Pending"}}
    reference = Reference("Pod", namespace, "NAME")
    found = [
        *surroundings(""),
        *storage(),
        *of_a_new_pod(reference, pod),
        *after(Reference("PersistentVolumeClaim", namespace, "NAME"), claim),
        dry_run(reference),
    ]
    return [replace(call, right=replace(call.right, name="")) for call in found]
