"""A WebSocket exec: its channels (v4 and v5 of channel.k8s.io) without any I/O, then its driver.

Also the upgrade of a dialled connection, which a port forward needs, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.errors import shown
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.websocket import WebSocket, WebSocketError, connect
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.decoder import Decoder

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
CLOSE_STDIN = bytes((CLOSE, STDIN))
"""v5's end of file on stdin."""

_MAX_STATUS = 65536


class Output(Struct, frozen=True):
    """Bytes that the command wrote."""

    stream: Literal["stdout", "stderr"]
    data: bytes


class Exit(Struct, frozen=True):
    """The command's end."""

    code: int | None
    """None where there is none: the command could not be started, or the runtime failed."""
    reason: str = ""
    message: str = ""


class Closed(Struct, frozen=True):
    """The other side closed a channel (v5)."""

    channel: int


class Bad(Struct, frozen=True):
    """A message that the protocol does not know; the text is ours."""

    why: str


Event = Output | Exit | Closed | Bad


class _Cause(msgspec.Struct):
    reason: str | None = None
    message: str | None = None


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    details: _Details | None = None


_STATUS_DECODER = Decoder(_Status)


class ChannelParser:
    """Feeds on messages, gives events. Nothing that it is fed makes it raise."""

    def __init__(self) -> None:
        self._status = bytearray()
        self._ended = False

    def feed(self, message: bytes) -> Iterator[Event]:
        """The events of one message; a status may come in several."""
        if not message:
            yield Bad("an empty message")
            return
        channel, data = message[0], message[1:]
        if channel == STDOUT and data:
            yield Output("stdout", data)
        elif channel == STDERR and data:
            yield Output("stderr", data)
        elif channel == STATUS and data:
            yield from self._feed_status(data)
        elif channel == CLOSE:
            yield Closed(data[0]) if len(data) == 1 else Bad("a close of no single channel")
        elif channel > RESIZE:
            yield Bad(f"a message on channel {channel}")

    def end(self) -> Iterator[Event]:
        """What is still to be said when the connection has ended."""
        if self._status and not self._ended:
            yield Bad("a status that cannot be read")

    def _feed_status(self, data: bytes) -> Iterator[Event]:
        if self._ended:
            yield Bad("a second status")
            return
        self._status += data
        if len(self._status) > _MAX_STATUS:
            self._ended = True
            yield Bad("a status that is too large")
            return
        event = parse_status(bytes(self._status))
        if event is not None:
            self._ended = True
            yield event


def parse_status(data: bytes) -> Exit | Bad | None:
    """The end that a status tells; None while it is incomplete.

    `Success` is exit code 0. A reason `NonZeroExitCode` has its number in the cause `ExitCode`
    (client-go `errorDecoderV4`). Any other failure has no exit code but a message: the program
    was not found, the container had ended, the runtime failed.
    """
    try:
        status = _STATUS_DECODER.decode(data)
    except msgspec.ValidationError:
        return Bad("a status of another shape")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if status.status == "Success":
        return Exit(0)
    if status.status != "Failure":
        return Bad("a status that is neither success nor failure")
    reason, message = status.reason or "", status.message or ""
    if reason != "NonZeroExitCode":
        return Exit(None, reason or "Unknown", message)
    causes = (status.details.causes if status.details else None) or []
    for cause in causes:
        text = cause.message or ""
        if cause.reason == "ExitCode" and text.isascii() and text.isdigit() and int(text) < 256:
            return Exit(int(text), reason, message)
    return Bad("a failure without its exit code")


_STDIN_CHUNK = 16384
# After the status the server closes the connection at once; this is for a last frame before it.
_FAREWELL = 0.5


class ExecRequest(Struct, frozen=True):
    """What is asked for."""

    target: str
    """Path and query."""
    host: str
    stdin: bytes | None
    stdout_limit: int
    stderr_limit: int
    begun: Callable[[], None] | None = None
    """Told once, with the first output: the command runs."""


class ExecResult(Struct, frozen=True):
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
    connection = connect(stream, request.target, request.host, headers, PROTOCOLS)
    session = _Session(connection, request)
    try:
        return session.run()
    finally:
        stream.close()


class _OutputLimitError(Exception):
    """More output than is kept."""


class _Session:
    """An exec that was let in."""

    def __init__(self, connection: WebSocket, request: ExecRequest) -> None:
        self._connection = connection
        self._stream = connection.stream
        self._request = request
        self._kept = {"stdout": bytearray(), "stderr": bytearray()}
        self._limits = {"stdout": request.stdout_limit, "stderr": request.stderr_limit}
        self._parser = ChannelParser()
        self._begun = request.begun
        self._exit: Exit | None = None
        self._bad: Bad | None = None

    def run(self) -> ExecResult:
        """Sends stdin, holds it open, and reads until the end."""
        reason, message = "ConnectionLost", "connection lost"
        truncated = False
        try:
            self._send_stdin()
            while (data := self._connection.receive()) is not None:
                self._take(self._parser.feed(data))
        except TimeoutError:
            reason, message = "DeadlineExceeded", "no end before the deadline"
            self._close_stdin()
        except _OutputLimitError:
            reason, message = "OutputLimit", "more output than is read"
            truncated = True
            self._close_stdin()
        except OverflowError:
            self._bad = self._bad or Bad("a message that is too large")
        except (WebSocketError, OSError):
            # Lost, or frames that are none; the status, where it came before, still holds.
            pass
        self._take(self._parser.end())
        if self._exit is not None and not truncated:
            code, reason = self._exit.code, self._exit.reason
            message = self._exit.message
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
            self._connection.send(bytes((STDIN,)) + chunk)

    def _take(self, events: Iterator[Event]) -> None:
        for event in events:
            if isinstance(event, Output):
                self._keep(event)
            elif isinstance(event, Exit):
                self._exit = event
                self._stream.deadline = self._stream.deadline.within(_FAREWELL)
            elif isinstance(event, Bad):
                self._bad = self._bad or event

    def _keep(self, output: Output) -> None:
        tell, self._begun = self._begun, None
        if tell is not None:
            tell()
        kept = self._kept[output.stream]
        room = self._limits[output.stream] - len(kept)
        kept += output.data[:room]
        if len(output.data) > room:
            raise _OutputLimitError

    def _close_stdin(self) -> None:
        """Tells the command, as far as that goes, that its output is no longer read (v5 only)."""
        if self._exit is not None or self._connection.protocol != PROTOCOLS[0]:
            return
        self._stream.deadline = Deadline(_FAREWELL)
        try:
            self._connection.send(CLOSE_STDIN)
        except (WebSocketError, OSError):
            return
