"""Columns of volumes and mounts, and their block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, human_size, text_or_none


class MountLine(Struct, frozen=True):
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
    # From outside of the container the kubelet tells the size, and what is free of it.
    used = "?" if row.used is None else human_size(row.used)
    return f"{used}/{human_size(row.size)}"


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

_NEARLY_FULL = 0.85
_FINE = frozenset({"mounted", "unknown"})


def grids(found: list[Volume]) -> list[Grid]:
    """Its tables."""
    return [Grid(VOLUME, mount_lines(found))]


def block(found: Sequence[Volume], page: Page) -> list[str]:
    """A line per volume that carries a signal; the whole matrix where all is wanted."""
    if page.everything:
        if not found:
            return ["Volumes: none"]
        return ["Volumes:", *page.table(VOLUME, mount_lines(list(found)))]
    lines = [line for row in found for line in _one(row, page)]
    return ["Volumes:", *lines] if lines else []


def _one(row: Volume, page: Page) -> list[str]:
    notes = [note for mount in row.mounts if (note := _mount_note(row, mount, page))]
    if nearly_full(row):
        notes.append(f"{used_of_size(row)} used")
    # What is only read tells nothing by being shared, such as the service account's volume.
    if not notes and (not row.shared or row.type in READ_ONLY_TYPES):
        return []
    paths: dict[str, list[str]] = {}
    for mount in row.mounts:
        paths.setdefault(mount.container, []).append(mount.path)
    where = "; ".join(f"{name} at {', '.join(each)}" for name, each in paths.items())
    shared = f" shared ({row.basis})" if row.shared else ""
    source = f" {row.source}" if row.source else ""
    text = f"{row.name} ({row.type}{source}){shared}: {where or 'mounted nowhere'}"
    return page.say("; ".join([text, *notes]))


def _mount_note(row: Volume, mount: VolumeMount, page: Page) -> str:
    state, _, cover = mount.state.partition(":")
    if state == "deletedSubPath":
        # A finding about the file says more: which one it is, and what changed.
        old = f"{mount.container} {mount.path} (subPath) was replaced in the volume since"
        return old if page.news(mount.path) else ""
    if state not in _FINE:
        word = {"missing": "not mounted", "coveredBy": f"covered by {cover}"}.get(state, state)
        return f"{mount.container} {mount.path} is {word}"
    if mount.observed_read_only and not mount.read_only and row.type not in READ_ONLY_TYPES:
        return f"{mount.container} {mount.path} is read-only although it is declared writable"
    return ""


def nearly_full(row: Volume) -> bool:
    """Whether bytes or inodes are used up to 85 %, the kubelet's default eviction threshold."""
    pairs = ((row.used, row.size), (row.inodes_used, row.inodes))
    return any(used is not None and size and used / size >= _NEARLY_FULL for used, size in pairs)
