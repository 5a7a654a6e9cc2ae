"""Columns of this section's rows."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.view.columns import Column
from kubectl_podx.view.units import NONE, human_size, text_or_none


class MountLine(NamedTuple):
    """One mount of a volume, or the volume where nothing mounts it."""

    volume: Volume
    mount: VolumeMount | None


def mount_lines(volumes: list[Volume]) -> list[MountLine]:
    """A line per mount."""
    nothing: list[VolumeMount | None] = [None]
    return [MountLine(row, mount) for row in volumes for mount in [*row.mounts] or nothing]


READ_ONLY_TYPES = frozenset({"configMap", "secret", "projected", "downwardAPI", "image"})
"""Volumes that the kubelet mounts read-only, whatever the mount declares."""


def _access(line: MountLine) -> str:
    mount = line.mount
    if mount is None:
        return NONE
    declared = "ro" if mount.read_only or line.volume.type in READ_ONLY_TYPES else "rw"
    if mount.observed_read_only is None:
        return declared
    observed = "ro" if mount.observed_read_only else "rw"
    return declared if observed == declared else f"{declared}, observed {observed}"


def used_of_size(row: Volume) -> str:
    """`1.2Gi/10Gi`; `<none>` where it was not read."""
    if row.size is None and row.used is None:
        return NONE
    return f"{human_size(row.used)}/{human_size(row.size)}"


def _inodes(row: Volume) -> str:
    if row.inodes is None and row.inodes_used is None:
        return NONE
    return f"{text_or_none(row.inodes_used)}/{text_or_none(row.inodes)}"


def _shared(row: Volume) -> str:
    return f"yes ({row.basis})" if row.shared else "no"


VOLUME: tuple[Column, ...] = (
    Column("VOLUME", lambda row, _: row.volume.name),
    Column("TYPE", lambda row, _: row.volume.type),
    Column("SOURCE", lambda row, _: text_or_none(row.volume.source)),
    Column("CONTAINER", lambda row, _: row.mount.container if row.mount else NONE),
    Column("PATH", lambda row, _: row.mount.path if row.mount else NONE),
    Column("ACCESS", lambda row, _: _access(row)),
    Column("STATE", lambda row, _: row.mount.state if row.mount else "notMounted"),
    Column("SHARED", lambda row, _: _shared(row.volume)),
    Column("USED", lambda row, _: used_of_size(row.volume)),
    Column("SUBPATH", lambda row, _: text_or_none(row.mount and row.mount.sub_path), wide=True),
    Column("FSTYPE", lambda row, _: text_or_none(row.mount and row.mount.fstype), wide=True),
    Column("DEVICE", lambda row, _: text_or_none(row.mount and row.mount.device), wide=True),
    Column("INODES", lambda row, _: _inodes(row.volume), wide=True),
    Column(
        "PROPAGATION", lambda row, _: text_or_none(row.mount and row.mount.propagation), wide=True
    ),
    Column("DETAILS", lambda row, _: "; ".join(row.volume.details) or NONE, wide=True),
    Column("INJECTED-BY", lambda row, _: text_or_none(row.volume.injected_by), wide=True),
    Column(
        "MOUNTED-BY", lambda row, _: text_or_none(row.mount and row.mount.injected_by), wide=True
    ),
)
