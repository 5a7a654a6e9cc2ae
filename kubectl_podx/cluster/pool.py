"""Connections of one run: dialled (TCP, a proxy, TLS), kept while alive, cancelled together."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.ahead import Ahead, plain_name
from kubectl_podx.cluster.credentials import Credentials
from kubectl_podx.cluster.errors import (
    ClusterError,
    of_dial_error,
    of_read_error,
    shown,
    unreachable,
)
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.cluster.tls import Proxy, of_tls_error, proxy_for
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.threads import start

_MAX_PROXY_HEAD = 16384
# Seconds for a connection that was under way; after them it is dialled as any other.
_PATIENCE = 2.0


class Dialer:
    """Makes connections that are ready for a request."""

    def __init__(
        self,
        access: Access,
        credentials: Credentials,
        environ: Mapping[str, str],
        ahead: Ahead | None = None,
    ) -> None:
        """`ahead`: connections to the server that are under way."""
        self._access = access
        self._credentials = credentials
        self._ahead = ahead
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
        stream = None if proxy else self._under_way(deadline, opened)
        stream = stream or _connect(*target, deadline, opened, access.authority)
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

    def _under_way(self, deadline: Deadline, opened: Callable[[Stream], None]) -> Stream | None:
        ahead = self._ahead
        sock = ahead.take(deadline.remaining()) if ahead is not None else None
        if ahead is None or sock is None:
            return None
        # Another address is to have most of the time, should this one not answer.
        share = min(_PATIENCE, deadline.remaining() / ahead.addresses)
        stream = Stream(sock, deadline.within(share))
        opened(stream)
        try:
            stream.wait_connected()
        except OSError:
            # Another address may answer; if none does, that tells why.
            stream.close()
            return None
        stream.deadline = deadline
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


_GRACE = 0.1
# Seconds that a read waits for those that are to go first: they are there, or will not come.
_COURTESY = 0.02
Dial = Callable[[Deadline, Callable[[Stream], None]], Stream]


class Pool:
    """At most `limit` connections. Dialling happens on daemon threads only, because a name
    lookup can hang where no deadline reaches it.
    """

    def __init__(self, dial: Dial, deadline: Deadline, limit: int) -> None:
        self._dial = dial
        self._deadline = deadline
        self._limit = limit
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        """A connection is there, or may be dialled: for one of those that wait. To wake them all
        costs a turn for each, and all but one wait again."""
        self._went_first = threading.Condition(lock)
        """Those that were expected have come."""
        self._idle: list[Stream] = []
        self._open: set[Stream] = set()
        self._failures: list[Exception] = []
        self._dialling = 0
        self._lent = 0
        self._if_far = self._expected = 0
        self._waiting = 0
        self._cancelled = False
        # Of the latest dial; before the first has ended nobody waits for another's connection.
        self._dial_seconds = 0.0

    def dial_ahead(self, count: int, far: int = 0) -> None:
        """Starts to dial until there are `count` connections; returns at once.

        Where an answer to the first takes its time, until there are `far`: over a long road a
        request that waits for another's connection waits for a round trip, near by for a
        millisecond or two, which is less than a handshake costs.
        """
        with self._changed:
            self._if_far = far
            self._dial_until(count)

    def expect(self, count: int) -> None:
        """So many that take the longest are about to come: everybody else lets them go first."""
        with self._changed:
            self._expected = count

    def acquire(self, deadline: Deadline, *, fresh: bool = False, long: bool = False) -> Stream:
        """A live connection under `deadline`; `fresh`: none that has been waiting; `long`: for one
        of those that were expected.

        Raises the dialling's error, or ClusterError `unreachable` when time runs out.
        """
        with self._changed:
            if fresh:
                self._drop_idle()
            if long and self._expected:
                self._expected -= 1
                if not self._expected:
                    self._went_first.notify_all()
            elif self._expected:
                self._went_first.wait_for(lambda: not self._expected, _COURTESY)
                self._expected = 0
            self._waiting += 1
            try:
                stream = self._wait_for_one(deadline)
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._failures.clear()
            self._lent += 1
            stream.deadline = deadline
            return stream

    def release(self, stream: Stream) -> None:
        """Gives a connection back for the next request."""
        with self._changed:
            self._lent -= 1
            if self._cancelled:
                self._forget(stream)
            else:
                self._idle.append(stream)
            self._changed.notify()

    def discard(self, stream: Stream) -> None:
        """Closes a connection that was lent."""
        with self._changed:
            self._lent -= 1
            self._forget(stream)
            self._changed.notify()

    def drop_idle(self) -> None:
        """Closes what stands idle, as after a change of the client certificate."""
        with self._changed:
            self._drop_idle()

    def cancel(self) -> None:
        """Ends every connection, whoever uses it; nothing is dialled any more."""
        with self._changed:
            self._cancelled = True
            for stream in self._open:
                stream.cancel()
            self._changed.notify_all()

    def close(self) -> None:
        """Closes what stands idle and cancels the rest."""
        self.cancel()
        with self._changed:
            self._drop_idle()

    # -- under the lock --------------------------------------------------------------------------

    def _size(self) -> int:
        return len(self._idle) + self._lent + self._dialling

    def _wait_for_one(self, deadline: Deadline) -> Stream:
        """An idle connection. Whoever finds none waits for as long as a dial takes, two or three
        round trips: most requests are over after one, and every handshake costs both sides.
        """
        patience = Deadline(self._dial_seconds)
        while True:
            if self._cancelled:
                raise ClusterError("failed", "interrupted")
            while self._idle:
                stream = self._idle.pop()
                if not stream.stale():
                    return stream
                self._forget(stream)
            if self._failures:
                raise self._failures.pop()
            wanted = self._dialling < self._waiting and self._size() < self._limit
            if wanted and (patience.passed() or not self._lent):
                self._start_dial()
                wanted = False
            # The grace lets a dialling that ends with the deadline tell its own reason.
            longest = deadline.remaining() + _GRACE
            if wanted:
                longest = min(longest, patience.remaining())
            if not self._changed.wait(longest) and deadline.passed():
                # It may have been told of a connection in this moment, and somebody else has time.
                self._changed.notify()
                raise ClusterError(
                    "timedOut" if self._lent else "unreachable",
                    "Unable to connect to the server: net/http: request canceled while waiting "
                    "for connection (Client.Timeout exceeded while awaiting headers)",
                )

    def _start_dial(self) -> None:
        self._dialling += 1
        start(self._dial_one)

    def _dial_one(self) -> None:
        begun = time.monotonic()
        try:
            stream = self._dial(self._deadline, self._note_open)
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for it
            with self._changed:
                self._dialling -= 1
                self._open = {known for known in self._open if known.fileno() >= 0}
                if self._waiting:
                    self._failures.append(error)
                # One of them is told of it; nobody dials for the others any more.
                self._changed.notify_all()
            return
        stream.is_far = None
        with self._changed:
            self._dialling -= 1
            self._dial_seconds = time.monotonic() - begun
            if self._cancelled:
                self._forget(stream)
            else:
                self._idle.append(stream)
            self._changed.notify()

    def _note_open(self, stream: Stream) -> None:
        with self._changed:
            if self._if_far:
                stream.is_far = self._dial_more
            self._open.add(stream)
            if self._cancelled:
                stream.cancel()

    def _dial_more(self) -> None:
        with self._changed:
            count, self._if_far = self._if_far, 0
            if not self._cancelled:
                self._dial_until(count)

    def _dial_until(self, count: int) -> None:
        for _ in range(min(count, self._limit) - self._size()):
            self._start_dial()

    def _drop_idle(self) -> None:
        for stream in self._idle:
            self._forget(stream)
        self._idle.clear()

    def _forget(self, stream: Stream) -> None:
        stream.close()
        self._open.discard(stream)
