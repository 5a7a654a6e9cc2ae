"""What each type of volume is made from, in a few words of its own."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.view import PodView


class Source(Struct, frozen=True):
    """A volume's type and what it is made from."""

    type: str
    """The field of the volume source, such as `emptyDir`; `unknown` where there is none."""
    name: str = ""
    details: tuple[str, ...] = ()


def describe(view: PodView, volume: Json) -> Source:
    """The source of one entry of `spec.volumes`; types newer than this program keep their name."""
    kind = next((key for key in volume if key != "name" and dig(volume, key) is not None), "")
    if not kind:
        # `{name: x}` alone is an emptyDir (pkg/apis/core/v1/defaults.go SetDefaults_Volume).
        kind = "emptyDir" if text(volume, "name") else "unknown"
    source = mapping(volume, kind)
    writer = _WRITERS.get(kind)
    if writer is None:
        return Source(kind, _first_text(source))
    name, details = writer(view, volume, source)
    return Source(kind, name, tuple(detail for detail in details if detail))


_Written = tuple[str, list[str]]


def _config_map(_view: PodView, _volume: Json, source: Json) -> _Written:
    return text(source, "name"), _key_details(source)


def _secret(_view: PodView, _volume: Json, source: Json) -> _Written:
    return text(source, "secretName"), _key_details(source)


def _key_details(source: Json) -> list[str]:
    chosen = [text(item, "key") for item in items(source, "items")]
    mode = number(source, "defaultMode")
    return [
        "optional" if dig(source, "optional") is True else "",
        f"only keys {', '.join(chosen)}" if chosen else "",
        f"mode {mode:04o}" if mode not in (None, 0o644) else "",
    ]


def _empty_dir(_view: PodView, _volume: Json, source: Json) -> _Written:
    medium, limit = text(source, "medium"), dig(source, "sizeLimit")
    in_memory = medium == "Memory"
    return "", [
        "in memory (tmpfs), counts against the memory limit"
        if in_memory
        else f"medium {medium}"
        if medium
        else "on the node's disk",
        f"limit {limit}" if isinstance(limit, (str, int)) else "",
        # The API has no ENOSPC for it: the eviction manager measures and evicts the pod.
        "the limit is enforced by eviction" if limit and not in_memory else "",
    ]


def _host_path(_view: PodView, _volume: Json, source: Json) -> _Written:
    kind = text(source, "type")
    return text(source, "path"), ["a path of the node", f"type {kind}" if kind else ""]


def _claim(view: PodView, _volume: Json, source: Json) -> _Written:
    name = text(source, "claimName")
    read_only = "read-only" if dig(source, "readOnly") is True else ""
    return name, [*claim_details(view, name), read_only]


def _ephemeral(view: PodView, volume: Json, _source: Json) -> _Written:
    # A generic ephemeral volume's claim is named POD-VOLUME (pkg/controller/volume/ephemeral).
    name = f"{view.reference.name}-{text(volume, 'name')}"
    return name, ["made for this pod and deleted with it", *claim_details(view, name)]


def claim_details(view: PodView, name: str) -> list[str]:
    """What is known of a PersistentVolumeClaim and the volume it is bound to."""
    stored = view.object("PersistentVolumeClaim", name)
    if stored is None:
        return []
    if stored.state != "present":
        word = {"missing": "does not exist", "denied": "may not be read"}.get(
            stored.state, "could not be read"
        )
        return [f"the claim {word}"]
    body = stored.body or {}
    phase = text(body, "status", "phase") or "unknown phase"
    volume, storage_class = text(body, "spec", "volumeName"), text(body, "spec", "storageClassName")
    modes = dig(body, "status", "accessModes")
    capacity = text(body, "status", "capacity", "storage")
    return [
        phase + (f" to PersistentVolume {volume}" if volume else ""),
        f"capacity {capacity}" if capacity else "",
        ", ".join(mode for mode in modes if isinstance(mode, str))
        if isinstance(modes, list)
        else "",
        f"class {storage_class}" if storage_class else "",
        *_persistent_volume(view, volume),
    ]


_PLACES = ("csi", "nfs", "hostPath", "local", "iscsi", "fc", "rbd", "cephfs")


def _persistent_volume(view: PodView, name: str) -> list[str]:
    """What is known of the volume behind a claim: where it lies, and what becomes of it."""
    stored = view.object("PersistentVolume", name) if name else None
    if stored is None or stored.state == "denied":
        return []
    if stored.state == "missing":
        return [f"PersistentVolume {name} does not exist any more"]
    spec = mapping(stored.body, "spec")
    kind = next((place for place in _PLACES if isinstance(spec.get(place), dict)), "")
    where = text(spec, kind, "driver") or text(spec, kind, "path") if kind else ""
    phase, policy = (
        text(stored.body, "status", "phase"),
        text(spec, "persistentVolumeReclaimPolicy"),
    )
    return [
        f"{kind} {where}".strip() if kind else "",
        f"reclaim policy {policy}" if policy else "",
        f"the PersistentVolume is {phase}" if phase and phase != "Bound" else "",
    ]


def _projected(_view: PodView, _volume: Json, source: Json) -> _Written:
    parts: list[str] = []
    for each in items(source, "sources"):
        for kind in each:
            inner = mapping(each, kind)
            name = text(inner, "name") or text(inner, "signerName") or text(inner, "audience")
            parts.append(f"{kind} {name}".strip())
    return ", ".join(parts), []


def _downward(_view: PodView, _volume: Json, source: Json) -> _Written:
    fields = [
        text(item, "fieldRef", "fieldPath") or text(item, "resourceFieldRef", "resource")
        for item in items(source, "items")
    ]
    return ", ".join(field for field in fields if field), []


def _csi(_view: PodView, _volume: Json, source: Json) -> _Written:
    return text(source, "driver"), ["read-only" if dig(source, "readOnly") is True else ""]


def _image(_view: PodView, _volume: Json, source: Json) -> _Written:
    policy = text(source, "pullPolicy")
    return text(source, "reference"), ["read-only", f"pull policy {policy}" if policy else ""]


def _nfs(_view: PodView, _volume: Json, source: Json) -> _Written:
    return f"{text(source, 'server')}:{text(source, 'path')}", [
        "read-only" if dig(source, "readOnly") is True else ""
    ]


_WRITERS: dict[str, Callable[[PodView, Json, Json], _Written]] = {
    "configMap": _config_map,
    "secret": _secret,
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "persistentVolumeClaim": _claim,
    "ephemeral": _ephemeral,
    "projected": _projected,
    "downwardAPI": _downward,
    "csi": _csi,
    "image": _image,
    "nfs": _nfs,
}


def declared_read_only(view: PodView, name: str) -> bool:
    """Whether the volume of that name may only be read by what its source says, wherever it is
    mounted: an image, `readOnly` of the source, a claim that many may only read.
    """
    volume = next((one for one in view.api.volumes if text(one, "name") == name), {})
    kind = describe(view, volume).type
    if kind == "image":
        return True
    if kind in ("persistentVolumeClaim", "csi", "nfs") and dig(volume, kind, "readOnly") is True:
        return True
    if kind not in ("persistentVolumeClaim", "ephemeral"):
        return False
    claim = view.object("PersistentVolumeClaim", describe(view, volume).name)
    modes = dig(claim.body if claim else None, "status", "accessModes")
    return bool(modes == ["ReadOnlyMany"])


def _first_text(source: Json) -> str:
    """The first plain word of a type this program has no words for."""
    return next((value for value in source.values() if isinstance(value, str)), "")
