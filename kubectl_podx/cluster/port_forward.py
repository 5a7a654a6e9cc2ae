"""One port of a pod's loopback through the API server: bytes both ways over a WebSocket.

The protocol is v4.channel.k8s.io as for an exec, with two channels for a port: 0 carries bytes,
1 what went wrong. The first message of each is the port's number (kubelet
pkg/cri/streaming/portforward/websocket.go).
"""

from __future__ import annotations

from typing import Any

import websocket

from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.exec_protocol import connect
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.model.clock import Deadline

_PROTOCOLS = ("v4.channel.k8s.io",)
_DATA, _ERROR = 0, 1
_BINARY = 0x2
_CLOSE_FRAME = 0x8
_MAX_MESSAGE = 1 << 20


class TunnelError(Exception):
    """The port could not be reached, or was lost."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        """In our own words."""


class Tunnel:
    """A connection to the port. Where nobody listens, `receive` says so."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._stream: Stream = connection.sock
        self._greeted: set[int] = set()

    def limit(self, deadline: Deadline) -> None:
        """From here on `receive` waits until then at most."""
        self._stream.deadline = deadline

    def send(self, data: bytes) -> None:
        """Bytes for the port; TunnelError where that cannot be."""
        try:
            self._connection.send(bytes((_DATA,)) + data, _BINARY)
        except (websocket.WebSocketException, OSError, ValueError):
            raise TunnelError("the connection was lost") from None

    def receive(self) -> bytes:
        """The next bytes from the port, empty at its end. TimeoutError at the deadline."""
        while True:
            self._stream.allow(_MAX_MESSAGE)
            try:
                opcode, message = self._connection.recv_data()
            except websocket.WebSocketTimeoutException:
                raise TimeoutError from None
            except websocket.WebSocketConnectionClosedException:
                return b""
            except TimeoutError:
                raise
            except (websocket.WebSocketException, OSError, ValueError, OverflowError):
                raise TunnelError("the connection was lost") from None
            if opcode == _CLOSE_FRAME:
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


def open_tunnel(stream: Stream, url: str, host: str, headers: Headers) -> Tunnel:
    """Upgrades the connection; ClusterError where the server refuses."""
    return Tunnel(connect(stream, url, host, headers, _PROTOCOLS))
