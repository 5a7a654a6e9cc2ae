"""Where a path of a container lies: on a volume of the pod, or in the image."""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.view import PodView

WRITTEN_BY_KUBELET = frozenset({"configMap", "secret", "projected", "downwardAPI"})
"""Types of volumes that only the kubelet may write."""

_SOURCES = {
    "configMap": "name",
    "secret": "secretName",
    "hostPath": "path",
    "persistentVolumeClaim": "claimName",
    "image": "reference",
    "nfs": "server",
    "csi": "driver",
}
_WORDS = {
    "configMap": "ConfigMap",
    "secret": "Secret",
    "persistentVolumeClaim": "PersistentVolumeClaim",
    "projected": "projected",
    "downwardAPI": "downward API",
}


class Place(NamedTuple):
    """The volume behind a path, by the innermost mount above it."""

    volume: str
    kind: str
    """The field of the volume's source, such as `hostPath`."""
    source: str
    """The object, path or image behind it; empty where there is none."""
    mount_path: str
    mount_field: str
    """`volumeMounts[1]`."""
    volume_field: str
    """`volumes[0].configMap`."""
    read_only: bool
    """By `readOnly` of the mount."""
    sub_path: str
    medium: str
    size_limit: str
    default_mode: int | None
    """As it is declared; None where it is not."""

    @property
    def label(self) -> str:
        """`ConfigMap web (volume config)`, `hostPath /data (volume data)`, `emptyDir cache`."""
        word = _WORDS.get(self.kind, self.kind)
        if not self.source:
            return f"{word} volume {self.volume}"
        return f"{word} {self.source} (volume {self.volume})"


def place(view: PodView, entry: ContainerEntry, path: str) -> Place | None:
    """Where the path lies; None: in the image, or nobody knows."""
    wanted = normal(entry, path)
    best: tuple[int, Json, str] | None = None
    for index, mount in enumerate(items(entry.spec, "volumeMounts")):
        where = clean(text(mount, "mountPath"))
        inside = wanted == where or wanted.startswith(where.rstrip("/") + "/")
        if wanted and inside and (best is None or len(where) >= len(best[2])):
            best = (index, mount, where)
    return _place(view, *best) if best is not None else None


def places(view: PodView, entry: ContainerEntry) -> list[Place]:
    """Every mount of the container."""
    found = [
        _place(view, index, mount, clean(text(mount, "mountPath")))
        for index, mount in enumerate(items(entry.spec, "volumeMounts"))
    ]
    return [one for one in found if one is not None]


def normal(entry: ContainerEntry, path: str) -> str:
    """The whole path in its one form; empty for a relative one without a known folder."""
    if path and not path.startswith("/"):
        folder = text(entry.spec, "workingDir")
        return clean(posixpath.join(folder, path)) if folder else ""
    return clean(path) if path else ""


def clean(path: str) -> str:
    """Without `//` and `..`; `/var/run` is a link to `/run` in nearly every image."""
    found = posixpath.normpath(path) if path else ""
    found = found[1:] if found.startswith("//") else found
    return found.removeprefix("/var") if found.startswith("/var/run/") else found


def _place(view: PodView, index: int, mount: Json, where: str) -> Place | None:
    name = text(mount, "name")
    for at, volume in enumerate(view.api.volumes):
        if text(volume, "name") != name:
            continue
        kind = next((k for k in volume if k != "name" and dig(volume, k) is not None), "emptyDir")
        source = mapping(volume, kind)
        limit = source.get("sizeLimit")
        return Place(
            volume=name,
            kind=kind,
            source=text(source, _SOURCES.get(kind, "")),
            mount_path=where,
            mount_field=f"volumeMounts[{index}]",
            volume_field=f"volumes[{at}].{kind}",
            read_only=dig(mount, "readOnly") is True,
            sub_path=text(mount, "subPath") or text(mount, "subPathExpr"),
            medium=text(source, "medium"),
            size_limit=str(limit) if isinstance(limit, str | int) else "",
            default_mode=number(source, "defaultMode"),
        )
    return None
