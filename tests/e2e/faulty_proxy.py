"""A proxy in front of the real API server that can do what a bad day does. For tests only.

It speaks plain HTTP to podx and TLS, with the administrator's certificate, to the API server; so
what it breaks is broken between a real client and a real server.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import yaml

from e2e.support import Bench


class Request(NamedTuple):
    """One request as podx sent it."""

    method: str
    target: str
    headers: dict[str, str]

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def upgrade(self) -> bool:
        return "upgrade" in self.headers


class Fault(NamedTuple):
    """What happens to a request; without any of these it goes through."""

    delay: float = 0.0
    """Seconds before it is answered."""
    reply: tuple[int, dict[str, str], bytes] | None = None
    """Said instead of the server's answer."""
    cut: int | None = None
    """Bytes of the answer's body, or of an exec's stream, that pass; then a reset."""
    hang: bool = False
    """The request is taken and never answered; an exec is let in and never says anything."""
    once: bool = False
    """Only the first request that it holds for."""
    first: Callable[[], object] | None = None
    """Done before the request goes on: what changes in the cluster under our eyes."""


Rules = list[tuple[Callable[[Request], bool], Fault]]


class FaultyProxy:
    """Started by `with`; `rules` may be changed at any time."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        document = yaml.safe_load(bench.kubectl("config", "view", "--raw", "--minify").stdout)
        cluster = document["clusters"][0]["cluster"]
        user = document["users"][0]["user"]
        self._server = urlsplit(cluster["server"])
        self._context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
        )
        certificate = folder / "proxy.pem"
        certificate.touch(0o600)
        certificate.write_bytes(
            b"\n".join(
                base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")
            )
        )
        self._context.load_cert_chain(certificate)
        self._folder = folder
        self._namespace = bench.namespace
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.rules: Rules = []
        self.seen: list[Request] = []
        self.hung = threading.Event()
        """Set as soon as a request hangs."""
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        with socket.socket() as waker:
            waker.connect_ex(self._listener.getsockname())
        # The first thread is the one that accepts; under it the socket may not be closed.
        self._threads[0].join(5)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def kubeconfig(self, **user: Any) -> str:
        """A kubeconfig that leads here."""
        port = self._listener.getsockname()[1]
        path = self._folder / "through-proxy"
        path.write_text(
            json.dumps(
                {
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                    "users": [{"name": "u", "user": user}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                    "current-context": "x",
                }
            )
        )
        path.chmod(0o600)
        return str(path)

    def break_(self, part: str, fault: Fault) -> None:
        """Every request whose path has this part meets the fault."""
        self.rules.append((lambda request: part in request.path, fault))

    # -- inside ----------------------------------------------------------------------------------

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                # Whoever waited for the end of this thread in vain has closed the socket.
                return
            if self._closing.is_set():
                client.close()
                return
            self._open.append(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, http.client.HTTPException, ValueError), client:
            reader = client.makefile("rb")
            while self._one(client, reader):
                pass

    def _one(self, client: socket.socket, reader: Any) -> bool:
        line = reader.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = http.client.parse_headers(reader)
        request = Request(line[0], line[1], {k.lower(): v for k, v in headers.items()})
        body = reader.read(int(request.headers.get("content-length", "0")))
        self.seen.append(request)
        fault = self._fault(request)
        if fault.first is not None:
            fault.first()
        if fault.delay:
            self._closing.wait(fault.delay)
        if fault.reply is not None:
            client.sendall(_answer(*fault.reply))
            return True
        if request.upgrade:
            self._exec(client, request, fault)
            return False
        if fault.hang:
            self.hung.set()
            self._closing.wait(60)
            return False
        return self._pass_on(client, request, body, fault)

    def _fault(self, request: Request) -> Fault:
        for number, (holds, fault) in enumerate(self.rules):
            if holds(request):
                if fault.once:
                    del self.rules[number]
                return fault
        return Fault()

    def _upstream(self) -> ssl.SSLSocket:
        host, port = self._server.hostname or "", self._server.port or 443
        plain = socket.create_connection((host, port), timeout=30)
        wrapped = self._context.wrap_socket(plain, server_hostname=host)
        self._open.append(wrapped)
        return wrapped

    def _head(self, request: Request) -> bytes:
        kept = {**request.headers, "host": self._server.netloc}
        kept.pop("authorization", None)
        lines = [f"{request.method} {request.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in kept.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def _pass_on(self, client: socket.socket, request: Request, body: bytes, fault: Fault) -> bool:
        with self._upstream() as upstream:
            upstream.sendall(self._head(request) + body)
            response = http.client.HTTPResponse(upstream, method=request.method)
            response.begin()
            content = response.read()
            headers = {
                name: value
                for name, value in response.headers.items()
                if name.lower() not in ("transfer-encoding", "content-length", "connection")
            }
        answer = _answer(response.status, headers, content)
        if fault.cut is None:
            client.sendall(answer)
            return True
        client.sendall(answer[: len(answer) - len(content) + fault.cut])
        time.sleep(0.05)
        _reset(client)
        return False

    def _exec(self, client: socket.socket, request: Request, fault: Fault) -> None:
        with self._upstream() as upstream:
            upstream.sendall(self._head(request))
            head = b""
            while not head.endswith(b"\r\n\r\n") and (byte := upstream.recv(1)):
                head += byte
            client.sendall(head)
            self._start(_pump, client, upstream)
            if fault.hang:
                self.hung.set()
                self._closing.wait(60)
                return
            passed = 0
            while data := upstream.recv(65536):
                if fault.cut is not None and passed + len(data) >= fault.cut:
                    client.sendall(data[: fault.cut - passed])
                    time.sleep(0.05)
                    _reset(client)
                    return
                passed += len(data)
                client.sendall(data)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # `makefile` keeps the descriptor open: only this sends the reset now.
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _answer(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
