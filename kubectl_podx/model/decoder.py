"""Decoders of JSON that threads may share, made when they are first used."""

from __future__ import annotations

from _thread import allocate_lock
from typing import Generic, TypeVar

import msgspec

_T = TypeVar("_T")

# msgspec crashes the process where two threads build the plan of a type at once (seen as SIGSEGV in
# one of a hundred runs on a busy machine), and types have parts in common: one lock for all.
_BUILDING = allocate_lock()


class Decoder(Generic[_T]):
    """As `msgspec.json.Decoder`, whose plan of a type takes up to 0.4 ms: most runs need few."""

    __slots__ = ("_made", "_type")

    def __init__(self, kind: type[_T]) -> None:
        self._type = kind
        self._made: msgspec.json.Decoder[_T] | None = None

    def decode(self, body: bytes | msgspec.Raw) -> _T:
        """The value that the JSON holds; raises what msgspec does."""
        made = self._made
        if made is None:
            with _BUILDING:
                made = self._made = self._made or msgspec.json.Decoder(self._type)
        return made.decode(body)
