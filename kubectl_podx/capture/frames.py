"""The output of `observe.sh` cut into its frames. Pure.

A frame begins with a line `NONCE TAG`; the nonce is made anew for each look and travels by stdin,
so bytes of a file cannot start a frame. They do not protect against a hostile process of the
container, which can write into our stdout: what a container says of itself is its testimony.
"""

from __future__ import annotations

from typing import NamedTuple

_LAST = "end"


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
