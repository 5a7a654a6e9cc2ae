"""Rules about volumes: full, read-only, deleted, covered, or not to be mounted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.rules.remedies import DOCS, describe_pod, edit_owner, inside, restart
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.volumes import start
from kubectl_podx.sections.volumes.facts import UNDECLARED
from kubectl_podx.sections.volumes.mount_state import seen
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.sections.volumes.source import declared_read_only

_VOLUMES = DOCS + "concepts/storage/volumes/"
_CLAIMS = DOCS + "concepts/storage/persistent-volumes/"
_NEAR = 0.9
_FULL = 0.98
# The kubelet writes these; their file systems are small on purpose and nobody else may write.
_WRITTEN_BY_KUBELET = frozenset({"configMap", "secret", "projected", "downwardAPI", "image"})


class _FileSystem(NamedTuple):
    """One file system with the volumes on it."""

    volumes: list[Volume]
    mount: VolumeMount


def _file_systems(case: Case) -> Iterator[_FileSystem]:
    """Writable file systems, each once: many volumes may lie on the node's one disk."""
    by_device: dict[str, _FileSystem] = {}
    for volume in case.report.volumes or ():
        writable = [m for m in volume.mounts if m.device and not m.observed_read_only]
        if volume.type in _WRITTEN_BY_KUBELET or not writable or volume.size is None:
            continue
        known = by_device.setdefault(writable[0].device or "", _FileSystem([], writable[0]))
        known.volumes.append(volume)
    yield from by_device.values()


def nearly_full(case: Case) -> Iterator[Hit]:
    """A file system has less than a tenth left."""
    for found in _file_systems(case):
        first = found.volumes[0]
        if first.size and first.used is not None and first.used >= first.size * _NEAR:
            yield _full(case, found, "bytes", first.used, first.size)


def out_of_inodes(case: Case) -> Iterator[Hit]:
    """A file system has hardly any inodes left: no file can be made, whatever the space."""
    for found in _file_systems(case):
        first = found.volumes[0]
        used = first.inodes_used or 0
        if first.inodes and used >= first.inodes * _NEAR:
            yield _full(case, found, "inodes", used, first.inodes)


def _full(case: Case, found: _FileSystem, unit: str, used: int, size: int) -> Hit:
    names = ", ".join(volume.name for volume in found.volumes)
    return Hit(
        f"{names} {'is' if len(found.volumes) == 1 else 'are'} {used / size:.0%} full ({unit})",
        (f"{used} of {size} {unit} used, file system {found.mount.device}",),
        container=found.mount.container,
        remedy=inside(case, found.mount.container, "df", "-i" if unit == "inodes" else "-h"),
        severity="critical" if used >= size * _FULL else "warning",
    )


def turned_read_only(case: Case) -> Iterator[Hit]:
    """A volume that is declared writable is mounted read-only."""
    for volume in case.report.volumes or ():
        asked = declared_read_only(case.view, volume.name)
        if volume.type in (*_WRITTEN_BY_KUBELET, UNDECLARED) or asked:
            continue
        for mount in volume.mounts:
            if mount.read_only or not mount.observed_read_only:
                continue
            broken = _file_system_read_only(case, volume, mount)
            yield Hit(
                f"{volume.name} is read-only in {mount.container} although it is declared writable",
                (
                    f"{mount.path} on {mount.device} ({mount.fstype})",
                    "the whole file system is read-only: the kernel does so after errors"
                    if broken
                    else "this mount is read-only",
                ),
                container=mount.container,
                remedy=describe_pod(case),
                severity="critical" if broken else "warning",
            )


def _file_system_read_only(case: Case, volume: Volume, mount: VolumeMount) -> bool:
    entry = case.view.container(mount.container)
    found = seen(case.view, entry, mount.path, volume.name).mount if entry else None
    return found is not None and found.super_read_only


def _in_state(case: Case, state: str) -> Iterator[tuple[Volume, VolumeMount]]:
    for volume in case.report.volumes or ():
        for mount in volume.mounts:
            if mount.state.partition(":")[0] == state:
                yield volume, mount


def deleted_sub_path(case: Case) -> Iterator[Hit]:
    """A subPath mount holds on to a file or folder that is gone from the volume."""
    for volume, mount in _in_state(case, "deletedSubPath"):
        yield Hit(
            f"{mount.path} in {mount.container} is a deleted file of volume {volume.name}",
            (f"subPath {mount.sub_path or '(whole volume)'}: //deleted in the mount table",),
            container=mount.container,
            remedy=restart(case),
        )


def missing_mount(case: Case) -> Iterator[Hit]:
    """A declared mount is not in the container's mount table."""
    for volume, mount in _in_state(case, "missing"):
        yield Hit(
            f"{volume.name} is not mounted at {mount.path} in {mount.container}",
            (f"no such path in {mount.container}'s mount table",),
            container=mount.container,
            remedy=inside(case, mount.container, "cat", "/proc/self/mountinfo"),
        )


def covered_mount(case: Case) -> Iterator[Hit]:
    """A later mount on a parent folder hides a declared mount."""
    for volume, mount in _in_state(case, "coveredBy"):
        yield Hit(
            f"{volume.name} at {mount.path} in {mount.container} is hidden by another mount",
            (f"a later mount lies over it: {mount.state.partition(':')[2]}",),
            container=mount.container,
            remedy=edit_owner(case),
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="VOL001",
        section="volumes",
        severity="warning",
        title="A volume is nearly full",
        meaning="Writes soon fail with `no space left on device`. An emptyDir or hostPath lies on "
        "the node's own disk: the kubelet evicts pods before that is full.",
        known_by="The file system's size and use, seen from inside.",
        remedy="make room, or grow the volume",
        link=_VOLUMES,
        check=nearly_full,
    ),
    Rule(
        code="VOL002",
        section="volumes",
        severity="warning",
        title="A volume has hardly any inodes left",
        meaning="No new file can be made although there is space: too many small files.",
        known_by="The file system's inodes, seen from inside.",
        remedy="remove files; sessions, caches and mail queues are the usual ones",
        link=_VOLUMES,
        check=out_of_inodes,
    ),
    Rule(
        code="VOL003",
        section="volumes",
        severity="critical",
        title="A writable volume is mounted read-only",
        meaning="The kernel remounts a file system read-only after I/O errors; a driver may also "
        "have mounted it so.",
        known_by="The mount table inside the container against the spec.",
        remedy="look at the storage; the pod has to be restarted after a repair",
        link=_CLAIMS,
        check=turned_read_only,
    ),
    Rule(
        code="VOL004",
        section="volumes",
        severity="warning",
        title="A subPath mount points to a deleted file",
        meaning="A subPath is bound when the container starts. The file was replaced or deleted in "
        "the volume since, and the container still has the old one.",
        known_by="`//deleted` in the container's mount table.",
        remedy="restart the container; mount the whole volume to get updates",
        link=DOCS + "concepts/storage/volumes/#using-subpath",
        check=deleted_sub_path,
        gives_way_to=frozenset({"FIL001"}),
    ),
    Rule(
        code="VOL005",
        section="volumes",
        severity="warning",
        title="A declared mount is not there",
        meaning="The container's mount table does not have the path. A privileged process may have "
        "unmounted it.",
        known_by="The mount table inside the container, with no mount left that could be it.",
        remedy="restart the container",
        link=_VOLUMES,
        check=missing_mount,
    ),
    Rule(
        code="VOL006",
        section="volumes",
        severity="warning",
        title="A mount is hidden by another",
        meaning="Something was mounted later on a folder above it; programs see that instead.",
        known_by="The order of the mount table inside the container.",
        remedy="move one of the two mounts",
        link=_VOLUMES,
        check=covered_mount,
    ),
    *start.RULES,
)
