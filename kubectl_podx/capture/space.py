"""What `df` and `ls -di` say of mount points, joined with mountinfo. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from kubectl_podx.capture.frames import Frames
from kubectl_podx.capture.procfs import text_of
from kubectl_podx.model.capture import Mount

# POSIX `df -P`: name, four numbers (a share may be `-`), mount point; names may hold spaces.
_DF = re.compile(r".*?\s(\d{1,18})\s+(\d{1,18})\s+(-?\d{1,18})\s+(?:\d{1,3}%|-)\s+(/.*)")
_INODE = re.compile(r"\s*(\d{1,20})\s+(/.*)")


class _Row(NamedTuple):
    total: int
    used: int
    free: int


def with_space(mounts: list[Mount], frames: Frames, root: str) -> list[Mount]:
    """The mounts with inode, sizes in bytes and inode counts where they were asked for.

    `df` names one mount point for each file system, so its rows are joined by device.
    """
    devices = {mount.path: mount.device for mount in mounts}
    asked_for = _inodes(frames.get("inodes"), root)
    space = _by_device(_df(frames.get("space"), root), devices)
    nodes = _by_device(_df(frames.get("space_inodes"), root), devices)
    return [
        _with_rows(mount, asked_for[mount.path], space.get(mount.device), nodes.get(mount.device))
        if mount.path in asked_for
        else mount
        for mount in mounts
    ]


def _with_rows(mount: Mount, inode: str, space: _Row | None, nodes: _Row | None) -> Mount:
    return msgspec.structs.replace(
        mount,
        inode=inode,
        size=space.total * 1024 if space else None,
        used=space.used * 1024 if space else None,
        available=max(0, space.free) * 1024 if space else None,
        inodes=nodes.total if nodes else None,
        inodes_used=nodes.used if nodes else None,
    )


def _by_device(rows: dict[str, _Row], devices: dict[str, str]) -> dict[str, _Row]:
    return {devices[path]: row for path, row in rows.items() if path in devices}


def _df(content: bytes | None, root: str) -> dict[str, _Row]:
    found: dict[str, _Row] = {}
    for line in text_of(content or b"").splitlines():
        match = _DF.fullmatch(line)
        if match:
            total, used, free = int(match[1]), int(match[2]), int(match[3])
            found[match[4].removeprefix(root) or "/"] = _Row(total, used, free)
    return found


def _inodes(content: bytes | None, root: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text_of(content or b"").splitlines():
        match = _INODE.fullmatch(line)
        if match:
            found[match[2].removeprefix(root) or "/"] = match[1]
    return found
