"""Devices of a pod: what its resource claims ask for and got, and whether they are well.

Dynamic resource allocation (resource.k8s.io/v1, since 1.34): the scheduler allocates a claim, the
kubelet lets the driver prepare it. The health of devices stands in the container's status.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView, per_view

ClaimState = Literal["notMade", "missing", "unknown", "pending", "allocated"]


class DeviceClaim(Struct, frozen=True):
    """One entry of spec.resourceClaims."""

    entry: str
    """Its name in the pod."""
    name: str
    """The ResourceClaim; empty where none has been made of its template yet."""
    template: str
    """The ResourceClaimTemplate; empty where the claim is named."""
    state: ClaimState
    classes: tuple[str, ...] = ()
    """The DeviceClasses that it asks for."""
    lost_classes: tuple[str, ...] = ()
    """Those that do not exist."""
    devices: tuple[str, ...] = ()
    """`DRIVER/POOL/DEVICE` of what was allocated."""
    users: tuple[str, ...] = ()
    """Other pods that it is reserved for."""

    @property
    def label(self) -> str:
        """`ResourceClaim gpu`, or what it is to be made from."""
        if self.name:
            return f"ResourceClaim {self.name}"
        return f"a claim from ResourceClaimTemplate {self.template}"


class SickDevice(Struct, frozen=True):
    """A device of a container that its driver or plugin does not call healthy."""

    resource: str
    device: str
    health: str
    """`Unhealthy` or `Unknown`."""
    message: str


def claim_names(pod: Json) -> Iterator[tuple[str, str, str]]:
    """Entry, claim and template of each resource claim of the pod; the claim is empty until it has
    been made from its template.
    """
    made = {
        text(one, "name"): text(one, "resourceClaimName")
        for one in items(pod, "status", "resourceClaimStatuses")
    }
    for one in items(pod, "spec", "resourceClaims"):
        entry = text(one, "name")
        name = text(one, "resourceClaimName") or made.get(entry, "")
        yield entry, name, text(one, "resourceClaimTemplateName")


def classes_of(claim: Json) -> list[str]:
    """The DeviceClasses that a claim asks for, of every alternative."""
    found: list[str] = []
    for request in items(claim, "spec", "devices", "requests"):
        for one in (dig(request, "exactly"), *items(request, "firstAvailable")):
            name = text(one, "deviceClassName")
            if name:
                found.append(name)
    return list(dict.fromkeys(found))


def is_allocated(claim: Json) -> bool:
    """Whether the scheduler has chosen devices for it."""
    return isinstance(dig(claim, "status", "allocation"), dict)


@per_view
def device_claims(view: PodView) -> list[DeviceClaim]:
    """Every claim of the pod, in the order of the spec."""
    return [_claim(view, *names) for names in claim_names(view.pod)]


def _claim(view: PodView, entry: str, name: str, template: str) -> DeviceClaim:
    if not name:
        return DeviceClaim(entry, name, template, "notMade")
    stored = view.object("ResourceClaim", name)
    # An older server has the kind in another version, and says that it knows none.
    unsaid = stored is None or (stored.state == "missing" and view.older_than(1, 34))
    if stored is None or unsaid or stored.state not in ("present", "missing"):
        return DeviceClaim(entry, name, template, "unknown")
    body = stored.body if stored.state == "present" else None
    if body is None:
        return DeviceClaim(entry, name, template, "missing")
    classes = classes_of(body)
    results = items(body, "status", "allocation", "devices", "results")
    return DeviceClaim(
        entry,
        name,
        template,
        "allocated" if is_allocated(body) else "pending",
        tuple(classes),
        tuple(one for one in classes if _lost(view, one)),
        tuple(
            "/".join(text(one, part) for part in ("driver", "pool", "device")) for one in results
        ),
        tuple(
            text(one, "name")
            for one in items(body, "status", "reservedFor")
            if text(one, "resource") == "pods" and text(one, "name") != view.reference.name
        ),
    )


def _lost(view: PodView, name: str) -> bool:
    stored = view.capture.objects.get(Reference("DeviceClass", "", name).key)
    return stored is not None and stored.state == "missing"


def sick_devices(entry: ContainerEntry) -> list[SickDevice]:
    """The container's devices that are not healthy (allocatedResourcesStatus)."""
    return [
        SickDevice(
            text(resource, "name"),
            text(one, "resourceID"),
            text(one, "health"),
            text(one, "message"),
        )
        for resource in items(entry.status, "allocatedResourcesStatus")
        for one in items(resource, "resources")
        if text(one, "health") in ("Unhealthy", "Unknown")
    ]
