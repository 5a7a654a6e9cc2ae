import gzip
import json
import threading
from collections.abc import Callable
from functools import partial

import pytest

from kit.cluster_fakes import Close, FakeServer, Hang, Reply, Request, answer, make_api, status_body
from kit.threads import together
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.server import Answer, ApiServer
from kubectl_podx.model.clock import Deadline

compress = partial(gzip.compress, mtime=0)
"""The same bytes in every run: they are in the names of tests."""


def failing(api: ApiServer, path: str = "/x", **more: object) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        api.get(path, **more)  # type: ignore[arg-type]
    api.close()
    return caught.value


def serving(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _: reply


# -- what is sent --------------------------------------------------------------------------------


def test_a_read_sends_its_path_query_and_identity() -> None:
    date = {"Date": "Wed, 25 Nov 2026 02:07:26 GMT"}
    with FakeServer(serving(answer(200, b"{}", date))) as server:
        api = make_api(
            server.url + "/prefix/", as_user="jürgen", as_uid="7", as_groups=("g1", "g 2"),
            as_user_extra=("Some/Key=1", "Some/Key=2", "b=é"),
        )  # fmt: skip
        found = api.get("/api/v1/pods", (("labelSelector", "a=b,c in (d)"),))
        api.close()
        (request,) = server.requests
    assert found == Answer(200, b"{}", date["Date"])
    assert request.line == ("GET /prefix/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29 HTTP/1.1")
    assert request.all("Host") == [f"127.0.0.1:{server.port}"]
    assert request.all("User-Agent") == ["kubectl-podx/test"]
    assert request.all("Accept") == ["application/json"]
    assert request.all("Accept-Encoding") == ["gzip"]
    assert request.all("Impersonate-User") == ["jürgen"]
    assert request.all("Impersonate-Uid") == ["7"]
    assert request.all("Impersonate-Group") == ["g1", "g 2"]
    assert request.all("Impersonate-Extra-Some%2FKey") == ["1", "2"]
    assert request.all("Impersonate-Extra-b") == ["é"]
    assert request.all("Authorization") == []


def test_a_value_that_would_end_its_header_is_refused() -> None:
    with FakeServer(serving(answer())) as server:
        error = failing(make_api(server.url, as_user="a\r\nImpersonate-Group: system:masters"))
        assert server.requests == []
    assert "masters" not in str(error)


def test_compression_can_be_turned_off() -> None:
    with FakeServer(serving(answer())) as server:
        api = make_api(server.url, disable_compression=True)
        api.get("/x")
        api.close()
        assert server.requests[0].all("Accept-Encoding") == []


# -- what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 304, 307, 308])
def test_no_redirect_is_followed(code: int) -> None:
    with FakeServer(serving(answer(200, b"stolen"))) as other:
        moved = answer(code, b"", {"Location": other.url + "/x"})
        with FakeServer(serving(moved)) as server:
            error = failing(make_api(server.url, as_user="me"))
        assert other.requests == []
    assert str(error) == (
        f"the server redirected the request (status {code}): no redirect is followed"
    )


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [(401, "Unauthorized", "unauthorized"), (403, "Forbidden", "denied"),
     (404, "NotFound", "notFound"), (410, "Expired", "expired"), (500, "InternalError", "failed")],
)  # fmt: skip
def test_a_refusal_is_a_typed_error(code: int, reason: str, kind: str) -> None:
    with FakeServer(serving(status_body(code, reason, "why"))) as server:
        error = failing(make_api(server.url))
    assert error.kind == kind
    assert "why" in str(error)


def test_a_packed_body_is_unpacked_within_the_limit() -> None:
    packed = compress(b"x" * 1_000_000, mtime=0)
    reply = answer(200, packed, {"Content-Encoding": "gzip"})
    with FakeServer(serving(reply)) as server:
        api = make_api(server.url)
        assert api.get("/x", limit=1_000_000).body == b"x" * 1_000_000
        assert api.get("/x/log", limit=1000).body == b"x" * 1000
        error = failing(api, limit=999_999)
    assert str(error) == "the server's answer is larger than 999999 bytes"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"no gzip", {"Content-Encoding": "gzip"}),
        (compress(b"x" * 1000, mtime=0)[:-4], {"Content-Encoding": "gzip"}),
        (b"x", {"Content-Encoding": "br"}),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_an_error(body: bytes, headers: dict[str, str]) -> None:
    with FakeServer(serving(answer(200, body, headers))) as server:
        assert failing(make_api(server.url)).kind == "failed"


def test_a_log_is_cut_at_its_limit_and_anything_else_is_refused() -> None:
    with FakeServer(serving(answer(200, b"y" * 5000))) as server:
        api = make_api(server.url)
        assert api.get("/a/log", limit=10).body == b"y" * 10
        assert failing(api, "/a/pod", limit=10).kind == "failed"


def test_a_chunked_body_is_joined() -> None:
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    with FakeServer(serving(reply)) as server:
        api = make_api(server.url)
        assert api.get("/x").body == b"abcde"
        assert api.get("/x").body == b"abcde"
        api.close()
        assert server.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        Close(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
        Close(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"),
    ],
)
def test_half_a_body_is_an_error(reply: Reply) -> None:
    with FakeServer(serving(reply)) as server:
        assert "unexpected EOF" in str(failing(make_api(server.url)))


@pytest.mark.parametrize(
    "reply",
    [
        Hang(),
        Hang(b"HTTP/1.1 200 OK\r\nContent-Le"),
        Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
        Hang(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff"),
    ],
)
@pytest.mark.parametrize("flags", [{"seconds": 0.3}, {"request_timeout": "300ms"}])
def test_a_server_that_falls_silent_is_timed_out(reply: Reply, flags: dict[str, object]) -> None:
    with FakeServer(serving(reply)) as server:
        assert failing(make_api(server.url, **flags)).kind == "timedOut"  # type: ignore[arg-type]


def test_a_server_that_trickles_cannot_outlast_the_deadline() -> None:
    def trickle(request: Request) -> Reply:
        request.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        gone = threading.Event()
        while not gone.wait(0.01):
            # Fails as soon as the other side has closed.
            request.socket.sendall(b"x")
        return None

    with FakeServer(trickle) as server:
        assert failing(make_api(server.url, seconds=0.4)).kind == "timedOut"


@pytest.mark.parametrize(
    "reply",
    [Close(b"nonsense\r\n\r\n"), Close(b"HTTP/1.1 abc\r\n\r\n"), Close(b"x" * 100_000),
     Close(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n")],
)  # fmt: skip
def test_what_is_no_http_is_an_error_that_quotes_nothing(reply: Reply) -> None:
    with FakeServer(serving(reply)) as server:
        error = failing(make_api(server.url))
    assert str(error).endswith("malformed HTTP response")


def test_a_server_that_closes_at_once_is_tried_twice_and_then_unreachable() -> None:
    with FakeServer(serving(Close())) as server:
        error = failing(make_api(server.url))
        assert len(server.requests) == 2
    assert (error.kind, str(error)) == ("unreachable", "Unable to connect to the server: EOF")


def test_nobody_listening_is_a_refused_connection() -> None:
    with FakeServer(serving(None)) as server:
        pass
    error = failing(make_api(server.url))
    assert str(error) == (
        f"The connection to the server 127.0.0.1:{server.port} was refused - "
        "did you specify the right host or port?"
    )


def test_an_unknown_host_is_named() -> None:
    error = failing(make_api("http://podx.invalid"))
    assert error.kind == "unreachable"
    assert str(error).startswith("Unable to connect to the server: dial tcp: lookup podx.invalid: ")


# -- connections ---------------------------------------------------------------------------------


def test_a_connection_serves_again() -> None:
    with FakeServer(serving(answer())) as server:
        api = make_api(server.url)
        for _ in range(5):
            api.get("/x")
        api.close()
        assert server.connections == 1


def test_connections_are_dialled_ahead_and_used() -> None:
    begun = threading.Barrier(3)

    def wait(request: Request) -> Reply:
        begun.wait(10)
        return answer()

    with FakeServer(wait) as server:
        api = make_api(server.url)
        api.dial_ahead(3)
        together([lambda: api.get("/x")] * 3)
        api.close()
        assert len(server.requests) == 3
        assert server.connections == 3


def test_there_are_never_more_connections_than_allowed() -> None:
    with FakeServer(serving(answer())) as server:
        api = make_api(server.url)
        api.dial_ahead(100)
        together([lambda: api.get("/x")] * 20)
        api.close()
        assert len(server.requests) == 20
        assert server.connections <= 4


def test_a_connection_that_was_closed_while_idle_is_replaced() -> None:
    def once_each(request: Request) -> Reply:
        # Says that it keeps the connection, and closes it.
        return Close(answer(200, str(request.connection).encode()))

    with FakeServer(once_each) as server:
        api = make_api(server.url)
        assert [api.get("/x").body for _ in range(3)] == [b"0", b"1", b"2"]
        api.close()


def test_a_connection_that_closes_on_the_second_request_is_replaced_once() -> None:
    def handler(request: Request) -> Reply:
        earlier = [r for r in server.requests if r.connection == request.connection]
        return answer() if len(earlier) == 1 else Close()

    with FakeServer(handler) as server:
        api = make_api(server.url)
        api.get("/1")
        api.get("/2")
        api.close()
        assert [request.target for request in server.requests] == ["/1", "/2", "/2"]


def test_connection_close_is_honoured() -> None:
    with FakeServer(serving(Close(answer(200, b"", {"Connection": "close"})))) as server:
        api = make_api(server.url)
        api.get("/x")
        api.get("/x")
        api.close()
        assert server.connections == 2


def test_cancel_ends_a_request_under_way() -> None:
    arrived = threading.Event()

    def hang(request: Request) -> Reply:
        arrived.set()
        return Hang()

    with FakeServer(hang) as server:
        api = make_api(server.url)

        def interrupt() -> None:
            if arrived.wait(10):
                api.cancel()

        threading.Thread(target=interrupt, daemon=True).start()
        assert str(failing(api)) == "interrupted"


def test_nothing_is_dialled_after_cancel() -> None:
    with FakeServer(serving(answer())) as server:
        api = make_api(server.url)
        api.cancel()
        assert str(failing(api)) == "interrupted"
        assert server.connections == 0


# -- manners -------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 503])
def test_retry_after_is_honoured_twice_at_most(code: int) -> None:
    busy = answer(code, b"", {"Retry-After": "0"})
    with FakeServer(serving(busy)) as server:
        failing(make_api(server.url))
        assert len(server.requests) == 3


def test_a_retry_that_succeeds_is_an_answer() -> None:
    def handler(request: Request) -> Reply:
        return answer() if len(server.requests) > 1 else answer(429, b"", {"Retry-After": "0"})

    with FakeServer(handler) as server:
        api = make_api(server.url)
        assert api.get("/x").status == 200
        api.close()


@pytest.mark.parametrize(
    ("code", "after"), [(500, "0"), (429, "x"), (429, "100"), (429, "-1"), (503, None)]
)
def test_there_is_no_retry_beyond_the_deadline_or_without_being_asked(
    code: int, after: str | None
) -> None:
    headers = {"Retry-After": after} if after else {}
    with FakeServer(serving(answer(code, b"", headers))) as server:
        failing(make_api(server.url))
        assert len(server.requests) == 1


def test_each_warning_is_passed_on_once() -> None:
    warning = r'299 - "v1 is \"old\" ' + "\x1b" + r'[31m", 299 kube "two", 110 - "stale"'
    warnings: list[str] = []
    with FakeServer(serving(answer(200, b"", {"Warning": warning}))) as server:
        api = make_api(server.url, warnings=warnings)
        api.get("/x")
        api.get("/y")
        api.close()
    assert warnings == ['v1 is "old" \\x1b[31m', "two"]


# -- lists ---------------------------------------------------------------------------------------


def page(names: str, token: str | None = None) -> bytes:
    meta = {"continue": token} if token else {}
    return answer(200, json.dumps({"metadata": meta, "items": list(names)}).encode())


def names_of(api: ApiServer) -> str:
    pages = [json.loads(found.body)["items"] for found in api.list_pages("/l", (("a", "b"),))]
    api.close()
    return "".join(name for items in pages for name in items)


def test_a_list_is_read_page_by_page() -> None:
    pages = {"/l?a=b&limit=500": page("xy", "t/1"), "/l?a=b&limit=500&continue=t%2F1": page("z")}
    with FakeServer(lambda request: pages[request.target]) as server:
        assert names_of(make_api(server.url)) == "xyz"


def test_an_expired_list_goes_on_where_the_server_says() -> None:
    gone = status_body(410, "Expired", "too old", metadata={"continue": "new"})
    pages = {
        "/l?a=b&limit=500": page("x", "old"),
        "/l?a=b&limit=500&continue=old": gone,
        "/l?a=b&limit=500&continue=new": page("y"),
    }
    with FakeServer(lambda request: pages[request.target]) as server:
        assert names_of(make_api(server.url)) == "xy"


def test_an_expired_list_starts_over_once() -> None:
    gone = status_body(410, "Expired", "too old")
    pages = {"/l?a=b&limit=500": page("x", "old"), "/l?a=b&limit=500&continue=old": gone}
    with FakeServer(lambda request: pages[request.target]) as server:
        api = make_api(server.url)
        with pytest.raises(ClusterError) as caught:
            list(api.list_pages("/l", (("a", "b"),)))
        api.close()
        assert len(server.requests) == 4
    assert caught.value.kind == "expired"


@pytest.mark.parametrize("body", [b"[]", b"", b'{"metadata": {"continue": 7}}', b"[" * 3000])
def test_what_is_no_list_is_an_error(body: bytes) -> None:
    with FakeServer(serving(answer(200, body))) as server:
        api = make_api(server.url)
        pages = api.list_pages("/l")
        next(pages)
        with pytest.raises(ClusterError, match="no list"):
            next(pages)
        api.close()


# -- proxies -------------------------------------------------------------------------------------


def test_a_proxy_is_asked_for_a_tunnel() -> None:
    def proxy(request: Request) -> Reply:
        if request.line.startswith("CONNECT"):
            return b"HTTP/1.1 200 Connection established\r\n\r\n"
        return answer(200, b"through")

    with FakeServer(proxy) as server:
        through = server.url.replace("http://", "http://me:p%40@")
        api = make_api("http://api.example:8080", proxy_url=through)
        assert api.get("/x").body == b"through"
        api.close()
        connect, get = server.requests
    assert connect.line == "CONNECT api.example:8080 HTTP/1.1"
    assert connect.all("Proxy-Authorization") == ["Basic bWU6cEA="]
    assert get.all("Proxy-Authorization") == []
    assert get.all("Host") == ["api.example:8080"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (answer(407), "proxyconnect tcp: the proxy refused the tunnel: Whatever"),
        (Close(b"HTT"), "proxyconnect tcp: EOF"),
        (Close(b"\r\n\r\n"), "proxyconnect tcp: the proxy refused the tunnel: malformed answer"),
    ],
)
def test_a_proxy_that_refuses_is_an_error(reply: Reply, why: str) -> None:
    with FakeServer(serving(reply)) as server:
        environ = {"HTTP_PROXY": server.url}
        error = failing(make_api("http://api.example:8080", environ=environ))
    assert str(error) == f"Unable to connect to the server: {why}"


def test_a_deadline_that_has_passed_lets_nothing_through() -> None:
    with FakeServer(serving(answer())) as server:
        api = make_api(server.url)
        api._deadline = Deadline(0)
        assert failing(api).kind in ("timedOut", "unreachable")
        assert server.requests == []
