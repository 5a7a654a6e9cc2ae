"""The block of this section in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.volumes.columns import (
    READ_ONLY_TYPES,
    VOLUME,
    mount_lines,
    used_of_size,
)
from kubectl_podx.sections.volumes.report import Volume, VolumeMount
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import Page

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
