"""What holds a PersistentVolumeClaim: why it has no volume, and which other pods use it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, dig, items, mapping, number, one_line, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.view import PodView, event_time

ONE_POD = "ReadWriteOncePod"
_FAILURES = frozenset({"ProvisioningFailed", "FailedBinding", "VolumeMismatch", "ClaimLost"})


TOO_MANY_VOLUMES = "exceed max volume count"
"""The scheduler's words (pkg/scheduler/framework/plugins/nodevolumelimits)."""


class Attachments(Struct, frozen=True):
    """What one node has of one driver's volumes."""

    node: str
    driver: str
    allowed: int
    volumes: list[str]
    """The PersistentVolumes that are attached or on their way."""


def claims_of(view: PodView) -> dict[str, str]:
    """Volume -> the claim that it is made from."""
    found = {}
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "persistentVolumeClaim", "claimName")
        if not name and isinstance(dig(volume, "ephemeral"), dict):
            # A generic ephemeral volume's claim is named POD-VOLUME.
            name = f"{view.reference.name}-{text(volume, 'name')}"
        if name:
            found[text(volume, "name")] = name
    return found


def why_unbound(view: PodView, name: str) -> list[str]:
    """Why a claim that is there has no volume, the surest first; empty where nothing tells."""
    stored = view.object("PersistentVolumeClaim", name)
    body = stored.body if stored is not None and stored.state == "present" else None
    if body is None or text(body, "status", "phase") in ("Bound", ""):
        return []
    if text(body, "metadata", "deletionTimestamp"):
        return ["it is being deleted"]
    if text(body, "status", "phase") == "Lost":
        return [f"its PersistentVolume {text(body, 'spec', 'volumeName')} is gone"]
    return [*_class(view, body), *_volumes(view, body), *_said(view, name)]


def _class(view: PodView, body: Json) -> Iterator[str]:
    name = text(body, "spec", "storageClassName")
    if not name:
        if dig(body, "spec", "storageClassName") is None and not text(body, "spec", "volumeName"):
            yield "it names no StorageClass, and the cluster gave it no default one"
        return
    stored = view.capture.objects.get(Reference("StorageClass", "", name).key)
    if stored is None:
        return
    if stored.state == "missing":
        # A class of a volume made by hand needs no object.
        made = any(text(v, "spec", "storageClassName") == name for v in _every_volume(view))
        if not made:
            yield f"StorageClass {name} does not exist"
    elif text(stored.body, "volumeBindingMode") == "WaitForFirstConsumer":
        yield (
            f"StorageClass {name} waits for the first consumer: it is bound when a node is chosen "
            "for the pod"
        )


_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
_BY_HAND = "kubernetes.io/no-provisioner"


def why_no_volume(view: PodView, claim: Json) -> str:
    """Why a claim that does not exist yet would get no volume; empty where nothing tells.

    By the StorageClasses and PersistentVolumes of the capture, where both were listed.
    """
    listed = [view.capture.lists.get(f"{kind}/") for kind in ("StorageClass", "PersistentVolume")]
    if any(one is None or one.state != "present" for one in listed):
        return ""
    classes = {text(c, "metadata", "name"): c for c in view.capture.listed("StorageClass/")}
    named = dig(claim, "spec", "storageClassName")
    name = named if isinstance(named, str) else ""
    if named is None:
        default = (
            key
            for key, one in classes.items()
            if text(one, "metadata", "annotations", _DEFAULT_CLASS) == "true"
        )
        name = next(default, "")
    if name in classes and text(classes[name], "provisioner") != _BY_HAND:
        return ""
    spec = {**mapping(claim, "spec"), "storageClassName": name}
    free = [
        volume
        for volume in _every_volume(view)
        if text(volume, "spec", "storageClassName") == name
        and text(volume, "status", "phase") == "Available"
    ]
    if any(not _misfit(spec, volume) for volume in free):
        return ""
    if name and name not in classes:
        return f"StorageClass {name} does not exist, and no PersistentVolume of it is free"
    if not name and named is None:
        return "it names no StorageClass, the cluster has no default one, and no volume is free"
    return "no PersistentVolume of its class is free"


def _every_volume(view: PodView) -> list[Json]:
    return view.capture.listed("PersistentVolume/")


def _volumes(view: PodView, body: Json) -> Iterator[str]:
    """Volumes of the claim's class that it cannot have."""
    spec, uid = mapping(body, "spec"), text(body, "metadata", "uid")
    mine = (view.reference.namespace, text(body, "metadata", "name"))
    free: list[Json] = []
    for volume in _every_volume(view):
        if text(volume, "spec", "storageClassName") != text(spec, "storageClassName"):
            continue
        wanted = text(spec, "volumeName")
        if wanted and wanted != text(volume, "metadata", "name"):
            continue
        claim = mapping(volume, "spec", "claimRef")
        if not claim:
            free.append(volume)
        elif text(claim, "uid") not in ("", uid):
            # A claimRef that was written by hand may lack the namespace.
            where = text(claim, "namespace") or view.reference.namespace
            same = (where, text(claim, "name")) == mine
            whose = "an older claim of this name" if same else f"claim {text(claim, 'name')}"
            phase = text(volume, "status", "phase")
            yield (
                f"PersistentVolume {text(volume, 'metadata', 'name')} is reserved for {whose} "
                f"(claimRef.uid {text(claim, 'uid')}){f', it is {phase}' if phase else ''}"
            )
    yield from (why for volume in free if (why := _misfit(spec, volume)))


def _misfit(spec: Json, volume: Json) -> str:
    """Why a free volume is none for this claim; empty where nothing speaks against it."""
    name = text(volume, "metadata", "name")
    asked = text(spec, "resources", "requests", "storage")
    has = text(volume, "spec", "capacity", "storage")
    more, size = parse_quantity(asked), parse_quantity(has)
    if more is not None and size is not None and more > size:
        return f"PersistentVolume {name} has {has}, the claim asks for {asked}"
    modes = _modes(volume)
    lacking = [mode for mode in dig(spec, "accessModes") or [] if mode not in modes]
    if lacking:
        return f"PersistentVolume {name} offers {', '.join(modes)}, the claim asks for {lacking[0]}"
    kind = text(spec, "volumeMode") or "Filesystem"
    if (text(volume, "spec", "volumeMode") or "Filesystem") != kind:
        return f"PersistentVolume {name} is not of volumeMode {kind}"
    return ""


def _modes(volume: Json) -> list[str]:
    found = dig(volume, "spec", "accessModes")
    return [str(mode) for mode in found] if isinstance(found, list) else []


def _said(view: PodView, name: str) -> Iterator[str]:
    """The newest failure that the claim's own events tell of."""
    key = Reference("PersistentVolumeClaim", view.reference.namespace, name).key
    told = [
        event for event in view.capture.listed(f"Event/{key}") if text(event, "reason") in _FAILURES
    ]
    for event in sorted(told, key=event_time)[-1:]:
        yield f"event {text(event, 'reason')}: {one_line(text(event, 'message'), 300)}"


def attachments(view: PodView) -> list[Attachments]:
    """What each node has of the drivers of this pod's own claims, the fullest first."""
    drivers = {driver for claim in claims_of(view).values() if (driver := _driver(view, claim))}
    taken: dict[tuple[str, str], list[str]] = {}
    for one in view.capture.listed("VolumeAttachment/"):
        where = (text(one, "spec", "nodeName"), text(one, "spec", "attacher"))
        taken.setdefault(where, []).append(text(one, "spec", "source", "persistentVolumeName"))
    found = []
    for csi in view.capture.listed("CSINode/"):
        node = text(csi, "metadata", "name")
        for entry in items(csi, "spec", "drivers"):
            driver, allowed = text(entry, "name"), number(entry, "allocatable", "count")
            if driver in drivers and allowed is not None:
                volumes = sorted(taken.get((node, driver), []))
                found.append(Attachments(node, driver, allowed, volumes))
    return sorted(found, key=lambda one: one.allowed - len(one.volumes))


def _driver(view: PodView, claim: str) -> str:
    """The CSI driver of the claim's volume; empty where it has none or was not read."""
    stored = view.object("PersistentVolumeClaim", claim)
    volume = text(stored.body if stored else {}, "spec", "volumeName")
    found = view.capture.objects.get(Reference("PersistentVolume", "", volume).key)
    return text(found.body if found else {}, "spec", "csi", "driver")


def only_one_pod(view: PodView, name: str) -> bool:
    """Whether the claim may be used by one pod alone."""
    stored = view.object("PersistentVolumeClaim", name)
    modes = dig(stored.body if stored else None, "spec", "accessModes")
    return isinstance(modes, list) and ONE_POD in modes


def users(view: PodView, name: str) -> list[str]:
    """Other pods of the namespace that use the claim and have not ended: `rwop-old on node n1`."""
    found = []
    for pod in view.capture.listed(f"Pod/{view.reference.namespace}"):
        own = text(pod, "metadata", "name") == view.reference.name
        over = text(pod, "status", "phase") in ("Succeeded", "Failed")
        if own or over or not text(pod, "spec", "nodeName"):
            continue
        claims = (
            text(volume, "persistentVolumeClaim", "claimName")
            for volume in items(pod, "spec", "volumes")
        )
        if name in claims:
            found.append(f"{text(pod, 'metadata', 'name')} on node {text(pod, 'spec', 'nodeName')}")
    return found
