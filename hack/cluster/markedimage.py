"""A small image with a mark in it: made twice with two marks, it is a tag that was moved."""

from pathlib import Path

import imagetar
from imagetar import Image, Rootfs

_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("cat", "sh", "sleep")


def write(reference: str, mark: str, destination: Path) -> None:
    """As a tar that a runtime imports."""
    rootfs = Rootfs()
    rootfs.program("bin/busybox", _BUSYBOX)
    for applet in _APPLETS:
        rootfs.link(f"bin/{applet}", "/bin/busybox")
    rootfs.file("mark", mark.encode())
    image = Image(reference, rootfs, command=["sleep", "1000000"], environment={"PATH": "/bin"})
    imagetar.write(image, destination)
