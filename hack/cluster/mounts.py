"""Reads the mount table, and unmounts what a cluster left below its folder."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mount:
    point: Path
    root: str
    kind: str
    writable: bool


def listed() -> Iterator[Mount]:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, right = line.split(" - ", 1)
        fields = left.split(" ")
        writable = "rw" in fields[5].split(",")
        yield Mount(Path(_unescape(fields[4])), fields[3], right.split(" ", 1)[0], writable)


def unmount_below(folder: Path) -> list[Path]:
    """Latest first, as one mount may hide another. Returns what stayed."""
    for mount in reversed(_below(folder)):
        # Lazily: a dying process may hold it for another moment, and nothing new can enter.
        subprocess.run(["umount", "--lazy", mount], stderr=subprocess.DEVNULL, check=False)
    return _below(folder)


def _below(folder: Path) -> list[Path]:
    return [mount.point for mount in listed() if folder in mount.point.parents]


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
