"""What command, args and variables say of the heap of a JVM, of Node and of Go. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from kubectl_podx.model.patterns import lazy

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_XMX = lazy(r"-(?:Xmx|XX:MaxHeapSize=)(\d{1,12})([kKmMgGtT]?)(?=\s|$|['\"])")
_SHARE = lazy(r"-XX:MaxRAMPercentage=(\d{1,3}(?:\.\d+)?)")
_OLD_SPACE = lazy(r"--max[-_]old[-_]space[-_]size[= ](\d{1,9})")
_GO = lazy(r"(\d{1,15})(KiB|MiB|GiB|TiB|B)?")


class Heap(Struct, frozen=True):
    """One setting."""

    setting: str
    """As it is written: `-Xmx512m`."""
    where: str
    """`args[0]`, `variable JAVA_OPTS`."""
    size: int | None = None
    """Bytes."""
    share: float | None = None
    """Of the memory limit, 0 to 1."""

    def of(self, limit: int) -> float:
        """How much of that limit it takes."""
        if self.share is not None:
            return self.share
        return (self.size or 0) / limit if limit else 0.0


def heaps(words: Iterable[tuple[str, str]], variables: Iterable[tuple[str, str]]) -> list[Heap]:
    """Every setting: of words with their field, and of variables with their name."""
    found: list[Heap] = []
    texts = [*words, *((f"variable {name}", value) for name, value in variables)]
    for where, text in texts:
        found += [
            *(
                Heap(x.group(), where, int(x[1]) * _UNITS[x[2].lower()])
                for x in _XMX.finditer(text)
            ),
            *(Heap(x.group(), where, share=float(x[1]) / 100) for x in _SHARE.finditer(text)),
            *(Heap(x.group(), where, int(x[1]) << 20) for x in _OLD_SPACE.finditer(text)),
        ]
    for name, value in variables:
        go = _GO.fullmatch(value) if name == "GOMEMLIMIT" else None
        if go:
            unit = (go[2] or "B").removesuffix("iB").removesuffix("B").lower()
            found.append(Heap(f"GOMEMLIMIT={value}", f"variable {name}", int(go[1]) * _UNITS[unit]))
    return found
