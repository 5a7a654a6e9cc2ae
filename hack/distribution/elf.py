"""Which glibc a Linux program or library asks for, by the versions that its ELF file names."""

import re
import struct
from collections.abc import Iterator

_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, little endian: amd64 and arm64
_NEEDED = 0x6FFFFFFE  # SHT_GNU_verneed
_DYNAMIC = 6  # SHT_DYNAMIC
# No function, but a form of the file that glibc reads from this version on.
_FORMS = {"GLIBC_ABI_DT_RELR": (2, 36)}

Version = tuple[int, ...]


def is_elf(content: bytes) -> bool:
    return content.startswith(_MAGIC)


def needed_glibc(content: bytes) -> Version:
    """The newest version of glibc that the file asks for; (0,) where it asks for none."""
    found = [(0,), *(_number(name) for name in _needed_names(content))]
    return max(found)


def needed_libraries(content: bytes) -> set[str]:
    """The libraries that the loader has to find: DT_NEEDED."""
    sections, found = list(_sections(content)), set()
    for kind, start, link, _ in sections:
        if kind != _DYNAMIC:
            continue
        names, at = sections[link][1], start
        while (entry := struct.unpack_from("<qQ", content, at))[0] != 0:
            tag, value = entry
            if tag == 1:
                found.add(_text(content, names + value))
            at += 16
    return found


def _number(name: str) -> Version:
    if name in _FORMS:
        return _FORMS[name]
    match = re.fullmatch(r"GLIBC_(\d+(?:\.\d+)+)", name)
    return tuple(int(part) for part in match[1].split(".")) if match else (0,)


def _needed_names(content: bytes) -> Iterator[str]:
    """The names in `.gnu.version_r`: a list of libraries, each with a list of versions."""
    sections = list(_sections(content))
    for kind, start, link, count in sections:
        if kind != _NEEDED:
            continue
        offset, names = start, sections[link][1]
        for _ in range(count):
            _, versions, _, first, following = struct.unpack_from("<HHIII", content, offset)
            entry = offset + first
            for _ in range(versions):
                _, _, _, name, after = struct.unpack_from("<IHHII", content, entry)
                yield _text(content, names + name)
                entry += after
            offset += following


def _sections(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Type, offset in the file, linked section and number of entries of each."""
    (start,) = struct.unpack_from("<Q", content, 0x28)
    size, count = struct.unpack_from("<HH", content, 0x3A)
    for at in range(start, start + size * count, size):
        kind, _, _, offset, _, link, info = struct.unpack_from("<IQQQQII", content, at + 4)
        yield kind, offset, link, info


def _text(content: bytes, at: int) -> str:
    return content[at : content.index(b"\0", at)].decode("ascii", "replace")
