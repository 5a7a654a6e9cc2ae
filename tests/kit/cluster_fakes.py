"""A scripted server on 127.0.0.1: raw sockets, so that it can also do what no server should."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from kubectl_podx.cluster.access import AccessFlags, resolve_access
from kubectl_podx.cluster.server import ApiServer
from kubectl_podx.model.clock import Deadline

PKI = Path(__file__).parents[1] / "unit/cluster/pki"


class Request(NamedTuple):
    """One request as it came in."""

    line: str
    headers: list[tuple[str, str]]
    connection: int
    """Which connection carried it, counted from 0."""
    socket: socket.socket

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class Close(NamedTuple):
    """Send this and close."""

    data: bytes = b""


class Hang(NamedTuple):
    """Send this and then say nothing more until the other side goes."""

    data: bytes = b""


Reply = bytes | Close | Hang | None


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP answer."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status_body(code: int, reason: str, message: str, **more: object) -> bytes:
    """An answer with a metav1.Status."""
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": code,
        **more,
    }
    return answer(code, json.dumps(status).encode())


class FakeServer:
    """Answers each request with what `handler` makes of it; one thread per connection."""

    def __init__(
        self, handler: Callable[[Request], Reply], context: ssl.SSLContext | None = None
    ) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._handler = handler
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Wakes the accept on every system, where a close alone may not.
        self._listening = False
        with socket.socket() as waker:
            waker.connect_ex(("127.0.0.1", self.port))
        self._threads[0].join(5)
        self._listener.close()
        for sock in self._sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join(5)

    _listening = True

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if not self._listening:
                sock.close()
                return
            number, self.connections = self.connections, self.connections + 1
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        try:
            if self._context:
                sock = self._context.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            while self._one(sock, number):
                pass
        except OSError:
            pass
        finally:
            sock.close()

    def _one(self, sock: socket.socket, number: int) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = sock.recv(1)
            if not byte:
                return False
            head += byte
        line, *rest = head.decode("utf-8").split("\r\n")
        pairs = [tuple(each.split(": ", 1)) for each in rest if each]
        request = Request(line, pairs, number, sock)  # type: ignore[arg-type]
        self.requests.append(request)
        reply = self._handler(request)
        if reply is None:
            return False
        if isinstance(reply, bytes):
            sock.sendall(reply)
            return True
        sock.sendall(reply.data)
        if isinstance(reply, Close) and not self._context:
            # Unread bytes would make a reset of the close.
            sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass
        return False


def server_context(name: str = "server", *, client_ca: bool = False) -> ssl.SSLContext:
    """The TLS side of a fake server; its certificate is one of `pki/`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PKI / f"{name}.pem")
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(PKI / "authority.pem")
    return context


def make_api(
    url: str,
    *,
    seconds: float = 20,
    environ: Mapping[str, str] | None = None,
    warnings: list[str] | None = None,
    home: str = "/nonexistent",
    **flags: object,
) -> ApiServer:
    """An ApiServer for a fake; without a kubeconfig, everything comes by flags."""
    environ = dict(environ or {})
    access = resolve_access(
        AccessFlags(server=url, **flags),  # type: ignore[arg-type]
        environ,
        home,
        service_account="/nonexistent",
    )
    return ApiServer(
        access,
        deadline=Deadline(seconds),
        environ=environ,
        user_agent="kubectl-podx/test",
        on_warning=(warnings if warnings is not None else []).append,
        max_connections=4,
    )


# -- the server's side of a WebSocket ------------------------------------------------------------


def upgrade(request: Request, protocol: str = "v5.channel.k8s.io") -> bytes:
    """The 101 answer to a handshake."""
    key = request.all("Sec-WebSocket-Key")[0]
    digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n"
    ).encode()


def frame(payload: bytes, opcode: int = 2, *, fin: bool = True) -> bytes:
    """One unmasked frame."""
    head = bytes(((0x80 if fin else 0) | opcode,))
    size = len(payload)
    if size < 126:
        return head + bytes((size,)) + payload
    if size < 65536:
        return head + b"\x7e" + struct.pack("!H", size) + payload
    return head + b"\x7f" + struct.pack("!Q", size) + payload


def read_frames(sock: socket.socket) -> Iterator[tuple[int, bytes]]:
    """The client's frames, unmasked, until it goes."""
    try:
        while True:
            first, second = _exactly(sock, 2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", _exactly(sock, 2))
            elif size == 127:
                (size,) = struct.unpack("!Q", _exactly(sock, 8))
            mask = _exactly(sock, 4)
            data = _exactly(sock, size)
            yield first & 0xF, bytes(b ^ mask[i % 4] for i, b in enumerate(data))
    except (OSError, EOFError):
        return


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def exit_status(code: int) -> bytes:
    """The frame that ends an exec."""
    if code == 0:
        status: dict[str, object] = {"metadata": {}, "status": "Success"}
    else:
        status = {
            "metadata": {},
            "status": "Failure",
            "message": f"command terminated with exit code {code}",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
        }
    return frame(b"\x03" + json.dumps(status).encode())
