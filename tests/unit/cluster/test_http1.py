"""Answers of HTTP/1.1 are read as `http.client` reads them, and what is none is refused."""

from __future__ import annotations

import contextlib
import http.client
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.cluster.http1 import (
    CutShortError,
    Incoming,
    MalformedError,
    NothingCameError,
)

OK = b"HTTP/1.1 200 OK\r\n"


def in_pieces(content: bytes, size: int) -> Callable[[int], bytes]:
    """A connection that brings at most `size` bytes at a time."""
    stream = io.BytesIO(content)
    return lambda count: stream.read(min(count, size))


def whole(content: bytes, size: int = 1 << 20) -> tuple[int, bytes, bool]:
    incoming = Incoming(in_pieces(content, size))
    body = b"".join(iter(lambda: incoming.read(7), b""))
    return incoming.status, body, incoming.reusable


class _Socket:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def by_http_client(content: bytes) -> tuple[int, bytes]:
    socket: Any = _Socket(content)
    response = http.client.HTTPResponse(socket, method="GET")
    response.begin()
    return response.status, response.read()


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Well-formed answers, in each of the three ways to tell where the body ends."""
    body = draw(st.binary(max_size=300))
    status = draw(st.sampled_from([200, 204, 301, 304, 404, 500]))
    names = st.from_regex(r"X-[A-Za-z0-9]{1,8}", fullmatch=True)
    values = st.text(
        st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f\x85\xa0")
    )
    fields = draw(st.lists(st.tuples(names, values), max_size=4))
    head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
    way = draw(st.sampled_from(["length", "chunks", "end"]))
    if status in (204, 304):
        # With chunks http.client would wait for a body that cannot come.
        body, way = b"", "length"
    if way == "length":
        head += b"Content-Length: %d\r\n" % len(body)
        packed = body
    elif way == "chunks":
        cuts = sorted(draw(st.lists(st.integers(0, len(body)), max_size=5)))
        parts = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
        head += b"Transfer-Encoding: chunked\r\n"
        packed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part)
        packed += b"0\r\n\r\n"
    else:
        packed = body
    return b"HTTP/1.1 %d Some words\r\n" % status + head + b"\r\n" + packed


@given(answers(), st.integers(1, 40))
def test_an_answer_is_read_as_http_client_reads_it(content: bytes, size: int) -> None:
    status, body, _ = whole(content, size)
    assert (status, body) == by_http_client(content)


@given(st.binary(max_size=200), st.integers(1, 9), st.booleans())
def test_no_bytes_are_an_unforeseen_error(content: bytes, size: int, begun: bool) -> None:
    sent = (OK if begun else b"") + content
    with contextlib.suppress(MalformedError, CutShortError, NothingCameError):
        status, body, _ = whole(sent, size)
        assert 100 <= status <= 999
        assert len(body) < len(sent)


@given(
    st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=9),
    st.integers(1, 9),
)
def test_lines_are_those_of_the_body(lines: list[bytes], size: int) -> None:
    body = b"".join(line + b"\n" for line in lines) + b"rest"
    head = OK + b"Content-Length: %d\r\n\r\n" % len(body)
    incoming = Incoming(in_pieces(head + body, size))
    found = list(iter(lambda: incoming.readline(1000), b""))
    assert found == [*(line + b"\n" for line in lines), b"rest"]


def test_a_long_line_is_given_in_pieces() -> None:
    incoming = Incoming(in_pieces(OK + b"Content-Length: 9\r\n\r\nabcdefg\nh", 3))
    assert [incoming.readline(4) for _ in range(4)] == [b"abcd", b"efg\n", b"h", b""]


def test_fields_are_found_in_any_case_and_each_in_turn() -> None:
    head = b"Warning: one\r\nwARNING: two\r\nDate:\t now \r\nFolded: a\r\n  b\r\n"
    fields = Incoming(in_pieces(OK + head + b"\r\n", 99)).headers
    assert fields.get_all("warning") == ["one", "two"]
    assert fields.get("DATE") == "now"
    assert fields.get("folded") == "a b"
    assert fields.get("none", "-") == "-"


def test_answers_on_the_way_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    last = OK + b"Content-Length: 2\r\n\r\nok"
    assert whole(early * 3 + last) == (200, b"ok", True)
    with pytest.raises(MalformedError):
        whole(early * 1000 + last)


@pytest.mark.parametrize(
    ("head", "body", "again"),
    [
        (b"Content-Length: 2\r\n", b"ok", True),
        (b"Content-Length: 2\r\nConnection: close\r\n", b"ok", False),
        (b"Content-Length: 2\r\nConnection: X, Close\r\n", b"ok", False),
        (b"Content-Length: 2\r\n", b"ok, and what nobody asked for", False),
        (b"Transfer-Encoding: chunked\r\n", b"2\r\nok\r\n0\r\nTrailer: x\r\n\r\n", True),
        (b"Transfer-Encoding: chunked\r\n", b"2;name=value\r\nok\r\n0\r\n\r\nmore", False),
        (b"", b"ok", False),
    ],
)
def test_a_connection_serves_again_only_where_the_end_is_sure(
    head: bytes, body: bytes, again: bool
) -> None:
    assert whole(OK + head + b"\r\n" + body) == (200, b"ok", again)


def test_an_old_server_closes_unless_it_says_otherwise() -> None:
    old = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n%b\r\nok"
    assert whole(old % b"") == (200, b"ok", False)
    assert whole(old % b"Connection: keep-alive\r\n") == (200, b"ok", True)


@pytest.mark.parametrize(
    "content",
    [
        b"\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 +20 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"x" * 70_000,
        OK + b"no colon\r\n\r\n",
        OK + b" folded: first\r\n\r\n",
        OK + b"Sp ace: x\r\n\r\n",
        OK + b": x\r\n\r\n",
        OK + b"A: " + b"x" * 70_000 + b"\r\n\r\n",
        OK + b"A: b\r\n" * 1000 + b"\r\n",
        OK + b"Content-Length: -1\r\n\r\nx",
        OK + b"Content-Length: +1\r\n\r\nx",
        OK + b"Content-Length: 1_0\r\n\r\n0123456789",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        OK + b"Content-Length: 99999999999999999999\r\n\r\nx",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n\r\nx\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
    ],
)
def test_what_is_no_answer_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        whole(content)


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200",
        OK,
        OK + b"A: b",
        OK + b"Content-Length: 3\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_not_whole(content: bytes) -> None:
    with pytest.raises(CutShortError):
        whole(content)


def test_a_connection_that_ends_before_it_began_is_told_apart() -> None:
    with pytest.raises(NothingCameError):
        whole(b"")
