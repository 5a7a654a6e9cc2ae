"""What has to hold of an archive before anybody gets it."""

import re
import tarfile
from pathlib import Path

from distribution import elf
from distribution.project import NAME

# Krew reads a whole archive into memory, and each file is opened at every start.
MOST_BYTES, MOST_FILES = 18_000_000, 150
# RHEL 8, Debian 10 and Ubuntu 18.10 have this one; nobody asks for support of older ones.
NEWEST_GLIBC = (2, 28)


# The C library's own files with libgcc, which it loads itself to end threads, and zlib for the
# program that unpacks the rest: on every system.
_GIVEN = re.compile(
    r"(libc|libm|libdl|libpthread|librt|libutil|libgcc_s|libz|ld-linux-[\w-]+)\.so\.\d+"
)


def _programs(path: Path) -> dict[str, bytes]:
    """Programs and libraries in the archive by name."""
    found = {}
    with tarfile.open(path) as tar:
        for entry in tar.getmembers():
            content = tar.extractfile(entry) if entry.isreg() else None
            if content is not None and elf.is_elf(data := content.read()):
                found[entry.name] = data
    return found


def foreign_libraries(path: Path) -> list[str]:
    """Libraries that are neither in the archive nor on every system."""
    programs = _programs(path)
    own = {name.rpartition("/")[2] for name in programs}
    asked = {one for data in programs.values() for one in elf.needed_libraries(data)}
    return sorted(one for one in asked - own if not _GIVEN.fullmatch(one))


def newest_glibc(path: Path) -> tuple[elf.Version, list[str]]:
    """The newest glibc that anything in the archive asks for, and the files that do."""
    asked = {name: elf.needed_glibc(data) for name, data in _programs(path).items()}
    newest = max(asked.values(), default=(0,))
    return newest, sorted(name for name, version in asked.items() if version == newest)


def problems(path: Path, *, portable: bool = False) -> list[str]:
    """Krew's rules and our own limits, where they are broken."""
    with tarfile.open(path) as tar:
        entries = tar.getmembers()
    names = {entry.name for entry in entries}
    wrong = [e.name for e in entries if not (e.isreg() or e.isdir()) or ".." in e.name]
    files = sum(entry.isreg() for entry in entries)
    found = [f"not a file or folder, or `..` in it: {name}" for name in wrong]
    program = f"{NAME}.exe" if "_windows_" in path.name else NAME
    needed = (program, "LICENSE", "THIRD_PARTY_LICENSES", "completion/kubectl_complete-podx")
    found += [f"{name} is missing" for name in needed if name not in names]
    if files > MOST_FILES:
        found.append(f"{files} files, {MOST_FILES} at most")
    if path.stat().st_size > MOST_BYTES:
        found.append(f"{path.stat().st_size} bytes, {MOST_BYTES} at most")
    if "_linux_" in path.name:
        found += [f"{name} is asked for, and is not in it" for name in foreign_libraries(path)]
    if portable and "_linux_" in path.name:
        newest, who = newest_glibc(path)
        if newest > NEWEST_GLIBC:
            asks = ".".join(map(str, newest))
            most = ".".join(map(str, NEWEST_GLIBC))
            found.append(f"glibc {asks} is asked for, {most} at most: {', '.join(who)}")
    return found


def check(path: Path, *, portable: bool = False) -> None:
    """Ends the program where something does not hold."""
    found = problems(path, portable=portable)
    if found:
        raise SystemExit(f"{path.name}: " + "; ".join(found))
