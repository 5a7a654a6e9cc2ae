"""The API server as the rest of podx sees it: reads, pages of lists, watches and execs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.ahead import Ahead
from kubectl_podx.cluster.credentials import Credentials, Headers
from kubectl_podx.cluster.errors import (
    ClusterError,
    of_response,
    shown,
    unreachable,
)
from kubectl_podx.cluster.paths import api_path
from kubectl_podx.cluster.pool import Dialer, Pool
from kubectl_podx.cluster.stream import ConnectionGoneError, Method, Response, Stream, send_request
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.patterns import lazy

if TYPE_CHECKING:
    from kubectl_podx.cluster.exec_protocol import ExecResult
    from kubectl_podx.cluster.kubeconfig import AuthProvider
    from kubectl_podx.cluster.port_forward import Tunnel

Query = Sequence[tuple[str, str]]
_PAGE_SIZE = "500"
_MAX_BODY = 64 << 20
_MAX_REVIEW = 1 << 20
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# `Strict`: a field that the kind does not have is refused, as `kubectl apply` has it.
_DRY_RUN = (("dryRun", "All"), ("fieldValidation", "Strict"))
_MAX_RETRIES = 2
_MAX_WARNINGS = 64

# RFC 7234: `299 - "text"`, several separated by commas; others than 299 are not Kubernetes'.
_WARNING = lazy(r'(\d{3}) \S+ "((?:[^"\\]|\\.)*)"')
_T = TypeVar("_T")


def _ask_provider(provider: AuthProvider, environ: Mapping[str, str], deadline: Deadline) -> str:
    from kubectl_podx.cluster.providers import provider_token  # noqa: PLC0415 - rare

    return provider_token(provider, environ, deadline)


class Answer(Struct, frozen=True):
    """A successful answer."""

    status: int
    body: bytes
    date: str | None
    """The Date header: the server's own clock."""


class ApiServer:
    """One server for one run. Its methods may be called from several threads at once."""

    def __init__(
        self,
        access: Access,
        *,
        deadline: Deadline,
        environ: Mapping[str, str],
        user_agent: str,
        on_warning: Callable[[str], None],
        max_connections: int,
        ahead: Ahead | None = None,
    ) -> None:
        """`ahead`: connections to the server that are under way; they are closed with the rest."""
        self._ahead = ahead
        self._access = access
        self._deadline = deadline
        self._user_agent = user_agent
        self._on_warning = on_warning
        self._credentials = Credentials(access, environ, deadline, _ask_provider)
        self._dialer = Dialer(access, self._credentials, environ, ahead)
        self._pool = Pool(self._dialer.dial, deadline, max_connections)
        self._cancelled = threading.Event()
        self._warned: set[str] = set()
        self._warning_lock = threading.Lock()

    @property
    def address(self) -> str:
        """The server's URL without credentials, as a person knows it."""
        return self._access.server

    # -- life ------------------------------------------------------------------------------------

    def dial_ahead(self, count: int, far: int = 0) -> None:
        """Begins to open connections, `far` of them to a server far away; returns at once."""
        self._pool.dial_ahead(count, far)

    def expect_execs(self, count: int) -> None:
        """So many execs are about to be sent: they get their connections before the reads do."""
        self._pool.expect(count)

    def cancel(self) -> None:
        """Ends every request, exec and credential plugin under way; their threads get an error."""
        self._cancelled.set()
        self._credentials.cancel()
        self._pool.cancel()

    def close(self) -> None:
        """Closes all connections."""
        self._cancelled.set()
        if self._ahead is not None:
            self._ahead.close()
        self._pool.close()

    # -- reads -----------------------------------------------------------------------------------

    def get(
        self,
        path: str,
        query: Query = (),
        accept: str = "application/json",
        limit: int = _MAX_BODY,
        *,
        bulk: bool = False,
        within: float | None = None,
    ) -> Answer:
        """The body at a path of `api_path`. Any answer other than 2xx is a ClusterError.

        `within`: seconds that this answer is worth waiting for, if the run has more than that.

        A body of more than `limit` bytes is an error; a log (`…/log`) is cut there instead. `bulk`:
        one of many large ones. On a loopback road it comes uncompressed: the server would take
        longer to compress it than to send it.
        """
        deadline = self._request_deadline()
        if within is not None:
            deadline = deadline.within(within)
        retries = 0
        while True:
            response = self._renewing(
                lambda: self._send(path, query, accept, limit, deadline, bulk=bulk),
                lambda response: response.status == 401,
            )
            pause = retry_after(response)
            if pause is None or retries == _MAX_RETRIES or pause >= deadline.remaining():
                break
            if self._cancelled.wait(pause):
                break
            retries += 1
        self._pass_warnings(response)
        if not 200 <= response.status < 300:
            raise of_response(response.status, response.body)
        return Answer(response.status, response.body, response.headers.get("Date") or None)

    def list_pages(self, path: str, query: Query = ()) -> Iterator[Answer]:
        """The pages of a list, each requested when it is asked for (`limit=500` and `continue`).

        Where the list's snapshot is gone (410 Expired) it goes on once from the place that the
        server names, in a newer snapshot. A server that names none makes the list start over:
        then objects come again, and whoever reads them has to know them by their uid.
        """
        token, restarted = "", False
        while True:
            size = () if any(name == "limit" for name, _ in query) else (("limit", _PAGE_SIZE),)
            page = (*query, *size, *((("continue", token),) if token else ()))
            try:
                answer = self.get(path, page)
            except ClusterError as error:
                if error.kind != "expired" or restarted or not token:
                    raise
                token, restarted = error.continue_token, True
                continue
            yield answer
            token = continue_token(answer.body)
            if not token:
                return

    def watch(
        self, path: str, query: Query, take: Callable[[bytes], bool], *, deadline: Deadline
    ) -> None:
        """Gives each line of a watch to `take`, until that returns False or the server ends it.

        A refusal is a ClusterError; so is a connection that breaks.
        """
        from kubectl_podx.cluster.watching import watch_lines  # noqa: PLC0415 - of few commands

        headers = [("Accept", "application/json"), *self._headers()]
        target = self._target(path, query)

        def use(stream: Stream) -> tuple[None, bool]:
            for line in watch_lines(stream, self._access.authority, target, headers):
                if not take(line):
                    break
            return None, False

        self._on_connection(deadline.within(self._deadline.remaining()), use)

    def post_review(self, question: bytes) -> Answer:
        """Asks whether a right is held: a SelfSubjectAccessReview, which the server answers and
        does not store.

        Any answer other than 2xx is a ClusterError, and none is asked for again.
        """
        return self._with_body("POST", _REVIEWS, (), question, limit=_MAX_REVIEW)

    def try_create(self, path: str, body: bytes) -> Answer:
        """What the API server would make of a new object. It is sent as a dry run, always: it goes
        through defaults, admission and validation, and is not stored.

        This and `post_review` are the only POSTs there are. Any answer other than 2xx is a
        ClusterError, and none is asked for again.
        """
        return self._with_body("POST", path, _DRY_RUN, body, limit=_MAX_BODY)

    def patch_ephemeral(self, namespace: str, pod: str, patch: bytes, deadline: Deadline) -> None:
        """Adds ephemeral containers to a pod: the only write there is (`--debug-image`).

        `patch` is a strategic merge patch: sent again after a connection that the server closed, it
        does nothing more. Any answer other than 2xx is a ClusterError.
        """
        path = api_path("api/v1", "pods", namespace, pod, "ephemeralcontainers")
        query = (("fieldManager", "kubectl-podx"),)
        bound = deadline.within(self._request_deadline().remaining())
        self._with_body("PATCH", path, query, patch, limit=_MAX_REVIEW * 4, deadline=bound)

    def _with_body(
        self,
        method: Literal["POST", "PATCH"],
        path: str,
        query: Query,
        body: bytes,
        *,
        limit: int,
        deadline: Deadline | None = None,
    ) -> Answer:
        bound = deadline or self._request_deadline()
        response = self._renewing(
            lambda: self._send(path, query, "application/json", limit, bound, body, method=method),
            lambda response: response.status == 401,
        )
        self._pass_warnings(response)
        if not 200 <= response.status < 300:
            raise of_response(response.status, response.body)
        return Answer(response.status, response.body, response.headers.get("Date") or None)

    # -- exec ------------------------------------------------------------------------------------

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        command: Sequence[str],
        *,
        stdin: bytes | None,
        deadline: Deadline,
        stdout_limit: int,
        stderr_limit: int,
        begun: Callable[[], None] | None = None,
    ) -> ExecResult:
        """Runs a command in a container over a WebSocket (v5, then v4, of channel.k8s.io).

        `stdin` is sent and then held open until the command has ended: its end of file tells the
        command that its output is no longer read. A refused exec is a ClusterError; whatever
        happens once it runs is in the result.
        """
        from kubectl_podx.cluster import exec_protocol  # noqa: PLC0415 - costs 10 ms

        query = [("command", word) for word in command]
        query += [("container", container), ("stdin", "true" if stdin is not None else "false")]
        query += [("stdout", "true"), ("stderr", "true")]
        path = api_path("api/v1", "pods", namespace, pod, "exec")
        request = exec_protocol.ExecRequest(
            target=self._target(path, query),
            host=self._access.authority,
            stdin=stdin,
            stdout_limit=stdout_limit,
            stderr_limit=stderr_limit,
            begun=begun,
        )
        bound = deadline.within(self._deadline.remaining())

        def attempt() -> ExecResult | ClusterError:
            try:
                return self._on_connection(
                    bound,
                    lambda stream: (exec_protocol.run(stream, request, self._headers()), False),
                    long=True,
                )
            except ClusterError as error:
                return error

        result = self._renewing(
            attempt,
            lambda result: isinstance(result, ClusterError) and result.kind == "unauthorized",
        )
        if isinstance(result, ClusterError):
            raise result
        return result

    # -- probes that are run by hand ---------------------------------------------------------------

    def fetch(self, path: str, *, limit: int, deadline: Deadline) -> Response:
        """One GET whose answer counts whatever its status is: of a pod, through `pods/proxy`.

        The body is cut at `limit` bytes; nothing is asked for again.
        """
        bound = deadline.within(self._request_deadline().remaining())
        return self._send(path, (), "*/*", limit, bound, cut=True)

    def port_forward(
        self,
        namespace: str,
        pod: str,
        port: int,
        use: Callable[[Tunnel], _T],
        *,
        deadline: Deadline,
    ) -> _T:
        """What `use` makes of a connection to a port on the pod's own loopback.

        A refused port forward is a ClusterError; a port without a listener a TunnelError.
        """
        from kubectl_podx.cluster.port_forward import open_tunnel  # noqa: PLC0415 - costs 10 ms

        path = api_path("api/v1", "pods", namespace, pod, "portforward")
        target = self._target(path, (("ports", str(port)),))

        def talk(stream: Stream) -> tuple[_T, bool]:
            tunnel = open_tunnel(stream, target, self._access.authority, self._headers())
            try:
                return use(tunnel), False
            finally:
                stream.close()

        return self._on_connection(deadline.within(self._deadline.remaining()), talk)

    # -- inside ----------------------------------------------------------------------------------

    def _request_deadline(self) -> Deadline:
        seconds = self._access.request_timeout
        return self._deadline if seconds is None else self._deadline.within(seconds)

    def _headers(self) -> Headers:
        return [("User-Agent", self._user_agent), *self._credentials.headers()]

    def _target(self, path: str, query: Query) -> str:
        target = self._access.prefix + path
        return f"{target}?{urlencode(query)}" if query else target

    def _send(
        self,
        path: str,
        query: Query,
        accept: str,
        limit: int,
        deadline: Deadline,
        question: bytes | None = None,
        *,
        method: Method = "GET",
        cut: bool | None = None,
        bulk: bool = False,
    ) -> Response:
        headers = [("Accept", accept), *self._headers()]
        if not self._access.disable_compression and not (bulk and _is_near(self._access.host)):
            headers.append(("Accept-Encoding", "gzip"))
        target = self._target(path, query)
        cut = path.endswith("/log") if cut is None else cut

        def use(stream: Stream) -> tuple[Response, bool]:
            host = self._access.authority
            response = send_request(
                stream, host, target, headers, limit=limit, cut=cut, method=method, body=question
            )
            return response, response.reusable

        return self._on_connection(deadline, use)

    def _on_connection(
        self,
        deadline: Deadline,
        use: Callable[[Stream], tuple[_T, bool]],
        *,
        long: bool = False,
    ) -> _T:
        """Lends a connection to `use`, which says whether it can serve again.

        One that the server closed while it stood idle is replaced once by a new one.
        """
        for fresh in (False, True):
            stream = self._pool.acquire(deadline, fresh=fresh, long=long)
            try:
                result, reusable = use(stream)
            except ConnectionGoneError:
                self._pool.discard(stream)
                if self._cancelled.is_set():
                    raise ClusterError("failed", "interrupted") from None
                continue
            except BaseException:
                self._pool.discard(stream)
                raise
            if reusable:
                self._pool.release(stream)
            else:
                self._pool.discard(stream)
            return result
        raise unreachable("EOF")

    def _renewing(self, attempt: Callable[[], _T], refused: Callable[[_T], bool]) -> _T:
        """The attempt, and once more with a renewed credential where a plugin's was refused."""
        generation = self._credentials.generation
        result = attempt()
        if not self._credentials.renewable or not refused(result):
            return result
        if self._credentials.renew(max(generation, 1)):
            self._pool.drop_idle()
        return attempt()

    def _pass_warnings(self, response: Response) -> None:
        for header in response.headers.get_all("Warning"):
            for code, text in _WARNING.findall(header):
                line = shown(re.sub(r"\\(.)", r"\1", text), 512)
                with self._warning_lock:
                    known = line in self._warned or len(self._warned) >= _MAX_WARNINGS
                    self._warned.add(line)
                if code == "299" and not known:
                    self._on_warning(line)


def _is_near(host: str) -> bool:
    """Whether the server, or what stands before it, is this very machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


class _ListMeta(msgspec.Struct, rename={"continues": "continue"}):
    continues: str | None = None


class _List(msgspec.Struct):
    metadata: _ListMeta | None = None


_LIST_DECODER = Decoder(_List)


def retry_after(response: Response) -> float | None:
    """Seconds that the server asks to wait before the same request (429 and 503 only)."""
    value = response.headers.get("Retry-After", "").strip()
    if response.status not in (429, 503) or not re.fullmatch(r"\d{1,6}", value):
        return None
    return float(value)


def continue_token(body: bytes) -> str:
    """Where the next page of a list begins; empty on the last one. ClusterError for no list."""
    try:
        metadata = _LIST_DECODER.decode(body).metadata
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ClusterError("failed", "the server answered with something that is no list") from None
    return (metadata.continues or "") if metadata else ""
