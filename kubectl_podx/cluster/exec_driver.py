"""Drives one exec over an already dialled connection: websocket-client's frames, our deadline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import websocket

from kubectl_podx.cluster import exec_protocol
from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.errors import shown
from kubectl_podx.cluster.exec_protocol import Bad, ChannelParser, Exit, Output
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.upgrade import connect
from kubectl_podx.model.clock import Deadline

_STDIN_CHUNK = 16384
_MAX_HANDSHAKE = 1 << 17
# The API server's own frames hold at most 32 KiB.
_MAX_MESSAGE = 1 << 20
# After the status the server closes the connection at once; this is for a last frame before it.
_FAREWELL = 0.5
_BINARY = 0x2
_CLOSE_FRAME = 0x8


class ExecRequest(NamedTuple):
    """What is asked for."""

    url: str
    host: str
    stdin: bytes | None
    stdout_limit: int
    stderr_limit: int


class ExecResult(NamedTuple):
    """How an exec that was let in ended."""

    stdout: bytes
    stderr: bytes
    exit_code: int | None
    """None where the command's end was not seen."""
    reason: str
    """Empty for exit code 0; the status's own (`NonZeroExitCode`, `InternalError`, …), or
    `ConnectionLost`, `DeadlineExceeded`, `OutputLimit`, `ProtocolError`."""
    message: str
    """One escaped line for a person; empty for exit code 0."""
    truncated: bool
    """Whether output beyond a limit was dropped and the exec ended for it."""


def run(stream: Stream, request: ExecRequest, headers: Headers) -> ExecResult:
    """Upgrades the connection and runs the command to its end, its limits or the deadline.

    Raises ClusterError where the server refuses the exec, ConnectionGoneError where it closed
    the connection before it said anything.
    """
    connection = connect(stream, request.url, request.host, headers, exec_protocol.PROTOCOLS)
    session = _Session(connection, request)
    try:
        return session.run()
    finally:
        stream.close()


class _OutputLimitError(Exception):
    """More output than is kept."""


class _Session:
    """An exec that was let in."""

    def __init__(self, connection: Any, request: ExecRequest) -> None:
        self._connection = connection
        self._stream: Stream = connection.sock
        self._request = request
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._limits = {"stdout": request.stdout_limit, "stderr": request.stderr_limit}
        self._parser = ChannelParser()
        self._exit: Exit | None = None
        self._bad: Bad | None = None

    def run(self) -> ExecResult:
        """Sends stdin, holds it open, and reads until the end."""
        reason, message = "ConnectionLost", "connection lost"
        truncated = False
        try:
            self._send_stdin()
            for data in self._messages():
                self._take(self._parser.feed(data))
        except (TimeoutError, websocket.WebSocketTimeoutException):
            reason, message = "DeadlineExceeded", "no end before the deadline"
            self._close_stdin()
        except _OutputLimitError:
            reason, message = "OutputLimit", "more output than is read"
            truncated = True
            self._close_stdin()
        except OverflowError:
            self._bad = self._bad or Bad("a message that is too large")
        except (websocket.WebSocketException, OSError, ValueError):
            # Lost, or frames that are none; the status, where it came before, still holds.
            pass
        self._take(self._parser.end())
        if self._exit is not None and not truncated:
            code, reason, message = self._exit
        else:
            code = None
            if self._bad is not None and reason == "ConnectionLost":
                reason, message = "ProtocolError", f"the server sent {self._bad.why}"
        return ExecResult(
            bytes(self._kept["stdout"]),
            bytes(self._kept["stderr"]),
            code,
            shown(reason, 63),
            shown(message),
            truncated,
        )

    def _send_stdin(self) -> None:
        data = self._request.stdin or b""
        for start in range(0, len(data), _STDIN_CHUNK):
            chunk = data[start : start + _STDIN_CHUNK]
            self._connection.send(bytes((exec_protocol.STDIN,)) + chunk, _BINARY)

    def _messages(self) -> Iterator[bytes]:
        while True:
            self._stream.allow(_MAX_MESSAGE)
            opcode, data = self._connection.recv_data()
            if opcode == _CLOSE_FRAME:
                return
            yield data

    def _take(self, events: Iterator[exec_protocol.Event]) -> None:
        for event in events:
            if isinstance(event, Output):
                self._keep(event)
            elif isinstance(event, Exit):
                self._exit = event
                self._stream.deadline = self._stream.deadline.within(_FAREWELL)
            elif isinstance(event, Bad):
                self._bad = self._bad or event

    def _keep(self, output: Output) -> None:
        kept = self._kept[output.stream]
        room = self._limits[output.stream] - len(kept)
        kept += output.data[:room]
        if len(output.data) > room:
            raise _OutputLimitError

    def _close_stdin(self) -> None:
        """Tells the command, as far as that goes, that nobody listens any more (v5 only)."""
        if self._exit is not None or self._connection.subprotocol != exec_protocol.PROTOCOLS[0]:
            return
        self._stream.deadline = Deadline(_FAREWELL)
        try:
            self._connection.send(exec_protocol.CLOSE_STDIN, _BINARY)
        except (websocket.WebSocketException, OSError, ValueError):
            return
