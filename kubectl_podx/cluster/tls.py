"""How a server is reached: one TLS context for all connections, and the proxy before it."""

from __future__ import annotations

import os
import re
import ssl
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.errors import ClusterError, shown, unreachable
from kubectl_podx.model.errors import InputError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_EXPIRED = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_UNTRUSTED = (2, 18, 19, 20, 21)  # no issuer, self-signed, no leaf signature
_WRONG_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH


def make_context(access: Access, certificate: bytes, key: bytes) -> ssl.SSLContext:
    """The context for this server, with the client certificate (PEM) where there is one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # As Go: a certificate in the pool is a root even if another one signed it, and a common
    # name is no host name.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.hostname_checks_common_name = False
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif access.ca_data or access.ca_file:
        _load_roots(context, access)
    else:
        _load_system_roots(context)
    if certificate:
        load_client_certificate(context, certificate, key)
    return context


def _load_roots(context: ssl.SSLContext, access: Access) -> None:
    content = access.ca_data or read_file(access.ca_file)
    try:
        context.load_verify_locations(cadata=content.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise InputError(
            "unable to load root certificates: unable to parse bytes as PEM block"
        ) from None


def _load_system_roots(context: ssl.SSLContext) -> None:
    """The system's roots; certifi's where Python was built without any (python.org's macOS)."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        context.load_default_certs()
        return
    import certifi  # noqa: PLC0415 - rarely needed

    context.load_verify_locations(cafile=certifi.where())


def read_file(path: str) -> bytes:
    """A certificate's or a token's file; InputError in kubectl's words where it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise InputError(f"open {shown(path)}: {why}") from None


def load_client_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Gives the context a certificate and key that are in memory.

    `ssl` reads files only. They go through an anonymous file in memory where the system has
    such, else through a file of mode 0600 that is removed at once.
    """
    pem = certificate + b"\n" + key
    try:
        with _PemFile(pem) as path:
            # The empty password: an encrypted key is an error, never a question at the terminal.
            context.load_cert_chain(path, password="")
    except (OSError, ValueError) as error:
        # ssl.SSLError is an OSError.
        mismatch = "MISMATCH" in str(getattr(error, "reason", ""))
        why = (
            "private key does not match public key"
            if mismatch
            else "failed to find any usable PEM data in certificate or key input"
        )
        raise InputError(f"tls: {why}") from None


class _PemFile:
    """A path under which `pem` can be read once, for as long as the block runs."""

    def __init__(self, pem: bytes) -> None:
        self._pem = pem
        self._descriptor = -1
        self._path = ""

    def __enter__(self) -> str:
        if sys.platform == "linux" and hasattr(os, "memfd_create"):
            self._descriptor = os.memfd_create("podx", os.MFD_CLOEXEC)
            path = f"/proc/self/fd/{self._descriptor}"
            if Path(path).exists():
                os.write(self._descriptor, self._pem)
                return path
            os.close(self._descriptor)
        import tempfile  # noqa: PLC0415 - only where there is no memfd

        self._descriptor, self._path = tempfile.mkstemp(prefix="podx-")
        os.write(self._descriptor, self._pem)
        return self._path

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)
        if self._path:
            Path(self._path).unlink(missing_ok=True)


def of_tls_error(error: ssl.SSLError, host: str) -> ClusterError:
    """Why a TLS handshake failed, in Go's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = error.verify_code
        if code in _EXPIRED:
            why = "certificate has expired or is not yet valid"
        elif code in _UNTRUSTED:
            why = "certificate signed by unknown authority"
        elif code in _WRONG_NAME:
            why = f"certificate is not valid for {shown(host, 253)}"
        else:
            why = shown(error.verify_message, 200)
        return unreachable(f"tls: failed to verify certificate: x509: {why}")
    reason = str(error.reason or "")
    alert = re.search(r"ALERT_(\w+)$", reason)
    if alert:
        return unreachable(f"remote error: tls: {alert[1].lower().replace('_', ' ')}")
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return unreachable("tls: first record does not look like a TLS handshake")
    return unreachable("tls: handshake failure")


_PORTS = {"http": 80, "https": 443, "socks5": 1080}


class Proxy(Struct, frozen=True):
    """An HTTP proxy that is asked for a tunnel."""

    host: str
    port: int
    authorization: str = ""
    """The Proxy-Authorization header's value; empty for none."""


def proxy_for(
    scheme: str, host: str, port: int, proxy_url: str, environ: Mapping[str, str]
) -> Proxy | None:
    """The proxy for `scheme://host:port`, or None for the direct way.

    A kubeconfig's `proxy-url` always applies. Else HTTPS_PROXY or HTTP_PROXY by the server's
    scheme (never ALL_PROXY), unless the host is loopback or NO_PROXY names it
    (golang.org/x/net/http/httpproxy). Raises InputError for a proxy that podx cannot use.
    """
    if proxy_url:
        return _parsed(proxy_url, "proxy-url in the kubeconfig")
    names = ("HTTPS_PROXY", "https_proxy") if scheme == "https" else ("HTTP_PROXY", "http_proxy")
    found = _first(environ, *names)
    if not found or not uses_proxy(host, port, _first(environ, "NO_PROXY", "no_proxy")):
        return None
    return _parsed(found if "://" in found else f"http://{found}", names[0])


def _first(environ: Mapping[str, str], *names: str) -> str:
    return next((value for name in names if (value := environ.get(name))), "")


def _parsed(url: str, where: str) -> Proxy:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise InputError(f"invalid proxy address ({where})") from None
    if parts.scheme in ("socks5", "socks5h", "https"):
        raise InputError(
            f"the proxy of {where} is a {parts.scheme} proxy: podx can use http proxies only"
        )
    if parts.scheme != "http" or not host:
        raise InputError(f"invalid proxy address ({where})")
    authorization = ""
    if user or password:
        authorization = "Basic " + b64encode(f"{user}:{password}".encode()).decode()
    return Proxy(host, port, authorization)


def uses_proxy(host: str, port: int, no_proxy: str) -> bool:
    """Whether NO_PROXY lets `host:port` go through the proxy."""
    from ipaddress import ip_address  # noqa: PLC0415 - only where a proxy is set

    host = host.lower().strip()
    if host == "localhost":
        return False
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        return False
    entries = [entry.strip().lower() for entry in no_proxy.split(",")]
    return not any(_names(entry, host, port, address) for entry in entries if entry)


def _names(entry: str, host: str, port: int, address: IPv4Address | IPv6Address | None) -> bool:
    """Whether one entry of NO_PROXY (`*`, CIDR, address, domain; perhaps a port) names a host."""
    from ipaddress import ip_address, ip_network  # noqa: PLC0415 - as above

    if entry == "*":
        return True
    try:
        if "/" in entry:
            return address is not None and address in ip_network(entry, strict=False)
        name, entry_port = _split_port(entry)
        if entry_port not in ("", str(port)):
            return False
        if address is not None:
            return ip_address(name) == address
    except ValueError:
        return False
    return _domain_matches(host, name)


def _split_port(entry: str) -> tuple[str, str]:
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""


def _domain_matches(host: str, name: str) -> bool:
    """`foo.com` names itself and its subdomains; `.foo.com` and `*.foo.com` only the latter."""
    name = name.removeprefix("*") if name.startswith("*.") else name
    if not name:
        return False
    if name.startswith("."):
        return host.endswith(name)
    return host == name or host.endswith(f".{name}")
