"""Copies programs of the host's Debian packages, with the libraries they need, into a rootfs."""

import subprocess
from pathlib import Path

from console import ClusterError
from imagetar import Rootfs

_PROGRAM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")


def copy_packages(rootfs: Rootfs, packages: tuple[str, ...]) -> None:
    """Debian's folders are merged (/bin is /usr/bin), and so are they in the image."""
    rootfs.folder("usr")
    for name in ("bin", "sbin", "lib", "lib64"):
        rootfs.folder(f"usr/{name}")
        rootfs.link(name, f"usr/{name}")
    programs = [path for package in packages for path in _programs(package)]
    for program in programs:
        if program.is_symlink():
            rootfs.link(_inside(program), str(program.readlink()))
        else:
            rootfs.program(_inside(program), program)
    for library in _libraries([program for program in programs if not program.is_symlink()]):
        rootfs.program(_inside(library), library)


def copy_libraries(rootfs: Rootfs, programs: list[Path]) -> None:
    """What these programs need of the host: the C library, above all."""
    rootfs.folder("usr")
    for name in ("lib", "lib64"):
        rootfs.folder(f"usr/{name}")
        rootfs.link(name, f"usr/{name}")
    own = {program.parent for program in programs}
    for library in _libraries(programs):
        if library.parent not in own:
            rootfs.program(_inside(library), library)


def _programs(package: str) -> list[Path]:
    done = subprocess.run(
        ["dpkg-query", "-L", package], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ClusterError(f"the Debian package {package} is not installed")
    paths = [Path(line) for line in done.stdout.splitlines()]
    return [
        path
        for path in paths
        if str(path.parent) in _PROGRAM_FOLDERS and (path.is_file() or path.is_symlink())
    ]


def _libraries(programs: list[Path]) -> set[Path]:
    # ldd exits 1 for scripts among the programs and goes on with the rest.
    done = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False)
    words = [line.split() for line in done.stdout.splitlines() if line.startswith("\t")]
    # "libc.so.6 => /lib/…/libc.so.6 (0x…)", or the loader alone: "/lib64/ld-… (0x…)".
    return {Path(word) for line in words for word in line[:3] if word.startswith("/")}


def _inside(path: Path) -> str:
    """The path in the merged layout: only the folder is resolved, as names of links matter."""
    return str(path.parent.resolve() / path.name).lstrip("/")
