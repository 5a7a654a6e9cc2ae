"""Declared mounts against the mount table that a look inside found."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

from kubectl_podx.model.capture import Mount
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.view import PodView

_REFERENCE = re.compile(r"\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
_DELETED = "//deleted"
# What every runtime mounts on its own: never worth a line.
_RUNTIME_TREES = ("/proc", "/sys", "/dev")
_RUNTIME_FILES = frozenset(
    {
        "/",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/run/.containerenv",
        "/run/secrets",
        "/etc/mtab",
    }
)


class Seen(NamedTuple):
    """A declared mount as it was seen."""

    state: str
    """`mounted`, `missing`, `deletedSubPath`, `coveredBy:PATH` or `unknown`."""
    mount: Mount | None = None


def seen(view: PodView, entry: ContainerEntry, path: str, volume: str) -> Seen:
    """What stands at a mount path inside the container.

    A path that leads over a symbolic link of the image shows in the mount table under another
    name; the kubelet's folder of the volume in the mount's root then tells that it is there.
    """
    table = mount_table(view, entry)
    if not table:
        return Seen("unknown")
    wanted = _clean(path)
    places = [index for index, mount in enumerate(table) if _clean(mount.path) == wanted]
    if not places:
        places = [index for index, mount in enumerate(table) if _of_volume(mount, volume)]
    if not places:
        return Seen("unknown" if undeclared(view, entry) else "missing")
    found = table[places[-1]]
    # Later mounts lie over earlier ones: on a parent folder they hide everything below it.
    for later in table[places[-1] + 1 :]:
        if _below(_clean(found.path), _clean(later.path)):
            return Seen(f"coveredBy:{later.path}", found)
    if found.root.endswith(_DELETED):
        return Seen("deletedSubPath", found)
    return Seen("mounted", found)


def mount_table(view: PodView, entry: ContainerEntry) -> Sequence[Mount]:
    """`/proc/self/mountinfo` of the container, in its own order; empty where it was not read."""
    found = view.observations.get(entry.name)
    return found.mounts if found else ()


def undeclared(view: PodView, entry: ContainerEntry) -> list[Mount]:
    """Mounts that neither the spec nor the runtime's habits explain: an image's VOLUME, a hook."""
    declared = {_clean(text(mount, "mountPath")) for mount in items(entry.spec, "volumeMounts")}
    declared.add(_clean(text(entry.spec, "terminationMessagePath") or "/dev/termination-log"))
    return [
        mount for mount in mount_table(view, entry) if not _explained(_clean(mount.path), declared)
    ]


def expanded_sub_path(view: PodView, entry: ContainerEntry, mount: Json) -> str:
    """`subPath`, or `subPathExpr` with its `$(VAR)` replaced where the values may be shown."""
    written = text(mount, "subPathExpr")
    if not written:
        return text(mount, "subPath")
    values = {
        variable.name: variable.declared.text
        for variable in view.captured.declared_variables.get(entry.name, [])
        if variable.declared is not None and variable.declared.text is not None
    }
    return _REFERENCE.sub(lambda match: values.get(match.group(1), match.group()), written)


def _of_volume(mount: Mount, volume: str) -> bool:
    """Whether the mount's root is the kubelet's folder of this volume.

    `…/pods/UID/volumes/PLUGIN/NAME` and `…/volume-subpaths/NAME/CONTAINER/INDEX` (pkg/kubelet
    getters); a tmpfs has its own root and tells nothing.
    """
    parts = mount.root.removesuffix(_DELETED).split("/")
    return bool(volume) and any(
        (parts[index] == "volumes" and parts[index + 2 : index + 3] == [volume])
        or (parts[index] == "volume-subpaths" and parts[index + 1 : index + 2] == [volume])
        for index in range(len(parts))
    )


def _explained(path: str, declared: set[str]) -> bool:
    if path in declared or path in _RUNTIME_FILES:
        return True
    return any(_below(path, tree) or path == tree for tree in _RUNTIME_TREES)


def _below(path: str, folder: str) -> bool:
    """Whether `path` stands strictly below `folder`, which is not the root."""
    return folder != "/" and path.startswith(folder + "/")


def _clean(path: str) -> str:
    """The path in its one form; `/var/run` is a link to `/run` in nearly every image."""
    normal = posixpath.normpath(path) if path else ""
    return normal.removeprefix("/var") if normal.startswith("/var/run/") else normal
