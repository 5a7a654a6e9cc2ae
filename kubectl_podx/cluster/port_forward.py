"""One port of a pod's loopback through the API server, and a gRPC health check over it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.websocket import WebSocket, WebSocketError, connect
from kubectl_podx.model.clock import Deadline

_PROTOCOLS = ("v4.channel.k8s.io",)
_DATA, _ERROR = 0, 1


class TunnelError(Exception):
    """The port could not be reached, or was lost."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """In our own words."""


class Tunnel:
    """A connection to the port. `receive` fails if nothing listens there."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self._stream = connection.stream
        self._greeted: set[int] = set()

    def limit(self, deadline: Deadline) -> None:
        """From here on `receive` waits until then at most."""
        self._stream.deadline = deadline

    def send(self, data: bytes) -> None:
        """Bytes for the port; TunnelError where that cannot be."""
        try:
            self._connection.send(bytes((_DATA,)) + data)
        except OSError:
            raise TunnelError("the connection was lost") from None

    def receive(self) -> bytes:
        """The next bytes from the port, empty at its end. TimeoutError at the deadline."""
        while True:
            try:
                message = self._connection.receive()
            except TimeoutError:
                raise
            except (WebSocketError, OSError, OverflowError):
                raise TunnelError("the connection was lost") from None
            if message is None:
                return b""
            data = self._take(message)
            if data:
                return data

    def _take(self, message: bytes) -> bytes:
        channel, data = (message[0], message[1:]) if message else (_DATA, b"")
        if channel not in self._greeted:
            self._greeted.add(channel)
            return b""
        if channel == _ERROR and data:
            raise TunnelError(why_refused(data))
        return data if channel == _DATA else b""


def why_refused(said: bytes) -> str:
    """What the runtime said of a port, in our own words: its text names paths of the node."""
    for known in (b"connection refused", b"timed out", b"no route to host", b"not found"):
        if known in said:
            return known.decode()
    return "the runtime could not connect to the port"


def open_tunnel(stream: Stream, target: str, host: str, headers: Headers) -> Tunnel:
    """Upgrades the connection; ClusterError where the server refuses."""
    return Tunnel(connect(stream, target, host, headers, _PROTOCOLS))


Serving = Literal["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"]
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY = 0x0, 0x1, 0x3, 0x4, 0x6, 0x7
_END_STREAM, _END_HEADERS, _PADDED, _ACK = 0x1, 0x4, 0x8, 0x1
_MAX_FRAME = 16384
_LONGEST_ANSWER = 1024
_STATES: tuple[Serving, ...] = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


class Reply(Struct, frozen=True):
    """Bytes that the protocol owes the peer."""

    data: bytes


class Health(Struct, frozen=True):
    """The answer. `state` is None where the call ended without one; `why` is in our words."""

    state: Serving | None
    why: str = ""


def request(authority: str, service: str) -> bytes:
    """Everything that the client says: preface, settings, headers and the one message."""
    headers = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    )
    block = b"".join(_literal(name) + _literal(value, b"") for name, value in headers)
    name = service.encode("utf-8", "replace")
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    body = b"\0" + len(message).to_bytes(4, "big") + message
    return b"".join(
        (
            _PREFACE,
            _frame(_SETTINGS, 0, 0, b""),
            _frame(_HEADERS, _END_HEADERS, 1, block),
            _frame(_DATA, _END_STREAM, 1, body),
        )
    )


class HealthParser:
    """Feeds on bytes of the peer; gives replies and, once, the health. Never raises."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._message = bytearray()
        self._ended = False

    def feed(self, data: bytes) -> Iterator[Reply | Health]:
        """What these bytes lead to."""
        self._waiting += data
        while not self._ended and len(self._waiting) >= 9:
            length = int.from_bytes(self._waiting[:3], "big")
            if length > _MAX_FRAME:
                yield self._end(Health(None, "the answer is no HTTP/2"))
                return
            if len(self._waiting) < 9 + length:
                return
            kind, flags = self._waiting[3], self._waiting[4]
            payload = bytes(self._waiting[9 : 9 + length])
            del self._waiting[: 9 + length]
            yield from self._frame(kind, flags, payload)

    def end(self) -> Iterator[Health]:
        """What is to be said when the connection has ended."""
        if not self._ended:
            yield self._end(Health(None, "the connection ended without an answer"))

    def _frame(self, kind: int, flags: int, payload: bytes) -> Iterator[Reply | Health]:
        if kind == _SETTINGS and not flags & _ACK:
            yield Reply(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            yield Reply(_frame(_PING, _ACK, 0, payload))
        elif kind == _DATA:
            self._message += _unpadded(payload) if flags & _PADDED else payload
            found = self._complete()
            if found is not None:
                yield self._end(found)
        elif kind in (_RST_STREAM, _GOAWAY):
            yield self._end(Health(None, "the server ended the call"))
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM and not self._ended:
            yield self._end(Health(None, "the server knows no health service, or not this one"))

    def _complete(self) -> Health | None:
        if len(self._message) < 5:
            return None
        size = int.from_bytes(self._message[1:5], "big")
        if self._message[0] or size > _LONGEST_ANSWER:
            return Health(None, "the answer is no health message")
        if len(self._message) < 5 + size:
            return None
        return Health(_state(bytes(self._message[5 : 5 + size])))

    def _end(self, found: Health) -> Health:
        self._ended = True
        return found


def _state(message: bytes) -> Serving:
    """Field 1 of HealthCheckResponse; 0, its default, is left out of the bytes."""
    if len(message) >= 2 and message[0] == 0x08 and message[1] < len(_STATES):
        return _STATES[message[1]]
    return "UNKNOWN"


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big")
    return head + payload


def _literal(text: str, before: bytes = b"\x00") -> bytes:
    """A string of HPACK without Huffman; before a name the mark of a literal without indexing."""
    raw = text.encode("utf-8", "replace")
    return before + _prefixed(len(raw)) + raw


def _prefixed(number: int) -> bytes:
    """An integer with a prefix of seven bits (RFC 7541, 5.1)."""
    if number < 0x7F:
        return bytes((number,))
    return b"\x7f" + _varint(number - 0x7F)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _unpadded(payload: bytes) -> bytes:
    padding = payload[0] if payload else 0
    return payload[1 : len(payload) - padding]
