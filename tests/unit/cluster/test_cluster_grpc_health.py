"""The one gRPC call of a probe that is run by hand, byte by byte."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.port_forward import Health, HealthParser, Reply, request

SETTINGS = bytes.fromhex("000000040000000000")
ACK = bytes.fromhex("000000040100000000")


def data(payload: bytes, flags: int = 0) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((0, flags)) + (1).to_bytes(4, "big") + payload


def answer(state: int) -> bytes:
    message = bytes((8, state)) if state else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


@pytest.mark.parametrize(
    ("state", "word"),
    [(0, "UNKNOWN"), (1, "SERVING"), (2, "NOT_SERVING"), (3, "SERVICE_UNKNOWN")],
)
def test_the_state_of_an_answer(state: int, word: Any) -> None:
    (found,) = HealthParser().feed(data(answer(state)))
    assert found == Health(word)


def test_settings_and_pings_are_acknowledged() -> None:
    parser = HealthParser()
    ping = bytes.fromhex("000008060000000000") + b"12345678"
    assert list(parser.feed(SETTINGS + ACK + ping)) == [
        Reply(ACK),
        Reply(bytes.fromhex("000008060100000000") + b"12345678"),
    ]


def test_an_answer_in_pieces_and_with_padding() -> None:
    parser = HealthParser()
    padded = data(b"\x03" + answer(1) + b"\0\0\0", flags=0x8)
    found = [event for byte in padded for event in parser.feed(bytes((byte,)))]
    assert found == [Health("SERVING")]


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no HTTP/2"),
        (bytes.fromhex("000000010500000001"), "knows no health service"),
        (bytes.fromhex("00000403000000000100000001"), "ended the call"),
        (data(b"\1" + answer(1)[1:]), "no health message"),
        (b"", "ended without an answer"),
    ],
)
def test_what_is_no_answer(sent: bytes, words: str) -> None:
    parser = HealthParser()
    found = [*parser.feed(sent), *parser.end()]
    assert isinstance(found[-1], Health)
    assert found[-1].state is None
    assert words in found[-1].why


def test_the_request_names_the_service_and_the_method() -> None:
    sent = request("localhost:5000", "shop.Cart")
    assert sent.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert b"/grpc.health.v1.Health/Check" in sent
    assert sent.endswith(b"\0\0\0\0\x0b\x0a\x09shop.Cart")


@given(st.text(max_size=400))
def test_a_service_of_any_name_makes_a_whole_request(service: str) -> None:
    rest = request("localhost:1", service).removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    kinds = []
    while rest:
        length = int.from_bytes(rest[:3], "big")
        kinds.append(rest[3])
        rest = rest[9 + length :]
    assert kinds == [4, 1, 0]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_make_it_raise_and_there_is_one_end(pieces: list[bytes]) -> None:
    parser = HealthParser()
    found = [event for piece in pieces for event in parser.feed(piece)]
    found += parser.end()
    assert sum(isinstance(event, Health) for event in found) == 1
