"""Connections that are under way before anybody can speak TLS."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from kit.cluster_fakes import PKI, FakeServer, answer, server_context
from kubectl_podx.capture import session
from kubectl_podx.cluster.access import Access, AccessFlags
from kubectl_podx.cluster.ahead import Ahead, connect_ahead
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.kubeconfig import AuthProvider, ExecPlugin
from kubectl_podx.cluster.server import ApiServer
from kubectl_podx.model.clock import Deadline


def _server(url: str, ahead: int, ca: str = "") -> ApiServer:
    flags = AccessFlags(server=url, certificate_authority=ca or None)
    deadline = Deadline(20)
    server, _ = session.connect(
        flags, deadline=deadline, environ={}, home="/nonexistent", warn=print, ahead=ahead
    )
    return server


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.settimeout(20)
        yield found


def _taken(ahead: Ahead) -> socket.socket:
    found = ahead.take(20)
    assert found is not None
    return found


def test_they_connect_while_nobody_dials(listener: socket.socket) -> None:
    ahead = Ahead("127.0.0.1", listener.getsockname()[1], 2)
    far_ends = [listener.accept()[0] for _ in range(2)]
    with _taken(ahead) as first, _taken(ahead) as second:
        assert {each.getpeername() for each in (first, second)} == {listener.getsockname()}
        assert ahead.take(20) is None
    for each in far_ends:
        each.close()


@pytest.mark.parametrize("secure", [False, True])
def test_a_request_goes_over_one_of_them(secure: bool) -> None:
    context = server_context() if secure else None
    with FakeServer(lambda _: answer(200, b"{}"), context) as fake:
        server = _server(fake.url, 2, str(PKI / "authority.pem") if secure else "")
        server.dial_ahead(2)
        assert [server.get("/version").body for _ in range(3)] == [b"{}"] * 3
        server.close()
        # One more would have been dialled.
        assert fake.connections <= 2


def test_those_that_nobody_took_are_closed(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    server = _server(f"http://127.0.0.1:{port}", 2)
    far_ends = [listener.accept()[0] for _ in range(2)]
    server.close()
    for each in far_ends:
        each.settimeout(20)
        assert each.recv(1) == b""
        each.close()


def test_of_one_that_is_too_old_nobody_knows_whether_the_server_still_waits(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = Ahead("127.0.0.1", listener.getsockname()[1], 1)
    far_end, _ = listener.accept()
    # Not the clock itself, nor `socket` below: a dial of an earlier test may still be under way.
    monkeypatch.setattr("kubectl_podx.cluster.ahead._LONGEST", -1.0)
    assert ahead.take(20) is None
    far_end.settimeout(20)
    assert far_end.recv(1) == b""
    far_end.close()


def test_where_nobody_listens_the_error_is_that_of_dialling() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    texts = []
    for count in (0, 2):
        server = _server(f"https://127.0.0.1:{port}", count)
        server.dial_ahead(2)
        with pytest.raises(ClusterError) as told:
            server.get("/version")
        texts.append(str(told.value))
        server.close()
    assert texts[0] == texts[1]
    assert "was refused" in texts[0]


def test_a_host_has_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeServer(lambda _: answer(200, b"{}")) as fake:
        port = int(fake.url.rpartition(":")[2])
        entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        both = [(*entry, ("127.0.0.2", port)), (*entry, ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
        server = _server(f"http://two.example:{port}", 2)
        assert server.get("/version").body == b"{}"
        server.close()


def test_a_name_that_cannot_be_looked_up_is_told_by_who_dials() -> None:
    ahead = Ahead("a" * 70 + ".invalid", 443, 2)
    assert ahead.take(20) is None
    ahead.close()


@pytest.mark.parametrize(
    ("access", "environ"),
    [
        (Access(server="https://127.0.0.1:1", proxy_url="http://127.0.0.1:1"), {}),
        (Access(server="https://127.0.0.1:1"), {"https_proxy": "http://127.0.0.1:1"}),
        (Access(server="https://127.0.0.1:1", exec_plugin=ExecPlugin()), {}),
        (Access(server="https://127.0.0.1:1", auth_provider=AuthProvider()), {}),
    ],
)
def test_nothing_is_opened_before_a_proxy_or_a_plugin(
    access: Access, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("kubectl_podx.cluster.ahead.Ahead", lambda *words: asked.append(words))
    assert connect_ahead(access, environ, 2) is None
    assert connect_ahead(Access(server="https://127.0.0.1:1"), {}, 0) is None
    assert not asked
    connect_ahead(Access(server="https://127.0.0.1:1"), {}, 2)
    assert asked == [("127.0.0.1", 1, 2)]
