"""Reads one answer of HTTP/1.1 (RFC 9112) from a connection.

`http.client` would do, but imports a parser of e-mail for the head of an answer: 8 ms, a sixth of
what `kubectl describe` takes in all. What is read here is held against it by a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

_LONGEST_LINE = 65536
_MOST_LINES = 200
_MOST_INTERIM = 16
_CHUNK = 65536
_LONGEST_NUMBER = 16
_SPACES = b" \t"
_TOKEN = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

Receive = Callable[[int], bytes]
"""Up to so many bytes, as soon as there are any; empty at the end."""


class MalformedError(Exception):
    """What came is no answer of HTTP. The text quotes nothing of it."""


class CutShortError(Exception):
    """The connection ended before the answer did."""


class NothingCameError(Exception):
    """The connection ended before the first byte of an answer."""


class Fields:
    """The fields of a head; names in any case."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields

    def get(self, name: str, default: str = "") -> str:
        """The first field of this name."""
        return next(iter(self.get_all(name)), default)

    def get_all(self, name: str) -> list[str]:
        """Every field of this name, in the order in which they came."""
        lower = name.lower()
        return [value for key, value in self._fields if key == lower]


class Incoming:
    """An answer whose head was read. Its body is read by `read` or, line by line, by `readline`.

    Both raise MalformedError, CutShortError, and what `receive` raises.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self._rest = bytearray()
        self._chunk_open = False
        self.status, version = self._begin()
        self.headers = self._fields()
        for _ in range(_MOST_INTERIM):
            if self.status // 100 != 1 or self.status == 101:
                break
            self.status, version = self._status_line(self._line())
            self.headers = self._fields()
        else:
            raise MalformedError
        self._chunked = self._is_chunked()
        self._left = self._length()
        words = {word.strip().lower() for word in ",".join(self._all("Connection")).split(",")}
        endless = not self._chunked and self._left is None
        self._last = endless or "close" in words or (version == 0 and "keep-alive" not in words)
        self._ended = self._left == 0

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request: all of this was read, and no more."""
        return self._ended and not self._last and not self._buffer

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of the body, as soon as there are any; empty at its end."""
        if self._ended:
            return b""
        if self._chunked and not self._chunk_open and not self._next_chunk():
            return b""
        data = self._some(size if self._left is None else min(size, self._left))
        if not data:
            if self._left is not None:
                raise CutShortError
            self._ended = True
        elif self._left is not None:
            self._left -= len(data)
            if self._left == 0:
                self._end_of_part()
        return data

    def start_of_body(self, limit: int) -> Iterator[bytes]:
        """The body in parts, to its end or to so many bytes."""
        left = limit
        while left and (data := self.read(left)):
            left -= len(data)
            yield data

    def rest(self) -> bytes:
        """What came after the head, where the connection goes on in another protocol."""
        rest, self._buffer = bytes(self._buffer), bytearray()
        return rest

    def readline(self, limit: int) -> bytes:
        """A line of the body with its end; without one where it is longer, or the body ends."""
        searched = 0
        while True:
            end = self._rest.find(b"\n", searched) + 1
            searched = len(self._rest)
            data = b"" if end or searched >= limit else self.read(_CHUNK)
            if not data:
                size = min(end or limit, limit)
                line = bytes(self._rest[:size])
                del self._rest[:size]
                return line
            self._rest += data

    # -- the head --------------------------------------------------------------------------------

    def _begin(self) -> tuple[int, int]:
        try:
            line = self._line()
        except CutShortError:
            if self._buffer:
                raise
            raise NothingCameError from None
        return self._status_line(line)

    def _status_line(self, line: bytes) -> tuple[int, int]:
        """The status, and what stands after `HTTP/1.`."""
        words = line.split(None, 2)
        if len(words) < 2 or words[0] not in (b"HTTP/1.1", b"HTTP/1.0"):
            raise MalformedError
        if len(words[1]) != 3 or not words[1].isdigit() or words[1] < b"100":
            raise MalformedError
        return int(words[1]), words[0][-1] - ord("0")

    def _fields(self) -> Fields:
        fields: list[tuple[str, str]] = []
        for _ in range(_MOST_LINES):
            line = self._line()
            if not line:
                return Fields(fields)
            if line[0] in _SPACES:
                # A long field, folded, as the RFC has it of old.
                if not fields:
                    raise MalformedError
                name, value = fields[-1]
                fields[-1] = name, f"{value} {line.strip(_SPACES).decode('latin-1')}"
                continue
            before, colon, after = line.partition(b":")
            if not colon or not before or not _TOKEN.issuperset(before):
                raise MalformedError
            value = after.strip(_SPACES).decode("latin-1")
            fields.append((before.decode("ascii").lower(), value))
        raise MalformedError

    def _all(self, name: str) -> list[str]:
        return self.headers.get_all(name)

    def _is_chunked(self) -> bool:
        found = [value.lower() for value in self._all("Transfer-Encoding")]
        if found not in ([], ["chunked"], ["identity"]):
            raise MalformedError
        return found == ["chunked"] and not self._bodiless()

    def _bodiless(self) -> bool:
        return self.status in (101, 204, 304)

    def _length(self) -> int | None:
        """How long the body is; None where its chunks or the end of the connection tell."""
        if self._bodiless():
            return 0
        if self._chunked:
            return None
        found = set(self._all("Content-Length"))
        if not found:
            return None
        value = found.pop()
        # Two lengths are two opinions on where the next answer begins.
        if found or not _is_number(value, "0123456789"):
            raise MalformedError
        return int(value)

    # -- the body --------------------------------------------------------------------------------

    def _next_chunk(self) -> bool:
        """Whether there is one more chunk; after the last the trailing fields are read away."""
        size = self._line().partition(b";")[0].strip(_SPACES).decode("latin-1")
        if not _is_number(size, "0123456789abcdefABCDEF"):
            raise MalformedError
        self._left = int(size, 16)
        if self._left:
            self._chunk_open = True
            return True
        self._fields()
        self._ended = True
        return False

    def _end_of_part(self) -> None:
        if not self._chunked:
            self._ended = True
            return
        if self._line():
            raise MalformedError
        self._chunk_open, self._left = False, None

    # -- bytes -----------------------------------------------------------------------------------

    def _line(self) -> bytes:
        """A line without its end. CutShortError where none comes, MalformedError for a long one."""
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            if searched > _LONGEST_LINE:
                raise MalformedError
            data = self._receive(_CHUNK)
            if not data:
                raise CutShortError
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if len(line) > _LONGEST_LINE:
            raise MalformedError
        return line.removesuffix(b"\r")

    def _some(self, size: int) -> bytes:
        if not self._buffer:
            return self._receive(size)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


def _is_number(text: str, digits: str) -> bool:
    return 0 < len(text) <= _LONGEST_NUMBER and not text.strip(digits)
