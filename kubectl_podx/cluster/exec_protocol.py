"""The channels of a WebSocket exec, v4 and v5 of channel.k8s.io, without any I/O.

Each message is a channel number and bytes: 0 stdin, 1 stdout, 2 stderr, 3 the end's status as a
`metav1.Status`, 4 resize; in v5 255 closes the channel whose number follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")

STDIN, STDOUT, STDERR, STATUS, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255

CLOSE_STDIN = bytes((CLOSE, STDIN))
"""v5's end of file on stdin."""

_MAX_STATUS = 65536


class Output(NamedTuple):
    """Bytes that the command wrote."""

    stream: Literal["stdout", "stderr"]
    data: bytes


class Exit(NamedTuple):
    """The command's end."""

    code: int | None
    """None where there is none: the command could not be started, or the runtime failed."""
    reason: str = ""
    message: str = ""


class Closed(NamedTuple):
    """The other side closed a channel (v5)."""

    channel: int


class Bad(NamedTuple):
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


# Made here for the same reason as the decoder of server.py: threads share it.
_STATUS_DECODER = msgspec.json.Decoder(_Status)


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
