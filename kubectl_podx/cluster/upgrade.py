"""The WebSocket upgrade of an already dialled connection: for execs and for port forwards."""

from __future__ import annotations

import ssl
from collections.abc import Sequence

import websocket

from kubectl_podx.cluster.connection import ConnectionGoneError
from kubectl_podx.cluster.credentials import Headers, check_headers
from kubectl_podx.cluster.errors import ClusterError, of_read_error, of_response
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.tls import of_tls_error

_MAX_HANDSHAKE = 1 << 17


def connect(
    stream: Stream, url: str, host: str, headers: Headers, protocols: Sequence[str]
) -> websocket.WebSocket:
    """The upgraded connection, in the first of the protocols that the server speaks.

    Raises ClusterError where the server refuses it, ConnectionGoneError where it closed the
    connection before it said anything.
    """
    connection = websocket.WebSocket(enable_multithread=False, skip_utf8_validation=True)
    stream.allow(_MAX_HANDSHAKE)
    try:
        connection.connect(
            url,
            socket=stream,
            host=host,
            header=[f"{name}: {value}" for name, value in check_headers(headers)],
            subprotocols=list(protocols),
            suppress_origin=True,
            redirect_limit=0,
        )
    except websocket.WebSocketBadStatusException as error:
        raise of_response(error.status_code, error.resp_body or b"") from None
    except websocket.WebSocketTimeoutException:
        raise of_read_error(TimeoutError()) from None
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        raise ConnectionGoneError from None
    except (websocket.WebSocketException, ValueError, OverflowError):
        # Their texts quote what came.
        response = connection.handshake_response
        status = response.status if response is not None else 0
        if 300 <= status < 400:
            raise of_response(status, b"") from None
        raise _no_websocket() from None
    except ssl.SSLError as error:
        raise of_tls_error(error, host) from None
    except OSError as error:
        raise of_read_error(error) from None
    return connection


def _no_websocket() -> ClusterError:
    return ClusterError(
        "failed",
        "unable to upgrade connection: the server, or a proxy before it, does not speak "
        "WebSocket (podx has no SPDY to fall back to)",
    )
