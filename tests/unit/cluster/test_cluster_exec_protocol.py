import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.exec_protocol import Bad, ChannelParser, Closed, Exit, Output


def feed(*messages: bytes) -> list[object]:
    parser = ChannelParser()
    events = [event for message in messages for event in parser.feed(message)]
    return [*events, *parser.end()]


def failure(**more: object) -> bytes:
    return b"\x03" + json.dumps({"status": "Failure", **more}).encode()


def test_output_is_told_apart_by_its_channel() -> None:
    assert feed(b"\x01out", b"\x02err") == [Output("stdout", b"out"), Output("stderr", b"err")]


def test_the_empty_frames_that_open_the_channels_are_no_events() -> None:
    assert feed(b"\x00", b"\x01", b"\x02", b"\x03") == []


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (b'\x03{"metadata":{},"status":"Success"}', Exit(0)),
        (
            failure(
                reason="NonZeroExitCode",
                message="m",
                details={"causes": [{"reason": "ExitCode", "message": "137"}]},
            ),
            Exit(137, "NonZeroExitCode", "m"),
        ),
        (
            failure(reason="InternalError", message="no binary"),
            Exit(None, "InternalError", "no binary"),
        ),
        (failure(message="x"), Exit(None, "Unknown", "x")),
        (failure(reason="NonZeroExitCode"), Bad("a failure without its exit code")),
        (
            failure(
                reason="NonZeroExitCode",
                details={"causes": [{"reason": "ExitCode", "message": "²"}]},
            ),
            Bad("a failure without its exit code"),
        ),
        (
            failure(
                reason="NonZeroExitCode",
                details={"causes": [{"reason": "ExitCode", "message": "256"}]},
            ),
            Bad("a failure without its exit code"),
        ),
        (b'\x03{"status":"Odd"}', Bad("a status that is neither success nor failure")),
        (b'\x03{"status":7}', Bad("a status of another shape")),
        (b"\xff\x01", Closed(1)),
        (b"\xff", Bad("a close of no single channel")),
        (b"\x09x", Bad("a message on channel 9")),
        (b"", Bad("an empty message")),
    ],
)
def test_each_message_is_one_event(message: bytes, event: object) -> None:
    assert feed(message) == [event]


def test_a_status_may_come_in_pieces() -> None:
    assert feed(b'\x03{"status":', b'\x03"Success"}') == [Exit(0)]


def test_a_status_that_never_ends_is_bad() -> None:
    assert feed(b'\x03{"status":') == [Bad("a status that cannot be read")]


def test_a_status_without_bound_is_bad_once() -> None:
    assert feed(b"\x03" + b"[" * 70000) == [Bad("a status that is too large")]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_no_message_makes_the_parser_raise_and_no_output_is_lost(messages: list[bytes]) -> None:
    events = feed(*messages)
    for stream, channel in (("stdout", 1), ("stderr", 2)):
        told = b"".join(e.data for e in events if isinstance(e, Output) and e.stream == stream)
        assert told == b"".join(m[1:] for m in messages if m[:1] == bytes((channel,)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["status", "reason", "message", "details", "causes", "x"]), inner
            )
        ),
    )
)
def test_no_json_status_makes_the_parser_raise(status: object) -> None:
    for event in feed(b"\x03" + json.dumps(status).encode()):
        assert isinstance(event, Exit | Bad)
