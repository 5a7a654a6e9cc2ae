"""One HTTP/1.1 request over a connection that stands; bodies are read within bounds."""

from __future__ import annotations

import http.client
import ssl
import zlib
from typing import TYPE_CHECKING, NamedTuple, cast

from kubectl_podx.cluster.credentials import Headers, check_headers
from kubectl_podx.cluster.errors import ClusterError, of_read_error, unreachable
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.tls import of_tls_error

if TYPE_CHECKING:
    import socket

_CHUNK = 65536


class Response(NamedTuple):
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    reusable: bool
    """Whether the connection can carry another request."""


class ConnectionGoneError(Exception):
    """The server closed the connection before it answered: it may have done so long before."""


def send_request(
    stream: Stream,
    host: str,
    target: str,
    headers: Headers,
    *,
    limit: int,
    cut: bool,
    question: bytes | None = None,
) -> Response:
    """Sends a GET, or a POST of `question` (JSON), and reads the answer.

    A body of more than `limit` bytes (unpacked) is an error, or is cut there if `cut`. Raises
    ClusterError, or ConnectionGoneError where nothing at all came back.
    """
    method = "GET" if question is None else "POST"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in check_headers(headers)]
    if question is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(question)}"]
    head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
    try:
        stream.sendall(head + (question or b""))
        # HTTPResponse asks of its socket nothing but makefile.
        response = http.client.HTTPResponse(cast("socket.socket", stream), method=method)
        response.begin()
    except TimeoutError as error:
        raise of_read_error(error) from None
    except (http.client.RemoteDisconnected, ConnectionError):
        raise ConnectionGoneError from None
    except ssl.SSLError as error:
        # TLS 1.3: the server refuses a client certificate only now.
        raise of_tls_error(error, host) from None
    except OSError as error:
        raise of_read_error(error) from None
    except http.client.HTTPException:
        # Its text quotes what came.
        raise _malformed() from None
    with response:
        body, whole = _read_body(response, limit, cut)
    return Response(
        response.status, response.headers, body, reusable=whole and not response.will_close
    )


def _malformed() -> ClusterError:
    return unreachable("net/http: HTTP/1.x transport connection broken: malformed HTTP response")


def _read_body(response: http.client.HTTPResponse, limit: int, cut: bool) -> tuple[bytes, bool]:
    """The body and whether it was read to its end."""
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in ("identity", "gzip", ""):
        raise ClusterError("failed", "the server answered in an encoding that was not asked for")
    unpacker = zlib.decompressobj(31) if packed == "gzip" else None
    body = bytearray()
    try:
        while chunk := response.read(_CHUNK):
            # One byte more than may be kept tells that there is more.
            body += unpacker.decompress(chunk, limit + 1 - len(body)) if unpacker else chunk
            if unpacker and unpacker.unused_data:
                # Bytes after the end of the stream: zlib would keep them all.
                raise _damaged()
            if len(body) > limit:
                if cut:
                    return bytes(body[:limit]), False
                raise ClusterError("failed", f"the server's answer is larger than {limit} bytes")
    except TimeoutError:
        raise ClusterError(
            "timedOut",
            "context deadline exceeded (Client.Timeout or context cancellation while reading body)",
        ) from None
    except (http.client.HTTPException, OSError):
        raise _cut_short() from None
    except zlib.error:
        raise _damaged() from None
    except ValueError:
        # A chunk length that is negative or no number, which http.client hands to `read`.
        raise _malformed() from None
    if response.length or (unpacker and body and not unpacker.eof):
        raise _cut_short()
    return bytes(body), True


def _damaged() -> ClusterError:
    return ClusterError("failed", "the server's answer cannot be unpacked")


def _cut_short() -> ClusterError:
    return ClusterError(
        "failed",
        "unexpected error when reading response body. Please retry. Original error: unexpected EOF",
    )
