"""TCP connections that come about while what speaks TLS and HTTP is still being imported.

Over a long road that is a round trip which costs nothing: the imports take 20 ms.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kubectl_podx.model.threads import start

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import Access

_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
# Seconds after which a server may have given up on who does not begin to speak (Go's waits ten).
_LONGEST = 2.0


def plain_name(host: str) -> str | bytes:
    """An ASCII host name as it is; only others need the IDNA codec, which costs 4 ms to import."""
    return host.encode("ascii") if host.isascii() else host


class Ahead:
    """Sockets that are connecting to the first address of a host, for whoever dials it.

    What goes wrong here is not told: whoever dials finds it out again, and has the words for it.
    """

    def __init__(self, host: str, port: int, count: int) -> None:
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._tried = threading.Event()
        self._sockets: list[socket.socket] = []
        self._closed = False
        self.addresses = 1
        """How many the host has, when one was taken."""
        if ":" in host or not host.strip("0123456789."):
            # An address: a thread would wait for its turn longer than this takes.
            self._try(host, port, count)
        else:
            # A name lookup can hang where no deadline reaches it.
            start(lambda: self._try(host, port, count))

    def take(self, seconds: float) -> socket.socket | None:
        """One of them, not blocking; it may still be connecting. None where there is none left, or
        not within so many seconds.
        """
        self._tried.wait(max(0.0, seconds))
        with self._lock:
            if time.monotonic() - self._begun > _LONGEST:
                self._drop()
            return self._sockets.pop() if self._sockets else None

    def close(self) -> None:
        """Closes those that nobody took."""
        with self._lock:
            self._closed = True
            self._drop()

    def _drop(self) -> None:
        while self._sockets:
            self._sockets.pop().close()

    def _try(self, host: str, port: int, count: int) -> None:
        try:
            found = socket.getaddrinfo(plain_name(host), port, type=socket.SOCK_STREAM)
            self.addresses = len(found)
            for _ in range(count):
                self._connect(*found[0])
        except (OSError, UnicodeError):
            pass
        finally:
            self._tried.set()

    def _connect(
        self, family: int, kind: int, protocol: int, _name: str, address: tuple[object, ...]
    ) -> None:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(address)
        except BlockingIOError:
            # It is under way.
            pass
        except OSError:
            sock.close()
            raise
        with self._lock:
            if self._closed:
                sock.close()
            else:
                self._sockets.append(sock)


def connect_ahead(access: Access, environ: Mapping[str, str], count: int) -> Ahead | None:
    """So many connections to the server. None where a proxy may stand before it, and where the
    credentials have to be fetched first, which takes its time.
    """
    fetched = access.exec_plugin is not None or access.auth_provider is not None
    if not count or fetched or access.proxy_url or any(environ.get(name) for name in _PROXIES):
        return None
    return Ahead(access.host, access.port, count)
