"""Which proxy stands before a server: Go's rules for the environment, or the kubeconfig's own."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from kubectl_podx.model.errors import InputError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_PORTS = {"http": 80, "https": 443, "socks5": 1080}


class Proxy(NamedTuple):
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
