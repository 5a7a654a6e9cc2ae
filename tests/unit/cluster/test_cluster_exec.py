import threading
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec.structs import astuple

from kit.cluster_fakes import (
    Close,
    FakeServer,
    Hang,
    Reply,
    Request,
    answer,
    exit_status,
    frame,
    make_api,
    read_frames,
    status_body,
    upgrade,
)
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.exec_protocol import ExecResult
from kubectl_podx.cluster.server import ApiServer
from kubectl_podx.model.clock import Deadline


def run(
    api: ApiServer, *, stdin: bytes | None = b"echo", seconds: float = 10, limit: int = 100
) -> ExecResult:
    try:
        return api.exec(
            "ns", "web-0", "app", ["sh", "-s", "podx"], stdin=stdin, deadline=Deadline(seconds),
            stdout_limit=limit, stderr_limit=limit,
        )  # fmt: skip
    finally:
        api.close()


def saying(*frames: bytes, protocol: str = "v5.channel.k8s.io") -> Callable[[Request], Reply]:
    """Upgrades, sends the frames, and closes."""

    def handler(request: Request) -> Reply:
        return Close(upgrade(request, protocol) + b"".join(frames))

    return handler


def test_a_command_runs_to_its_exit_code() -> None:
    talk = saying(
        frame(b"\x01"), frame(b"\x02"), frame(b"\x01out"), frame(b"\x02err"), exit_status(3)
    )
    with FakeServer(talk) as server:
        result = run(make_api(server.url, as_user="me", as_groups=("a", "b")))
        (request,) = server.requests
    assert astuple(result)[:4] == (b"out", b"err", 3, "NonZeroExitCode")
    assert not result.truncated
    url = urlsplit(request.target)
    assert url.path == "/api/v1/namespaces/ns/pods/web-0/exec"
    assert parse_qsl(url.query) == [
        ("command", "sh"), ("command", "-s"), ("command", "podx"), ("container", "app"),
        ("stdin", "true"), ("stdout", "true"), ("stderr", "true"),
    ]  # fmt: skip
    assert request.all("Sec-WebSocket-Protocol") == ["v5.channel.k8s.io,v4.channel.k8s.io"]
    assert request.all("Impersonate-User") == ["me"]
    assert request.all("Impersonate-Group") == ["a", "b"]
    assert request.all("User-Agent") == ["kubectl-podx/test"]
    assert request.all("Origin") == []
    assert request.all("Host") == [f"127.0.0.1:{server.port}"]


def test_success_is_exit_code_0_in_v4_too() -> None:
    with FakeServer(
        saying(frame(b"\x01x"), exit_status(0), protocol="v4.channel.k8s.io")
    ) as server:
        assert astuple(run(make_api(server.url))) == (b"x", b"", 0, "", "", False)


def test_output_after_the_status_still_counts() -> None:
    with FakeServer(saying(exit_status(0), frame(b"\x01late"), frame(b"", 8))) as server:
        assert astuple(run(make_api(server.url))) == (b"late", b"", 0, "", "", False)


def test_stdin_is_sent_whole_and_held_open_until_the_status() -> None:
    script = bytes(range(256)) * 500
    seen: list[tuple[int, bytes]] = []

    def handler(request: Request) -> Reply:
        request.socket.sendall(upgrade(request))
        for opcode, data in read_frames(request.socket):
            seen.append((opcode, data))
            if sum(len(part) - 1 for _, part in seen) == len(script):
                request.socket.sendall(exit_status(0) + frame(b"\x03\xe8", 8))
        return None

    with FakeServer(handler) as server:
        result = run(make_api(server.url), stdin=script)
    assert result.exit_code == 0
    stdin = [data for opcode, data in seen if opcode == 2]
    assert all(data[0] == 0 for data in stdin)
    assert b"".join(data[1:] for data in stdin) == script


def test_two_sides_that_both_write_do_not_block_one_another() -> None:
    script = b"y" * 3_000_000

    def handler(request: Request) -> Reply:
        request.socket.sendall(upgrade(request))
        # Reads nothing before all of this is written.
        request.socket.sendall(b"".join(frame(b"\x01" + b"z" * 30000) for _ in range(100)))
        read = 0
        for _, data in read_frames(request.socket):
            read += len(data) - 1
            if read == len(script):
                request.socket.sendall(exit_status(0))
                break
        return Close()

    with FakeServer(handler) as server:
        result = run(make_api(server.url), stdin=script, limit=3_000_000)
    assert (len(result.stdout), result.exit_code) == (3_000_000, 0)


def collecting(seen: list[bytes], *frames: bytes) -> Callable[[Request], Reply]:
    def handler(request: Request) -> Reply:
        request.socket.sendall(upgrade(request) + b"".join(frames))
        seen.extend(data for opcode, data in read_frames(request.socket) if opcode == 2)
        return None

    return handler


def test_the_deadline_closes_stdin_and_keeps_what_came() -> None:
    seen: list[bytes] = []
    with FakeServer(collecting(seen, frame(b"\x01part"))) as server:
        result = run(make_api(server.url), seconds=0.5)
    assert astuple(result)[:4] == (b"part", b"", None, "DeadlineExceeded")
    assert seen == [b"\x00echo", b"\xff\x00"]


def test_output_beyond_its_limit_ends_the_exec() -> None:
    seen: list[bytes] = []
    talk = collecting(seen, frame(b"\x01" + b"a" * 60), frame(b"\x01" + b"b" * 60))
    with FakeServer(talk) as server:
        result = run(make_api(server.url))
    assert astuple(result)[:4] == (b"a" * 60 + b"b" * 40, b"", None, "OutputLimit")
    assert result.truncated
    assert seen[-1] == b"\xff\x00"


def test_output_of_just_the_limit_is_whole() -> None:
    with FakeServer(saying(frame(b"\x02" + b"a" * 100), exit_status(0))) as server:
        assert astuple(run(make_api(server.url))) == (b"", b"a" * 100, 0, "", "", False)


def test_half_a_frame_cannot_outlast_the_deadline() -> None:
    def handler(request: Request) -> Reply:
        return Hang(upgrade(request) + frame(b"\x01whole") + frame(b"\x01half")[:4])

    with FakeServer(handler) as server:
        result = run(make_api(server.url), seconds=0.5)
    assert astuple(result)[:4] == (b"whole", b"", None, "DeadlineExceeded")


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([frame(b"\x01x")], "ConnectionLost"),
        ([frame(b"\x01x"), frame(b"\x03\xe8", 8)], "ConnectionLost"),
        ([frame(b"\x01x"), frame(b"\x01half")[:3]], "ConnectionLost"),
        ([frame(b"\x01x"), frame(b"\x03{")], "ProtocolError"),
        ([frame(b"\x01x"), frame(b"\x09")], "ProtocolError"),
        ([frame(b"\x01x"), b"\xff\xff\xff\xff"], "ConnectionLost"),
        ([frame(b"\x01x"), b"\x82\x7f" + b"\x00" * 4 + b"\xff" * 4 + b"y" * 2_000_000],
         "ProtocolError"),
    ],
)  # fmt: skip
def test_an_end_without_a_status_is_never_a_success(frames: list[bytes], reason: str) -> None:
    with FakeServer(saying(*frames)) as server:
        result = run(make_api(server.url))
    assert astuple(result)[:4] == (b"x", b"", None, reason)


def test_a_ping_is_answered_and_fragments_are_joined() -> None:
    talk = saying(frame(b"hi", 9), frame(b"\x01ab", 2, fin=False), frame(b"cd", 0), exit_status(0))
    with FakeServer(talk) as server:
        assert run(make_api(server.url)).stdout == b"abcd"


def test_a_message_of_the_runtime_is_escaped() -> None:
    body = b'\x03{"status":"Failure","reason":"InternalError","message":"no \\u001b[31m sh"}'
    with FakeServer(saying(frame(body))) as server:
        result = run(make_api(server.url))
    assert astuple(result)[2:5] == (None, "InternalError", "no \\x1b[31m sh")


def refusal(reply: Reply | Callable[[Request], Reply], **flags: object) -> ClusterError:
    handler = reply if callable(reply) else lambda _: reply
    with FakeServer(handler) as server:
        api = make_api(server.url, **flags)  # type: ignore[arg-type]
        with pytest.raises(ClusterError) as caught:
            run(api)
    return caught.value


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        (status_body(403, "Forbidden", 'pods "web-0" is forbidden'), "denied",
         'Error from server (Forbidden): pods "web-0" is forbidden'),
        (status_body(404, "NotFound", 'pods "web-0" not found'), "notFound",
         'Error from server (NotFound): pods "web-0" not found'),
        (status_body(400, "BadRequest", "container app is not valid"), "failed",
         "Error from server (BadRequest): container app is not valid"),
        (answer(500, b"oops"), "failed",
         ('Error from server (InternalError): an error on the server ("oops") has prevented the '
         "request from succeeding")),
        (answer(401), "unauthorized",
         ("error: You must be logged in to the server (the server has asked for the client to "
         "provide credentials)")),
        (answer(302, b"", {"Location": "http://127.0.0.1:1/"}), "failed",
         "the server redirected the request (status 302): no redirect is followed"),
        (answer(200, b"hello"), "failed",
         ("Error from server (Unknown): the server responded with the status code 200 but did not "
         "return more information")),
        (Close(b"garbage\r\n\r\n"), "failed",
         ("unable to upgrade connection: the server, or a proxy before it, does not speak "
         "WebSocket (podx has no SPDY to fall back to)")),
        (Close(), "unreachable", "Unable to connect to the server: EOF"),
    ],
)  # fmt: skip
def test_a_refused_exec_is_a_typed_error(reply: Reply, kind: str, text: str) -> None:
    error = refusal(reply)
    assert (error.kind, str(error)) == (kind, text)


def test_an_upgrade_to_another_protocol_is_refused() -> None:
    def handler(request: Request) -> Reply:
        return Close(upgrade(request, "base64.channel.k8s.io"))

    assert "does not speak WebSocket" in str(refusal(handler))


def test_a_handshake_without_end_is_bounded() -> None:
    endless = Close(b"HTTP/1.1 101 X\r\n" + b"A: b\r\n" * 30_000)
    assert "does not speak WebSocket" in str(refusal(endless))


def test_a_handshake_that_falls_silent_is_timed_out() -> None:
    assert refusal(Hang(b"HTTP/1.1 101 "), seconds=0.5).kind == "timedOut"


def test_cancel_ends_an_exec_under_way() -> None:
    arrived = threading.Event()

    def handler(request: Request) -> Reply:
        arrived.set()
        return Hang(upgrade(request) + frame(b"\x01x"))

    with FakeServer(handler) as server:
        api = make_api(server.url)

        def interrupt() -> None:
            if arrived.wait(10):
                api.cancel()

        threading.Thread(target=interrupt, daemon=True).start()
        try:
            reason = run(api).reason
        except ClusterError as error:
            # Where the cancel came before the handshake had ended.
            reason = str(error)
    assert reason in ("ConnectionLost", "interrupted")


def test_a_name_that_is_no_path_segment_never_reaches_the_server() -> None:
    from kubectl_podx.cluster.paths import BadNameError

    with FakeServer(lambda _: answer()) as server:
        api = make_api(server.url)
        with pytest.raises(BadNameError):
            api.exec(
                "ns", "../x", "c", ["sh"], stdin=None, deadline=Deadline(1), stdout_limit=1,
                stderr_limit=1,
            )  # fmt: skip
        api.close()
        assert server.requests == []
