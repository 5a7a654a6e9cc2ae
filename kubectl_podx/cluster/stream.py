"""A connected socket under one deadline: no read, write or handshake can outlast it."""

from __future__ import annotations

import io
import os
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from msgspec import Struct

from kubectl_podx.cluster import ready
from kubectl_podx.cluster.ahead import plain_name
from kubectl_podx.cluster.credentials import Headers, check_headers
from kubectl_podx.cluster.errors import ClusterError, of_read_error, unreachable
from kubectl_podx.cluster.http1 import (
    CutShortError,
    Fields,
    Incoming,
    MalformedError,
    NothingCameError,
)
from kubectl_podx.cluster.tls import of_tls_error
from kubectl_podx.model.clock import Deadline

_CHUNK = 65536
# Seconds within which who is near has answered: to a packet of TCP the kernel does, whatever else
# runs there; for a handshake or an answer a busy server, or a busy machine of both, needs more.
_NEAR = 0.008
_NEAR_AND_BUSY = 0.018

# What may wait while we write and the other side writes too.
_MAX_WAITING = 8 << 20
_BLOCKED_READ = (BlockingIOError, ssl.SSLWantReadError)


class Stream:
    """A non-blocking socket, plain or TLS, with the deadline of whoever uses it now.

    A timeout of the socket's own bounds one `recv`, so a server that sends a byte at a time
    could hold a reader for ever; here every wait ends at the deadline. While a write cannot go
    on, what arrives is read and kept, so that two sides that both write never stand still.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._waiting = bytearray()
        self._cancelled = False
        self.deadline = deadline
        self.is_far: Callable[[], None] | None = None
        """Told once, as soon as an answer takes so long that the other side must be far away."""

    # -- life ------------------------------------------------------------------------------------

    def connect(self, address: tuple[object, ...]) -> None:
        """Connects the TCP socket; OSError where that fails."""
        try:
            self._sock.connect(address)
        except BlockingIOError:
            self.wait_connected()

    def wait_connected(self) -> None:
        """Until a socket that is connecting is connected; OSError where that fails."""
        self._wait(ready.WRITE, _NEAR)
        self._raise_error()

    def _raise_error(self) -> None:
        error = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            # OSError makes the fitting subclass of the number.
            raise OSError(error, os.strerror(error))

    def start_tls(self, context: ssl.SSLContext, server_name: str) -> None:
        """Puts TLS on the connection; ssl.SSLError where the server's identity does not hold."""
        # Python before 3.13 leaves the socket open where it cannot wrap it.
        self._raise_error()
        wrapped = context.wrap_socket(
            self._sock,
            server_hostname=plain_name(server_name) or None,
            do_handshake_on_connect=False,
            suppress_ragged_eofs=True,
        )
        self._sock = wrapped
        while True:
            try:
                wrapped.do_handshake()
            except ssl.SSLWantReadError:
                self._wait(ready.READ)
            except ssl.SSLWantWriteError:
                self._wait(ready.WRITE)
            else:
                return

    def cancel(self) -> None:
        """Ends the connection from another thread: whoever waits on it wakes with an error."""
        self._cancelled = True
        try:
            # Not SSLSocket.shutdown: it would turn the socket into a plain one under the reader.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """Closes the socket."""
        self._cancelled = True
        self._sock.close()

    def stale(self) -> bool:
        """Whether an idle connection is of no more use: closed, or with bytes nobody asked for."""
        try:
            self._sock.recv(1)
        except _BLOCKED_READ:
            # Also what follows a TLS 1.3 session ticket, which is no data.
            return False
        except OSError:
            return True
        return True

    # -- bytes -----------------------------------------------------------------------------------

    def recv(self, count: int) -> bytes:
        """Up to `count` bytes; empty at the end. TimeoutError at the deadline."""
        if not self._waiting:
            return self._recv(count)
        received = bytes(self._waiting[:count])
        del self._waiting[:count]
        return received

    def _recv(self, count: int) -> bytes:
        while True:
            self._check()
            try:
                return self._sock.recv(count)
            except _BLOCKED_READ:
                self._wait(ready.READ)
            except ssl.SSLWantWriteError:
                self._wait(ready.WRITE)

    def send(self, data: bytes) -> int:
        """Sends some of the bytes and returns how many.

        A side that has closed may have said why before: its last words are still to be read, so
        that sending to it is no error. Reading tells what happened.
        """
        while True:
            self._check()
            try:
                return self._sock.send(data)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                found = self._wait(ready.READ | ready.WRITE)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                self._check()
                return len(data)
            if found & ~ready.WRITE:
                self._take_in()

    def sendall(self, data: bytes) -> None:
        """Sends all of the bytes."""
        view = memoryview(data)
        while view:
            view = view[self.send(bytes(view[:_CHUNK])) :]

    def _take_in(self) -> None:
        try:
            received = self._sock.recv(_CHUNK)
        except (*_BLOCKED_READ, ssl.SSLWantWriteError):
            return
        if not received:
            raise ConnectionResetError
        self._waiting += received
        if len(self._waiting) > _MAX_WAITING:
            raise OverflowError

    def _check(self) -> None:
        if self._cancelled:
            raise ConnectionAbortedError
        if self.deadline.passed():
            raise TimeoutError

    def _wait(self, events: int, near: float = _NEAR_AND_BUSY) -> int:
        """Waits until the socket is ready for one of the events; returns which."""
        self._check()
        found = 0
        if self.is_far is not None:
            found = ready.wait(self._sock, events, min(near, self.deadline.remaining()))
            if not found:
                tell, self.is_far = self.is_far, None
                tell()
        found = found or ready.wait(self._sock, events, self.deadline.remaining())
        self._check()
        if not found:
            raise TimeoutError
        return found

    def fileno(self) -> int:
        """The file descriptor."""
        return self._sock.fileno()


_READ_SIZE = 65536
Method = Literal["GET", "POST", "PATCH"]
_CONTENT = {"POST": "application/json", "PATCH": "application/strategic-merge-patch+json"}


class Response(Struct, frozen=True):
    """An answer, read to its end."""

    status: int
    headers: Fields
    body: bytes
    reusable: bool
    """Whether the connection can carry another request."""


class ConnectionGoneError(Exception):
    """The server closed the connection before it answered: it may have done so long before."""


def asked(
    stream: Stream,
    host: str,
    target: str,
    headers: Headers,
    *,
    method: Method = "GET",
    more: Sequence[str] = (),
    body: bytes = b"",
) -> Incoming:
    """Sends a request, with `more` lines in its head, and reads the head of the answer.

    Raises what reading and writing do, and what `Incoming` does.
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *more]
    lines += [f"{name}: {value}" for name, value in check_headers(headers)]
    stream.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body)
    return Incoming(stream.recv)


@contextmanager
def told_as_errors(host: str) -> Iterator[None]:
    """Around a request: what goes wrong on the way is a ClusterError in kubectl's words, and an end
    before the first byte a ConnectionGoneError. What came and is no answer is left to the caller.
    """
    try:
        yield
    except TimeoutError as error:
        raise of_read_error(error) from None
    except (NothingCameError, ConnectionError):
        raise ConnectionGoneError from None
    except ssl.SSLError as error:
        # TLS 1.3: the server refuses a client certificate only now.
        raise of_tls_error(error, host) from None
    except OSError as error:
        raise of_read_error(error) from None


def send_request(
    stream: Stream,
    host: str,
    target: str,
    headers: Headers,
    *,
    limit: int,
    cut: bool,
    method: Method = "GET",
    body: bytes | None = None,
    content_type: str = "",
) -> Response:
    """Sends a request, with a body where it is no GET (JSON, unless `content_type` says otherwise),
    and reads the answer.

    A body of more than `limit` bytes (unpacked) is an error, or is cut there if `cut`. Raises
    ClusterError, or ConnectionGoneError where nothing at all came back.
    """
    more: list[str] = []
    if body is not None:
        kind = content_type or _CONTENT[method]
        more = [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    try:
        with told_as_errors(host):
            response = asked(
                stream, host, target, headers, method=method, more=more, body=body or b""
            )
    except (MalformedError, CutShortError):
        raise _malformed() from None
    answer = _read_body(response, limit, cut)
    return Response(response.status, response.headers, answer, reusable=response.reusable)


def _malformed() -> ClusterError:
    return unreachable("net/http: HTTP/1.x transport connection broken: malformed HTTP response")


def _read_body(response: Incoming, limit: int, cut: bool) -> bytes:
    """The body, to its end or to the limit."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", ""):
        raise ClusterError("failed", "the server answered in an encoding that was not asked for")
    unpacker = zlib.decompressobj(31) if packed == "gzip" else None
    # Gives its bytes away without a copy: a page of a large cluster has some megabytes.
    body = io.BytesIO()
    size = 0
    try:
        while chunk := response.read(_READ_SIZE):
            # One byte more than may be kept tells that there is more.
            size += body.write(unpacker.decompress(chunk, limit + 1 - size) if unpacker else chunk)
            if unpacker and unpacker.unused_data:
                # Bytes after the end of the stream: zlib would keep them all.
                raise _damaged()
            if size > limit:
                if cut:
                    return body.getvalue()[:limit]
                raise ClusterError("failed", f"the server's answer is larger than {limit} bytes")
    except TimeoutError:
        raise ClusterError(
            "timedOut",
            "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
        ) from None
    except (CutShortError, OSError):
        raise _cut_short() from None
    except zlib.error:
        raise _damaged() from None
    except MalformedError:
        raise _malformed() from None
    if unpacker and size and not unpacker.eof:
        raise _cut_short()
    return body.getvalue()


def _damaged() -> ClusterError:
    return ClusterError("failed", "the server's answer cannot be unpacked")


def _cut_short() -> ClusterError:
    return ClusterError(
        "failed",
        "unexpected error when reading response body. Please retry. Original error: unexpected EOF",
    )
