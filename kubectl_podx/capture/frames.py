"""The output of `observe.sh` cut into its frames, and what `df` and `ls -di` say in them. Pure."""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct

from kubectl_podx.capture.procfs import text_of
from kubectl_podx.model.capture import Mount
from kubectl_podx.model.patterns import lazy

_LAST = "end"
_MOST_FRAMES = 1000
_MIB = 1 << 20

# Tag -> most bytes, and most of which separator: what observe.sh bounds, and some more.
_ANY = (4 * _MIB + 4096, b"\n", 400_000)

_BOUNDS = {
    "environment": (2 * _MIB + 1, b"\0", 20_000),
    "process_environment": (2 * _MIB + 1, b"\0", 20_000),
    "mountinfo": (2 * _MIB, b"\n", 410),
    "files": (2 * _MIB, b"\0", 410),
    "digests": (2 * _MIB, b"\n", 5_000),
    "stats": (2 * _MIB, b"\n", 5_000),
    "links": (_MIB, b"\n", 5_000),
    "inodes": (_MIB, b"\n", 5_000),
    "space": (_MIB, b"\n", 5_000),
    "space_inodes": (_MIB, b"\n", 5_000),
    "file_systems": (_MIB, b"\n", 5_000),
    "tokens": (4 * _MIB, b"\n", 1_000),
    "hosts": (70_000, b"\n", 70_000),
    "resolv": (20_000, b"\n", 20_000),
    "processes": (4 * _MIB, b"\n", 40_000),
    "arguments": (_MIB, b"\n", 1_000),
    "net": (8 * _MIB + 4096, b"\n", 60_000),
    "fds": (4 * _MIB, b"\n", 20_000),
}


class Frames(Struct, frozen=True):
    """Every frame in order, and whether the script came to its end."""

    found: tuple[tuple[str, bytes], ...]
    complete: bool

    def get(self, tag: str) -> bytes | None:
        """The content of the last frame of this tag; None where there is none."""
        return next((content for name, content in reversed(self.found) if name == tag), None)

    def first(self, tag: str) -> bytes | None:
        """The content of the first frame of this tag."""
        return next((content for name, content in self.found if name == tag), None)

    def broken(self) -> str:
        """The tag of a frame that holds more than the script can have written; empty if none does.

        A shell of the container's own can read the nonce and forge frames: what breaks the bounds
        of the protocol is no testimony, and would cost minutes to go through.
        """
        if len(self.found) > _MOST_FRAMES:
            return "frames"
        for tag, content in self.found:
            size, separator, count = _BOUNDS.get(tag.partition(" ")[0], _ANY)
            if len(content) > size or content.count(separator) > count:
                return tag
        return ""

    def with_prefix(self, prefix: str) -> dict[str, bytes]:
        """The rest of the tag -> content, for tags such as `net tcp`."""
        return {
            name.removeprefix(prefix): content
            for name, content in self.found
            if name.startswith(prefix)
        }


def split(output: bytes, nonce: str) -> Frames:
    """Cuts the output; whatever stands before the first frame is dropped."""
    marker = b"\n" + nonce.encode() + b" "
    found: list[tuple[str, bytes]] = []
    for part in (b"\n" + output).split(marker)[1:]:
        tag, newline, content = part.partition(b"\n")
        if newline or not content:
            found.append((tag.decode("ascii", "replace").strip(), content))
    complete = bool(found) and found[-1][0] == _LAST
    return Frames(tuple(found), complete)


# POSIX `df -P`: name, four numbers (a share may be `-`), mount point; names may hold spaces.
_DF = lazy(r".*?\s(\d{1,18})\s+(\d{1,18})\s+(-?\d{1,18})\s+(?:\d{1,3}%|-)\s+(/.*)")
_INODE = lazy(r"\s*(\d{1,20})\s+(/.*)")


class _Row(Struct, frozen=True):
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
    for path, (blocks, entries) in _file_systems(frames.get("file_systems"), root).items():
        if path in devices:
            space[devices[path]], nodes[devices[path]] = blocks, entries
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


# `stat -f -c '%b %f %a %S %c %d %n'`: blocks, free, free for everybody, their size, inodes, free.
_STAT_F = lazy(r"(\d{1,18}) (\d{1,18}) (\d{1,18}) (\d{1,7}) (\d{1,18}) (\d{1,18}) (/.*)", re.ASCII)


def _file_systems(content: bytes | None, root: str) -> dict[str, tuple[_Row, _Row]]:
    """Path -> its file system's space, in KiB as df has it, and inodes."""
    found: dict[str, tuple[_Row, _Row]] = {}
    for line in text_of(content or b"").splitlines():
        match = _STAT_F.fullmatch(line)
        if match is None:
            continue
        blocks, free, available, size, inodes, unused = (int(match[i]) for i in range(1, 7))
        space = (blocks * size // 1024, (blocks - free) * size // 1024, available * size // 1024)
        found[match[7].removeprefix(root) or "/"] = (
            _Row(*space),
            _Row(inodes, inodes - unused, unused),
        )
    return found


def _inodes(content: bytes | None, root: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text_of(content or b"").splitlines():
        match = _INODE.fullmatch(line)
        if match:
            found[match[2].removeprefix(root) or "/"] = match[1]
    return found
