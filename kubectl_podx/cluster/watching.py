"""A watch: a request whose answer brings a line for each change, until it is ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from kubectl_podx.cluster.credentials import Headers
from kubectl_podx.cluster.errors import ClusterError, of_read_error, of_response
from kubectl_podx.cluster.http1 import CutShortError, Incoming, MalformedError, NothingCameError
from kubectl_podx.cluster.stream import ConnectionGoneError, Stream, asked

# An object of the API has at most 1.5 MiB, JSON a little more.
_MAX_LINE = 8 << 20
_MAX_ERROR = 65536


def watch_lines(stream: Stream, host: str, target: str, headers: Headers) -> Iterator[bytes]:
    """Each line without its end. The connection serves nothing else afterwards."""
    try:
        response = asked(stream, host, target, headers)
    except TimeoutError as error:
        raise of_read_error(error) from None
    except (NothingCameError, ConnectionError):
        raise ConnectionGoneError from None
    except (MalformedError, CutShortError, OSError):
        raise ClusterError("unreachable", "the watch could not be begun") from None
    if response.status != 200:
        raise of_response(response.status, _error_body(response))
    yield from _lines(response)


def _error_body(response: Incoming) -> bytes:
    """As much of it as came."""
    body = bytearray()
    with suppress(MalformedError, CutShortError, OSError):
        for data in response.start_of_body(_MAX_ERROR):
            body += data
    return bytes(body)


def _lines(response: Incoming) -> Iterator[bytes]:
    while True:
        try:
            line = response.readline(_MAX_LINE)
        except TimeoutError:
            return
        except (MalformedError, CutShortError, OSError):
            raise ClusterError("unreachable", "the watch was cut off") from None
        if not line:
            return
        if not line.endswith(b"\n") and len(line) >= _MAX_LINE:
            raise ClusterError("failed", "an event of the watch is too large")
        yield line.strip()
