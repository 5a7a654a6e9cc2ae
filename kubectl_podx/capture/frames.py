"""The output of `observe.sh` cut into its frames. Pure.

A frame begins with a line `NONCE TAG`; the nonce is made anew for each look and travels by stdin,
so bytes of a file cannot start a frame. They do not protect against a hostile process of the
container, which can write into our stdout: what a container says of itself is its testimony.
"""

from __future__ import annotations

from typing import NamedTuple

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
    "tokens": (4 * _MIB, b"\n", 1_000),
    "hosts": (70_000, b"\n", 70_000),
    "resolv": (20_000, b"\n", 20_000),
    "processes": (4 * _MIB, b"\n", 40_000),
    "arguments": (_MIB, b"\n", 1_000),
    "net": (8 * _MIB + 4096, b"\n", 60_000),
    "fds": (4 * _MIB, b"\n", 20_000),
}


class Frames(NamedTuple):
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
