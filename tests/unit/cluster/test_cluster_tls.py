import socket
import ssl
import struct
import threading
from pathlib import Path

import pytest

from kit.cluster_fakes import PKI, FakeServer, Reply, Request, answer, make_api, server_context
from kubectl_podx.cluster import ready, tls
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import InputError, PodxError

CA = str(PKI / "authority.pem")


def ok(request: Request) -> Reply:
    return answer(200, b"ok")


def failing(url: str, **flags: object) -> str:
    api = make_api(url, **flags)  # type: ignore[arg-type]
    with pytest.raises(PodxError) as caught:
        api.get("/x")
    api.close()
    return str(caught.value)


def test_a_server_that_its_authority_vouches_for_is_spoken_to() -> None:
    with FakeServer(ok, server_context()) as server:
        api = make_api(server.url, certificate_authority=CA, token="sesame")
        assert api.get("/x").body == b"ok"
        assert api.get("/y").body == b"ok"
        api.close()
        assert server.requests[0].all("Authorization") == ["Bearer sesame"]
        assert server.connections == 1


@pytest.mark.parametrize(
    ("certificate", "authority", "flags", "why"),
    [
        ("server", "stranger", {}, "certificate signed by unknown authority"),
        ("expired", "authority", {}, "certificate has expired or is not yet valid"),
        ("elsewhere", "authority", {}, "certificate is not valid for 127.0.0.1"),
        ("server", "authority", {"tls_server_name": "other"}, "certificate is not valid for other"),
    ],
)
def test_a_server_that_is_not_who_it_should_be_gets_no_request(
    certificate: str, authority: str, flags: dict[str, str], why: str
) -> None:
    with FakeServer(ok, server_context(certificate)) as server:
        text = failing(server.url, certificate_authority=str(PKI / f"{authority}.pem"), **flags)
        assert server.requests == []
    assert text == (
        f"Unable to connect to the server: tls: failed to verify certificate: x509: {why}"
    )


def test_the_tls_server_name_stands_in_for_the_host() -> None:
    with FakeServer(ok, server_context("elsewhere")) as server:
        api = make_api(server.url, certificate_authority=CA, tls_server_name="elsewhere.example")
        assert api.get("/x").status == 200
        api.close()


def test_insecure_asks_no_questions() -> None:
    with FakeServer(ok, server_context("expired")) as server:
        api = make_api(server.url, insecure_skip_tls_verify=True)
        assert api.get("/x").status == 200
        api.close()


def test_a_certificate_in_the_pool_is_a_root_as_in_go() -> None:
    with FakeServer(ok, server_context()) as server:
        api = make_api(server.url, certificate_authority=str(PKI / "server.pem"))
        assert api.get("/x").status == 200
        api.close()


def test_plain_http_is_told_from_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(4096)
                sock.sendall(answer(400))

        thread = threading.Thread(target=speak, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        text = failing(url, insecure_skip_tls_verify=True)
        thread.join(5)
    assert text == (
        "Unable to connect to the server: tls: first record does not look like a TLS handshake"
    )


@pytest.mark.parametrize("memory", [True, False])
def test_a_client_certificate_is_shown(
    memory: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not memory:
        monkeypatch.delattr("os.memfd_create", raising=False)
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        monkeypatch.setattr("tempfile.tempdir", None)
    pem = str(PKI / "client.pem")
    with FakeServer(ok, server_context(client_ca=True)) as server:
        api = make_api(server.url, certificate_authority=CA, client_certificate=pem, client_key=pem)
        assert api.get("/x").status == 200
        api.close()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_client_certificate_is_said() -> None:
    with FakeServer(ok, server_context(client_ca=True)) as server:
        text = failing(server.url, certificate_authority=CA)
    assert "certificate required" in text or "EOF" in text or "reset" in text


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("server.pem", "tls: private key does not match public key"),
        ("authority.pem", "tls: failed to find any usable PEM data in certificate or key input"),
    ],
)
def test_a_key_that_does_not_fit_is_an_error(key: str, why: str, tmp_path: Path) -> None:
    pem = tmp_path / "client.crt"
    pem.write_bytes((PKI / "client.pem").read_bytes().split(b"-----BEGIN PRIVATE")[0])
    wrong = tmp_path / "client.key"
    content = (PKI / key).read_bytes()
    wrong.write_bytes(
        content[content.find(b"-----BEGIN PRIVATE") :] if b"PRIVATE" in content else b""
    )
    text = failing(
        "https://127.0.0.1:1", certificate_authority=CA, client_certificate=str(pem),
        client_key=str(wrong),
    )  # fmt: skip
    assert text == why


def test_an_authority_that_is_no_pem_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "ca.crt"
    path.write_text("nonsense")
    text = failing("https://127.0.0.1:1", certificate_authority=str(path))
    assert text == "unable to load root certificates: unable to parse bytes as PEM block"


def test_the_proxys_tunnel_carries_tls() -> None:
    with FakeServer(ok, server_context()) as server:

        def proxy(request: Request) -> Reply:
            # From here on the two sides talk to one another.
            upstream = socket.create_connection(("127.0.0.1", server.port))
            request.socket.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

            def pump(source: socket.socket, target: socket.socket) -> None:
                try:
                    while data := source.recv(4096):
                        target.sendall(data)
                    target.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

            back = threading.Thread(target=pump, args=(upstream, request.socket), daemon=True)
            back.start()
            pump(request.socket, upstream)
            back.join(5)
            upstream.close()
            return None

        with FakeServer(proxy) as between:
            api = make_api(
                f"https://localhost:{server.port}", certificate_authority=CA, proxy_url=between.url
            )
            assert api.get("/x").body == b"ok"
            api.close()
            assert between.requests[0].line == f"CONNECT localhost:{server.port} HTTP/1.1"


def test_a_handshake_that_never_ends_meets_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        text = failing(f"https://127.0.0.1:{port}", insecure_skip_tls_verify=True, seconds=0.1)
    assert "TLS handshake timeout" in text or "request canceled" in text


def test_a_connection_that_was_reset_before_tls_leaves_no_socket_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        stream = Stream(client, Deadline(20))
        stream.connect(listener.getsockname())
        far_end, _ = listener.accept()
        # Closed with a reset, which has come when there is something to read.
        far_end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far_end.close()
        assert ready.wait(client, ready.READ, 20)
        with pytest.raises(ConnectionResetError):
            stream.start_tls(ssl.create_default_context(), "server")
        assert stream.fileno() == client.fileno() >= 0


def test_an_unreadable_file_is_named() -> None:
    with pytest.raises(InputError) as caught:
        tls.read_file("/nonexistent/x")
    assert str(caught.value) == "open /nonexistent/x: no such file or directory"
    assert not isinstance(caught.value, ClusterError)
