"""The part of the plan about drift: all pods, the metadata of their sources, their owners. Pure."""

from __future__ import annotations

from kubectl_podx.capture.planned import PlannedCall, get_object, get_version, right_to
from kubectl_podx.model.reference import RESOURCES, Reference

SECTION = ("drift",)
_OWNERS = ("Deployment", "StatefulSet", "DaemonSet")


def _listing(kind: str, namespace: str) -> PlannedCall:
    right = right_to("list", RESOURCES[kind], namespace)
    return PlannedCall("list", f"{kind}/", SECTION, right, Reference(kind, namespace, ""))


def pods(namespace: str) -> PlannedCall:
    """All pods, page by page."""
    return _listing("Pod", namespace)


def source_lists(namespace: str) -> list[PlannedCall]:
    """The metadata of every ConfigMap and Secret: when each key was written last, and by whom."""
    return [_listing(kind, namespace) for kind in ("ConfigMap", "Secret")]


def one_source(reference: Reference) -> PlannedCall:
    """The same of one of them."""
    return get_object(reference, SECTION)


def owner_lists(namespace: str) -> list[PlannedCall]:
    """Which template a workload has now, and how many pods of it there are."""
    return [_listing(kind, namespace) for kind in _OWNERS]


def certificate(reference: Reference) -> PlannedCall:
    """A Secret with a certificate that a running pod mounts."""
    return get_object(reference, SECTION)


def any_drift(namespace: str) -> list[PlannedCall]:
    """Everything that `drift` asks for, without names."""
    secret = get_object(Reference("Secret", namespace, ""), SECTION)
    return [
        get_version(),
        pods(namespace),
        *source_lists(namespace),
        *owner_lists(namespace),
        secret,
    ]
