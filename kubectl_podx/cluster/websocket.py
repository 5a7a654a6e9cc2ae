"""A client of WebSocket (RFC 6455) on a connection of ours: what exec and port forward need of it.

`websocket-client` would do, but its import takes 6 ms, an eighth of `kubectl describe`. What is
sent and read here is held against it by a property test.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Sequence

from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.errors import ClusterError, of_response
from kubectl_podx.cluster.http1 import CutShortError, MalformedError
from kubectl_podx.cluster.stream import Stream, asked, told_as_errors

MAX_MESSAGE = 1 << 20
"""Bytes. The API server's own frames hold at most 32 KiB."""
_MAX_REFUSAL = 1 << 17
_CHUNK = 65536
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUED, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_LAST, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_LONGEST_CONTROL = 125


class WebSocketError(Exception):
    """What came are no frames, or the connection ended without a farewell."""


class WebSocket:
    """An upgraded connection: messages in binary, each under the stream's deadline."""

    def __init__(self, stream: Stream, protocol: str, received: bytes = b"") -> None:
        self.stream = stream
        self.protocol = protocol
        """That which the server has chosen."""
        self._buffer = bytearray(received)
        self._closed = False

    def send(self, message: bytes) -> None:
        """One message. OSError where the connection is lost, TimeoutError at the deadline."""
        self._send(_BINARY, message)

    def receive(self) -> bytes | None:
        """The next message; None after the server's farewell.

        Raises WebSocketError, OverflowError for a message that is too large, and OSError or
        TimeoutError of the connection.
        """
        message = bytearray()
        begun = False
        while True:
            last, opcode, data = self._frame(MAX_MESSAGE - len(message))
            if opcode == _PING:
                self._send(_PONG, data)
            elif opcode == _CLOSE:
                if not self._closed:
                    self._closed = True
                    self._send(_CLOSE, data[:2])
                return None
            elif opcode in (_TEXT, _BINARY, _CONTINUED):
                if begun is not (opcode == _CONTINUED):
                    raise WebSocketError
                begun = True
                message += data
                if last:
                    return bytes(message)
            elif opcode != _PONG:
                raise WebSocketError

    def _send(self, opcode: int, data: bytes) -> None:
        size = len(data)
        head = bytearray((_LAST | opcode,))
        if size < 126:
            head.append(_MASKED | size)
        elif size < 1 << 16:
            head += bytes((_MASKED | 126,)) + size.to_bytes(2, "big")
        else:
            head += bytes((_MASKED | 127,)) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        self.stream.sendall(bytes(head) + mask + masked(data, mask))

    def _frame(self, room: int) -> tuple[bool, int, bytes]:
        """Whether it is the last of its message, its kind and what it holds."""
        first, second = self._take(2)
        opcode, size = first & _OPCODE, second & _LENGTH
        if first & _RESERVED or second & _MASKED:
            # No extension was asked for, and a server does not mask.
            raise WebSocketError
        if opcode & _CLOSE and (size > _LONGEST_CONTROL or not first & _LAST):
            raise WebSocketError
        if size == 126:
            size = int.from_bytes(self._take(2), "big")
        elif size == 127:
            size = int.from_bytes(self._take(8), "big")
        if size > (_LONGEST_CONTROL if opcode & _CLOSE else room):
            raise OverflowError
        return bool(first & _LAST), opcode, self._take(size)

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            data = self.stream.recv(_CHUNK)
            if not data:
                raise WebSocketError
            self._buffer += data
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def masked(data: bytes, mask: bytes) -> bytes:
    """Each byte xor one of the four of the mask, in turns. Done twice it is as before."""
    size = len(data)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def connect(
    stream: Stream, target: str, host: str, headers: Headers, protocols: Sequence[str]
) -> WebSocket:
    """The upgraded connection, in the first of the protocols that the server speaks.

    Raises ClusterError where the server refuses it, ConnectionGoneError where it closed the
    connection before it said anything.
    """
    key = b64encode(os.urandom(16))
    more = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key.decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {','.join(protocols)}",
    ]
    try:
        with told_as_errors(host):
            answer = asked(stream, host, target, headers, more=more)
            refused = answer.status != 101
            body = b"".join(answer.start_of_body(_MAX_REFUSAL)) if refused else b""
    except (MalformedError, CutShortError):
        raise _no_websocket() from None
    if refused:
        raise of_response(answer.status, b"" if 300 <= answer.status < 400 else body)
    protocol = answer.headers.get("Sec-WebSocket-Protocol")
    told = {name: answer.headers.get(name).lower() for name in ("Upgrade", "Connection")}
    accepted = b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest()).decode()
    if (
        told["Upgrade"] != "websocket"
        or "upgrade" not in [word.strip() for word in told["Connection"].split(",")]
        or answer.headers.get("Sec-WebSocket-Accept") != accepted
        or protocol not in protocols
    ):
        raise _no_websocket()
    return WebSocket(stream, protocol, answer.rest())


def _no_websocket() -> ClusterError:
    return ClusterError(
        "failed",
        "unable to upgrade connection: the server, or a proxy before it, does not speak "
        "WebSocket (podx has no SPDY to fall back to)",
    )
