"""Dials the server: TCP, perhaps through a proxy's tunnel, then TLS with the run's identity."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.credentials import Credentials
from kubectl_podx.cluster.errors import (
    ClusterError,
    of_dial_error,
    of_read_error,
    shown,
    unreachable,
)
from kubectl_podx.cluster.proxies import Proxy, proxy_for
from kubectl_podx.cluster.stream import Stream, plain_name
from kubectl_podx.cluster.tls import of_tls_error
from kubectl_podx.model.clock import Deadline

_MAX_PROXY_HEAD = 16384


class Dialer:
    """Makes connections that are ready for a request."""

    def __init__(
        self, access: Access, credentials: Credentials, environ: Mapping[str, str]
    ) -> None:
        self._access = access
        self._credentials = credentials
        scheme = "https" if access.secure else "http"
        self._proxy = proxy_for(scheme, access.host, access.port, access.proxy_url, environ)

    def dial(self, deadline: Deadline, opened: Callable[[Stream], None]) -> Stream:
        """A new connection, or ClusterError in kubectl's words.

        `opened` gets the connection as soon as there is a socket, so that it can be cancelled.
        """
        access = self._access
        # Before the socket: a plugin may take its time, and it may bring the certificate.
        context = self._credentials.context() if access.secure else None
        proxy = self._proxy
        target = (proxy.host, proxy.port) if proxy else (access.host, access.port)
        stream = _connect(*target, deadline, opened, access.authority)
        try:
            if proxy:
                _open_tunnel(stream, proxy, access.host, access.port)
            if context is not None:
                stream.start_tls(context, access.tls_server_name or access.host)
        except ssl.SSLError as error:
            stream.close()
            raise of_tls_error(error, access.tls_server_name or access.host) from None
        except TimeoutError:
            stream.close()
            raise unreachable("net/http: TLS handshake timeout") from None
        except OSError as error:
            stream.close()
            raise of_read_error(error) from None
        except BaseException:
            stream.close()
            raise
        return stream


def _connect(
    host: str, port: int, deadline: Deadline, opened: Callable[[Stream], None], authority: str
) -> Stream:
    """Connects to the first address of the host that answers, each with its share of the time."""
    where = _joined(host, port)
    try:
        found = socket.getaddrinfo(plain_name(host), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError):
            raise of_dial_error(error, authority, where) from None
        raise unreachable(f"dial tcp: lookup {shown(host, 253)}: no such host") from None
    failure: ClusterError | None = None
    for index, (family, kind, protocol, _, address) in enumerate(found):
        share = deadline.remaining() / (len(found) - index)
        sock = socket.socket(family, kind, protocol)
        stream = Stream(sock, deadline.within(share))
        opened(stream)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream.connect(address)
        except OSError as error:
            stream.close()
            failure = of_dial_error(error, authority, _joined(str(address[0]), port))
        else:
            stream.deadline = deadline
            return stream
    raise failure or unreachable(f"dial tcp: lookup {shown(host, 253)}: no such host")


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _open_tunnel(stream: Stream, proxy: Proxy, host: str, port: int) -> None:
    """Asks the proxy for a tunnel; also for a plain server, so that an exec takes the same way."""
    target = _joined(host, port)
    head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n"
    if proxy.authorization:
        head += f"Proxy-Authorization: {proxy.authorization}\r\n"
    stream.sendall(f"{head}\r\n".encode())
    answer = bytearray()
    # Byte by byte: what follows the head belongs to the tunnel.
    while not answer.endswith(b"\r\n\r\n"):
        byte = stream.recv(1)
        if not byte or len(answer) > _MAX_PROXY_HEAD:
            raise unreachable("proxyconnect tcp: EOF")
        answer += byte
    words = bytes(answer).split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or words[1] != "200":
        why = shown(words[2] if len(words) > 2 else "malformed answer", 100)
        raise unreachable(f"proxyconnect tcp: the proxy refused the tunnel: {why}")
