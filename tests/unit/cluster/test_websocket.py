"""Our frames are those of RFC 6455, as `websocket-client` writes and reads them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import websocket
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.websocket import MAX_MESSAGE, WebSocket, WebSocketError, masked
from kubectl_podx.model.clock import Deadline

TEXT, BINARY, CONTINUED, CLOSE, PING, PONG = 0x1, 0x2, 0x0, 0x8, 0x9, 0xA


@contextlib.contextmanager
def joined(received: bytes = b"") -> Iterator[tuple[WebSocket, socket.socket]]:
    """Our end of a connection, and the plain socket of the server's."""
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 21)
    with ours, theirs:
        theirs.settimeout(5)
        yield WebSocket(Stream(ours, Deadline(5)), "v5.channel.k8s.io", received), theirs


def frame(opcode: int, data: bytes, *, last: bool = True, first: int = 0) -> bytes:
    """As a server writes it: not masked."""
    size = len(data)
    if size < 126:
        length = bytes((size,))
    elif size < 1 << 16:
        length = b"\x7e" + size.to_bytes(2, "big")
    else:
        length = b"\x7f" + size.to_bytes(8, "big")
    return bytes(((0x80 if last else 0) | opcode | first,)) + length + data


def read_by_the_library(sock: socket.socket) -> tuple[int, bytes]:
    """The next frame, by websocket-client's reader."""

    def receive(count: int) -> bytes:
        return sock.recv(count)

    buffer: Any = websocket._abnf.frame_buffer(receive, skip_utf8_validation=True)
    found = buffer.recv_frame()
    return found.opcode, found.data


@given(st.binary(max_size=70_000))
def test_what_we_send_the_library_reads(message: bytes) -> None:
    with joined() as (ours, theirs):
        ours.send(message)
        assert read_by_the_library(theirs) == (BINARY, message)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_a_mask_is_taken_off_by_itself(data: bytes, mask: bytes) -> None:
    plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
    assert masked(data, mask) == plain
    assert masked(masked(data, mask), mask) == data


@given(st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=4), max_size=4), st.data())
def test_messages_in_parts_with_pings_between_are_whole(
    messages: list[list[bytes]], data: st.DataObject
) -> None:
    sent, pings = b"", list[bytes]()
    for parts in messages:
        for at, part in enumerate(parts):
            if data.draw(st.booleans()):
                pings.append(b"%d" % len(pings))
                sent += frame(PING, pings[-1]) + frame(PONG, b"?")
            opcode = CONTINUED if at else BINARY
            sent += frame(opcode, part, last=at == len(parts) - 1)
    sent += frame(CLOSE, (1000).to_bytes(2, "big") + b"bye")
    cut = data.draw(st.integers(0, len(sent)))
    with joined(sent[:cut]) as (ours, theirs):
        theirs.sendall(sent[cut:])
        assert [ours.receive() for _ in messages] == [b"".join(parts) for parts in messages]
        assert ours.receive() is None
        assert [read_by_the_library(theirs) for _ in pings] == [(PONG, ping) for ping in pings]
        assert read_by_the_library(theirs) == (CLOSE, (1000).to_bytes(2, "big"))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
def test_every_spelling_of_a_length(size: int) -> None:
    message = b"x" * size
    with joined() as (ours, theirs):
        theirs.sendall(frame(BINARY, message))
        assert ours.receive() == message


@pytest.mark.parametrize(
    "sent",
    [
        frame(CONTINUED, b"of nothing"),
        frame(BINARY, b"one", last=False) + frame(BINARY, b"two"),
        frame(0x3, b"an opcode that is not"),
        frame(0xB, b"a control opcode that is not"),
        frame(BINARY, b"compressed", first=0x40),
        frame(PING, b"x" * 126),
        frame(PING, b"x", last=False),
        b"\x82\x81mask\x00",
        b"\x82",
        b"\x82\x05abc",
        b"\x82\x7e\x00",
    ],
)
def test_what_are_no_frames_is_an_error(sent: bytes) -> None:
    with joined() as (ours, theirs):
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(WebSocketError):
            ours.receive()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x82\x7f" + (MAX_MESSAGE + 1).to_bytes(8, "big"),
        b"\x82\x7f" + b"\xff" * 8,
        frame(BINARY, b"x" * 1000, last=False)
        + b"\x80\x7f"
        + (MAX_MESSAGE - 999).to_bytes(8, "big"),
    ],
)
def test_a_message_that_is_too_large_is_not_read(sent: bytes) -> None:
    with joined() as (ours, theirs):
        theirs.sendall(sent)
        with pytest.raises(OverflowError):
            ours.receive()


@given(st.binary(max_size=120))
def test_no_bytes_are_an_unforeseen_error(sent: bytes) -> None:
    received = 0
    with joined() as (ours, theirs):
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(WebSocketError, OverflowError):
            while (message := ours.receive()) is not None:
                received += len(message)
    assert received <= len(sent)


def test_silence_ends_with_the_deadline() -> None:
    with joined() as (ours, _):
        ours.stream.deadline = Deadline(0.05)
        with pytest.raises(TimeoutError):
            ours.receive()
