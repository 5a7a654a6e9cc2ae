"""Every volume, and every mount of it in every container."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct

from kubectl_podx.model.capture import Mount
from kubectl_podx.model.outside import Outside
from kubectl_podx.model.parts import NONE, Fact
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.owner import is_service_account_volume, owner_template
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.sources import uses
from kubectl_podx.pod.view import PodView, per_view
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.sections.volumes.source import describe

_REFERENCE = lazy(r"\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)")
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


class Seen(Struct, frozen=True):
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


@lru_cache(maxsize=4096)
def _clean(path: str) -> str:
    """The path in its one form; `/var/run` is a link to `/run` in nearly every image."""
    normal = posixpath.normpath(path) if path else ""
    return normal.removeprefix("/var") if normal.startswith("/var/run/") else normal


UNDECLARED = "undeclared"
"""The type of a row for a mount that the spec does not explain."""


def build(view: PodView) -> list[Volume]:
    """The volumes of the spec in its order, then mounts that the spec does not explain."""
    declared = [_volume(view, volume) for volume in items(view.pod, "spec", "volumes")]
    return declared + _unexplained(view)


def compared(_found: list[Volume], view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: the volumes of the spec, by their types."""
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "name")
        if not name.startswith("kube-api-access-"):
            kinds = ", ".join(sorted(key for key in volume if key != "name"))
            yield Fact("", f"volume {name}", kinds or NONE)


def _volume(view: PodView, volume: Json) -> Volume:
    name = text(volume, "name")
    source = describe(view, volume)
    mounts: list[VolumeMount] = []
    found: list[Mount] = []
    for entry, mount in _mounts_by_volume(view).get(name, ()):
        if "devicePath" in mount:
            mounts.append(_device(entry, mount))
            continue
        row, observed = _mount(view, entry, mount)
        mounts.append(row)
        found += [observed] if observed else []
    return _measured(
        Volume(
            name=name,
            type=source.type,
            source=source.name,
            details=[*source.details, *_left_out(view, name)],
            mounts=mounts,
            shared=len({mount.container for mount in mounts}) > 1,
            basis="proven" if _proven_shared(mounts) else "declared",
            injected=_injected(view, volume),
        ),
        view.captured.outside,
        found,
    )


def _left_out(view: PodView, name: str) -> list[str]:
    """Keys of a ConfigMap or Secret that `items` leaves out."""
    found: list[str] = []
    for use in uses(view):
        out = sorted(set(use.source.keys or ()) - set(use.keys))
        if use.volume == name and use.keys and out:
            shown = ", ".join(out[:5]) + (f" and {len(out) - 5} more" if len(out) > 5 else "")
            found.append(f"leaves out {shown} of {use.source.label}")
    return found


def _mount(view: PodView, entry: ContainerEntry, mount: Json) -> tuple[VolumeMount, Mount | None]:
    path = text(mount, "mountPath")
    looked = seen(view, entry, path, text(mount, "name"))
    state, found = looked.state, looked.mount
    row = VolumeMount(
        container=entry.name,
        path=path,
        read_only=dig(mount, "readOnly") is True,
        sub_path=expanded_sub_path(view, entry, mount),
        propagation=text(mount, "mountPropagation"),
        state=state,
        device=found.device if found else None,
        inode=found.inode if found else None,
        fstype=found.fstype if found else None,
        observed_read_only=(found.read_only or found.super_read_only) if found else None,
    )
    return row, found


@per_view
def _mounts_by_volume(view: PodView) -> dict[str, list[tuple[ContainerEntry, Json]]]:
    """Volume -> its mounts and devices with their containers, in start order."""
    found: dict[str, list[tuple[ContainerEntry, Json]]] = {}
    for entry in view.containers:
        for field in ("volumeMounts", "volumeDevices"):
            for mount in items(entry.spec, field):
                found.setdefault(text(mount, "name"), []).append((entry, mount))
    return found


def _device(entry: ContainerEntry, device: Json) -> VolumeMount:
    """A raw block device: no file system, so no mount to look at."""
    return VolumeMount(container=entry.name, path=text(device, "devicePath"), fstype="block")


def _proven_shared(mounts: Sequence[VolumeMount]) -> bool:
    """Whether two containers were seen to have the same file system with the same root inode."""
    where: dict[tuple[str, str], set[str]] = {}
    for mount in mounts:
        if mount.device and mount.inode:
            where.setdefault((mount.device, mount.inode), set()).add(mount.container)
    return any(len(containers) > 1 for containers in where.values())


def _measured(volume: Volume, outside: Outside | None, found: Iterable[Mount]) -> Volume:
    """The volume with the sizes of its file system, from the first mount that tells them."""
    for mount in found:
        if mount.size is not None or mount.inodes is not None:
            return msgspec.structs.replace(
                volume,
                size=mount.size,
                used=mount.used,
                available=mount.available,
                inodes=mount.inodes,
                inodes_used=mount.inodes_used,
            )
    return _measured_outside(volume, outside)


def _measured_outside(volume: Volume, outside: Outside | None) -> Volume:
    """By the kubelet, where nobody looked inside."""
    found = next(
        (one for one in (outside.volumes if outside else ()) if one.volume == volume.name), None
    )
    if found is None:
        return volume
    return msgspec.structs.replace(
        volume,
        size=found.size,
        available=found.available,
        inodes=found.inodes,
        inodes_used=found.inodes_used,
    )


def _injected(view: PodView, volume: Json) -> bool:
    """Whether admission added it: the account's token volume, or one the template has not."""
    if is_service_account_volume(volume):
        return True
    template = owner_template(view)
    if template is None:
        return False
    names = {text(each, "name") for each in items(template, "spec", "volumes")}
    return text(volume, "name") not in names and not _claim_template(view, volume)


def _claim_template(view: PodView, volume: Json) -> bool:
    """A StatefulSet adds one volume per volumeClaimTemplate, with a claim named NAME-POD."""
    claim = text(volume, "persistentVolumeClaim", "claimName")
    return claim == f"{text(volume, 'name')}-{view.reference.name}"


def _unexplained(view: PodView) -> list[Volume]:
    """A row per mount path that the spec does not explain, with the containers that have it."""
    where: dict[str, list[tuple[ContainerEntry, Mount]]] = {}
    for entry in view.containers:
        for mount in undeclared(view, entry):
            where.setdefault(mount.path, []).append((entry, mount))
    rows = [_unexplained_row(path, several) for path, several in where.items()]
    return sorted(rows, key=lambda row: row.name)


def _unexplained_row(path: str, several: list[tuple[ContainerEntry, Mount]]) -> Volume:
    first = several[0][1]
    counted = Counter(entry.name for entry, _ in several)
    stacked = [name for name, count in counted.items() if count > 1]
    row = Volume(
        name=path,
        type=UNDECLARED,
        source=first.source,
        details=["not in the spec: an image's VOLUME, or added by the runtime"]
        + [f"mounted more than once in {name}" for name in stacked],
        mounts=[
            VolumeMount(
                container=entry.name,
                path=path,
                state="mounted",
                device=mount.device,
                inode=mount.inode,
                fstype=mount.fstype,
                observed_read_only=mount.read_only or mount.super_read_only,
            )
            for entry, mount in several
        ],
        shared=len(counted) > 1,
        basis="proven",
    )
    return _measured(row, None, (mount for _, mount in several))
