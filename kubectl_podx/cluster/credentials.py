"""Who we are on the wire: the headers of a request and the certificate of a handshake."""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.kubeconfig import AuthProvider
from kubectl_podx.cluster.tls import make_context, read_file
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import InputError

if TYPE_CHECKING:
    import subprocess

Headers = list[tuple[str, str]]
AskProvider = Callable[[AuthProvider, Mapping[str, str], Deadline], str]
"""Gives the bearer token of a legacy entry. Passed in: it needs connections of its own."""

# RFC 7230 `token` without the percent sign, which the escape itself needs (client-go
# `legalHeaderKeyBytes`).
_KEY_BYTES = frozenset(
    b"!#$&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)


class Credentials:
    """The identity of one run. A plugin is run at most once at a time, and only when needed."""

    def __init__(
        self,
        access: Access,
        environ: Mapping[str, str],
        deadline: Deadline,
        ask_provider: AskProvider | None = None,
    ) -> None:
        self._access = access
        self._ask_provider = ask_provider
        self._environ = environ
        self._deadline = deadline
        self._lock = threading.Lock()
        self._plugin_process: subprocess.Popen[bytes] | None = None
        self._token = access.token
        self._certificate = b""
        self._key = b""
        self._expires: datetime | None = None
        self._ready = False
        self._context: ssl.SSLContext | None = None
        self.generation = 0
        """Counts the runs of the plugin: tells whether somebody else has renewed already."""
        # client-go `UpdateTransportConfig`: whoever brings a credential wants that one used.
        has_own = (
            access.token
            or access.token_file
            or access.username
            or access.client_certificate_file
            or access.client_certificate_data
        )
        self._plugin = None if has_own else access.exec_plugin
        self._provider = None if has_own else access.auth_provider

    @property
    def renewable(self) -> bool:
        """Whether a 401 may be answered with a fresh credential."""
        return self._plugin is not None

    def context(self) -> ssl.SSLContext:
        """The TLS context with this identity's client certificate."""
        with self._lock:
            self._prepare()
            if self._context is None:
                self._context = make_context(self._access, self._certificate, self._key)
            return self._context

    def headers(self) -> Headers:
        """Authorization and impersonation headers; the same header may come several times."""
        with self._lock:
            self._prepare()
            token = self._current_token()
        access = self._access
        headers: Headers = []
        if token:
            headers.append(("Authorization", f"Bearer {token}"))
        elif access.username or access.password:
            pair = b64encode(f"{access.username}:{access.password}".encode()).decode()
            headers.append(("Authorization", f"Basic {pair}"))
        return headers + impersonation(access)

    def renew(self, generation: int) -> bool:
        """Runs the plugin again, unless it ran since `generation` was read.

        Returns whether it brought another client certificate: connections then have to be new.
        """
        with self._lock:
            before = self._context
            if self.generation == generation and self._plugin is not None:
                self._run_plugin()
            return self._context is not before

    def cancel(self) -> None:
        """Ends a plugin that is still running."""
        process = self._plugin_process
        if process is not None and process.poll() is None:
            process.kill()

    # -- under the lock --------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._ready:
            if self._expires is not None and datetime.now(UTC) > self._expires:
                self._run_plugin()
            return
        access = self._access
        if self._plugin is not None:
            self._run_plugin()
        elif self._provider is not None and self._ask_provider is not None:
            self._token = self._ask_provider(self._provider, self._environ, self._deadline)
        if access.client_certificate_data or access.client_certificate_file:
            self._certificate = access.client_certificate_data or read_file(
                access.client_certificate_file
            )
            self._key = access.client_key_data or read_file(access.client_key_file)
        self._ready = True

    def _run_plugin(self) -> None:
        from kubectl_podx.cluster.exec_plugin import run_plugin  # noqa: PLC0415 - costs 2 ms

        if self._plugin is None:
            return
        found = run_plugin(
            self._access, self._plugin, self._environ, self._deadline, self._note_process
        )
        if (found.certificate, found.key) != (self._certificate, self._key):
            self._context = None
        self._token, self._certificate, self._key = found.token, found.certificate, found.key
        self._expires = found.expires
        self.generation += 1

    def _note_process(self, process: subprocess.Popen[bytes]) -> None:
        self._plugin_process = process

    def _current_token(self) -> str:
        path = self._access.token_file
        if not path:
            return self._token
        try:
            token = read_file(path).decode("utf-8", "replace").strip()
        except InputError:
            # As client-go: the last token that could be read serves on.
            if not self._token:
                raise
            return self._token
        self._token = token or self._token
        return self._token


def impersonation(access: Access) -> Headers:
    """The Impersonate-* headers, each value of a list in one of its own."""
    if not access.as_user:
        return []
    headers = [("Impersonate-User", access.as_user)]
    if access.as_uid:
        headers.append(("Impersonate-Uid", access.as_uid))
    headers += [("Impersonate-Group", group) for group in access.as_groups]
    for key, values in access.as_user_extra:
        name = "Impersonate-Extra-" + "".join(
            chr(byte) if byte in _KEY_BYTES else f"%{byte:02X}" for byte in key.encode()
        )
        headers += [(name, value) for value in values]
    return headers


def check_headers(headers: Headers) -> Headers:
    """The headers, or ClusterError where a value could end its line; the value is not shown."""
    for name, value in headers:
        if any(ord(char) < 0x20 or ord(char) == 0x7F for char in value):
            raise ClusterError("failed", f"invalid header field value for {name!r}")
    return headers
