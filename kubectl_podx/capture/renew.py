"""The pod that would be made now in the place of one that is there: what is declared, and nothing
that the cluster added to it. Pure.
"""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.words import StartBasis
from kubectl_podx.pod.workload import TEMPLATES

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - a volume's name
# Worked out at admission: a pod that brings its own is refused where the class has another one.
_WORKED_OUT = ("priority", "preemptionPolicy", "overhead", "ephemeralContainers", "nodeName")
_GENERATED = frozenset(TEMPLATES) - {"StatefulSet"}
# What the DaemonSet controller adds (pkg/controller/daemon/util AddOrUpdateDaemonPodTolerations).
_OF_A_DAEMON = (
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
)
_NETWORK_UNAVAILABLE = ("node.kubernetes.io/network-unavailable", "NoSchedule")


class Renewed(Struct, frozen=True):
    """A pod as it would be sent to the API server now."""

    body: dict[str, Any]
    basis: StartBasis


def controller_of(pod: Json) -> Json:
    """The owner reference of the pod's controller; empty for none."""
    owners = items(pod, "metadata", "ownerReferences")
    return next((one for one in owners if dig(one, "controller") is True), {})


def template_of(workload: Json) -> dict[str, Any] | None:
    """A copy of the pod that a workload declares; None for a kind that makes none."""
    path = TEMPLATES.get(text(workload, "kind"))
    found = dig(workload, *path) if path else None
    return copy.deepcopy(dict(found)) if isinstance(found, dict) else None


def renewed(pod: Json, owner: Json | None) -> Renewed:
    """The pod that takes the place of this one: of its owner's template, else of its own spec."""
    template = template_of(owner) if owner is not None else None
    if template is None or owner is None:
        return Renewed(_again(pod), "pod")
    metadata = mapping(template, "metadata")
    spec = mapping(template, "spec")
    kind = text(owner, "kind")
    if kind == "StatefulSet":
        _as_a_member(spec, pod, owner)
    if kind == "DaemonSet":
        _as_a_daemon(spec, pod)
    labels = {**mapping(pod, "metadata", "labels"), **mapping(metadata, "labels")}
    return Renewed(
        _pod(pod, labels, mapping(metadata, "annotations"), spec, text(owner, "metadata", "name")),
        "template",
    )


def first_of(workload: Json, namespace: str) -> Renewed | None:
    """The pod that a workload without pods would make."""
    template = template_of(workload)
    if template is None:
        return None
    kind, name = text(workload, "kind"), text(workload, "metadata", "name")
    owner = {
        "apiVersion": text(workload, "apiVersion"),
        "kind": kind,
        "name": name,
        "uid": text(workload, "metadata", "uid"),
        "controller": True,
    }
    pod = {
        "metadata": {
            "name": f"{name}-0" if kind == "StatefulSet" else name,
            "namespace": namespace,
            **({"ownerReferences": [owner]} if owner["uid"] else {}),
        }
    }
    # A Deployment's and a CronJob's pods are made by what these make, in the same way.
    return renewed(pod, workload)


def _again(pod: Json) -> dict[str, Any]:
    """The pod itself, as whoever wrote it would create it again."""
    spec = copy.deepcopy(mapping(pod, "spec"))
    annotations = mapping(pod, "metadata", "annotations")
    written = _applied(text(annotations, LAST_APPLIED))
    annotations.pop(LAST_APPLIED, None)
    for field in _WORKED_OUT:
        spec.pop(field, None)
    chosen = text(written, "spec", "nodeName")
    if chosen:
        spec["nodeName"] = chosen
    _without_token(spec)
    return _pod(pod, mapping(pod, "metadata", "labels"), annotations, spec, "")


def _applied(annotation: str) -> Json:
    try:
        found = msgspec.json.decode(annotation) if annotation else {}
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _without_token(spec: dict[str, Any]) -> None:
    """Without the volume of the token, which the admission of service accounts adds."""
    if "volumes" in spec:
        kept = [v for v in items(spec, "volumes") if not text(v, "name").startswith(_TOKEN_VOLUME)]
        spec["volumes"] = kept
    for field in ("initContainers", "containers"):
        for container in items(spec, field):
            if isinstance(container, dict) and "volumeMounts" in container:
                container["volumeMounts"] = [
                    mount
                    for mount in items(container, "volumeMounts")
                    if not text(mount, "name").startswith(_TOKEN_VOLUME)
                ]


def _as_a_member(spec: dict[str, Any], pod: Json, owner: Json) -> None:
    """A member of a StatefulSet: its claims and its host name
    (pkg/controller/statefulset/stateful_set_utils.go updateStorage, updateIdentity).
    """
    name = text(pod, "metadata", "name")
    claims = [text(one, "metadata", "name") for one in own_claims(owner)]
    volumes = [v for v in items(spec, "volumes") if text(v, "name") not in claims]
    volumes += [
        {"name": one, "persistentVolumeClaim": {"claimName": f"{one}-{name}"}} for one in claims
    ]
    spec["volumes"] = volumes
    spec["hostname"] = name
    if text(owner, "spec", "serviceName"):
        spec["subdomain"] = text(owner, "spec", "serviceName")


def own_claims(owner: Json) -> list[Json]:
    """The claims that a StatefulSet makes for each of its pods."""
    return items(owner, "spec", "volumeClaimTemplates")


def _as_a_daemon(spec: dict[str, Any], pod: Json) -> None:
    """A pod of a DaemonSet: bound to its node by an affinity, with the controller's tolerations."""
    affinity = dig(pod, "spec", "affinity")
    if isinstance(affinity, dict):
        spec["affinity"] = copy.deepcopy(affinity)
    more = [_NETWORK_UNAVAILABLE] if dig(spec, "hostNetwork") is True else []
    spec["tolerations"] = [
        *items(spec, "tolerations"),
        *({"key": k, "operator": "Exists", "effect": e} for k, e in (*_OF_A_DAEMON, *more)),
    ]


def _pod(
    pod: Json, labels: Json, annotations: Json, spec: dict[str, Any], owner: str
) -> dict[str, Any]:
    name = text(pod, "metadata", "name")
    controller = controller_of(pod)
    generated = owner and text(controller, "kind") in ("", *_GENERATED)
    metadata: dict[str, Any] = {"namespace": text(pod, "metadata", "namespace")}
    if generated:
        metadata["generateName"] = f"{owner[:57]}-"
    else:
        # Its own name is taken, by itself.
        metadata["name"] = f"{name[:57]}-podx"
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    owners = items(pod, "metadata", "ownerReferences")
    if owners:
        metadata["ownerReferences"] = [dict(one) for one in owners]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def named_as(body: Json, pod: Json, owner: Json | None) -> dict[str, Any]:
    """What admission made of one pod of a template, as it would be for another pod of it."""
    spec = copy.deepcopy(mapping(body, "spec"))
    if owner is not None and text(owner, "kind") == "StatefulSet":
        _as_a_member(spec, pod, owner)
    if owner is not None and text(owner, "kind") == "DaemonSet":
        affinity = dig(pod, "spec", "affinity")
        if isinstance(affinity, dict):
            spec["affinity"] = copy.deepcopy(affinity)
    return {**body, "spec": spec}


def stored_form(body: Json, pod: Json) -> dict[str, Any]:
    """The new pod under the name of the one whose place it takes, as a Capture keeps it."""
    metadata = mapping(body, "metadata")
    metadata["name"] = text(pod, "metadata", "name")
    metadata["namespace"] = text(pod, "metadata", "namespace")
    owners = items(pod, "metadata", "ownerReferences")
    if owners:
        metadata["ownerReferences"] = [dict(one) for one in owners]
    metadata["uid"] = text(pod, "metadata", "uid")
    for field in ("generateName", "managedFields", "creationTimestamp", "resourceVersion"):
        metadata.pop(field, None)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": mapping(body, "spec")}
