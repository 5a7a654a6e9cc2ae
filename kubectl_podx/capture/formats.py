"""What of a file tells whether a kernel can run it: its first line, or the head of its program."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.patterns import lazy

_SHEBANG = lazy(rb"#![ \t]*(/[\w./+-]{1,120}(?: [\w./=+-]{1,40}){0,3})[ \t]*(\r?)(?:\n|$)")
# include/uapi/linux/elf-em.h, as Go and Kubernetes name these machines.
_MACHINES = {
    3: "386",
    8: "mips",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "amd64",
    183: "arm64",
    243: "riscv64",
    258: "loong64",
}
_MACHINE_AT = 18
_BIG_ENDIAN = 2


class Format(Struct, frozen=True):
    """What the first bytes of a file say."""

    interpreter: str = ""
    """What follows `#!`; empty where the file begins otherwise."""
    carriage_return: bool = False
    """Its first line ends as on Windows."""
    machine: str = ""
    """`amd64`, of an ELF program; `another system` of one for Windows or macOS."""


def format_of(value: bytes) -> Format:
    """The format by the first bytes."""
    if value.startswith(b"\x7fELF") and len(value) > _MACHINE_AT + 1:
        low, high = value[_MACHINE_AT : _MACHINE_AT + 2]
        number = low << 8 | high if value[5] == _BIG_ENDIAN else high << 8 | low
        return Format(machine=_MACHINES.get(number, "an unknown machine"))
    if value.startswith((b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")):
        return Format(machine="another system")
    first = value.partition(b"\n")[0]
    found = _SHEBANG.match(value)
    return Format(
        interpreter=found[1].decode("ascii") if found else "",
        carriage_return=first.endswith(b"\r") and b"\n" in value,
    )
