"""The lines of a watch as they come: one GET whose answer ends when the server likes."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from kubectl_podx.cluster.connection import ConnectionGoneError
from kubectl_podx.cluster.credentials import Headers, check_headers
from kubectl_podx.cluster.errors import ClusterError, of_read_error, of_response
from kubectl_podx.cluster.stream import Stream

if TYPE_CHECKING:
    import socket

# An object of the API has at most 1.5 MiB, JSON a little more.
_MAX_LINE = 8 << 20
_MAX_ERROR = 65536


def watch_lines(stream: Stream, host: str, target: str, headers: Headers) -> Iterator[bytes]:
    """Each line without its end. The connection serves nothing else afterwards."""
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in check_headers(headers)]
    try:
        stream.sendall("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
        response = http.client.HTTPResponse(cast("socket.socket", stream), method="GET")
        response.begin()
    except TimeoutError as error:
        raise of_read_error(error) from None
    except (http.client.RemoteDisconnected, ConnectionError):
        raise ConnectionGoneError from None
    except (http.client.HTTPException, OSError):
        raise ClusterError("unreachable", "the watch could not be begun") from None
    with response:
        if response.status != 200:
            raise of_response(response.status, response.read(_MAX_ERROR))
        yield from _lines(response)


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            line = response.readline(_MAX_LINE)
        except TimeoutError:
            return
        except (http.client.HTTPException, OSError):
            raise ClusterError("unreachable", "the watch was cut off") from None
        if not line:
            return
        if not line.endswith(b"\n") and len(line) >= _MAX_LINE:
            raise ClusterError("failed", "an event of the watch is too large")
        yield line.strip()
