"""What kubectl refuses about a cluster and a user entry before it asks the server anything."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from kubectl_podx.cluster.errors import quoted, shown
from kubectl_podx.cluster.kubeconfig import AuthProvider, Cluster, ExecPlugin, User


def cluster_problems(name: str, cluster: Cluster) -> list[str]:
    """What clientcmd's `validateClusterInfo` and the transport refuse."""
    found = _server_problems(cluster.server)
    scheme = cluster.proxy_url.partition(":")[0]
    if cluster.proxy_url and scheme not in ("http", "https", "socks5"):
        # The URL may hold a password and is not shown.
        found.append(
            f"invalid 'proxy-url' for cluster {quoted(name)}: "
            "unsupported scheme, must be http, https, or socks5"
        )
    path = cluster.certificate_authority
    if path and cluster.certificate_authority_data:
        found.append(
            "certificate-authority-data and certificate-authority are both specified for "
            f"{shown(name)}. certificate-authority-data will override."
        )
    if path:
        found += _unreadable("certificate-authority", path, name)
    if cluster.insecure_skip_tls_verify and (path or cluster.certificate_authority_data):
        found.append("specifying a root certificates file with the insecure flag is not allowed")
    return found


def _server_problems(server: str) -> list[str]:
    url = server if "://" in server else f"http://{server}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
        parts = urlsplit("")
    if not usable or not url.isprintable() or " " in url:
        return [f"host must be a URL or a host:port pair: {quoted(server)}"]
    if parts.scheme not in ("http", "https"):
        return [f"unsupported protocol scheme {quoted(parts.scheme)}"]
    if url != server and parts.path.strip("/"):
        return [f"host must be a URL or a host:port pair: {quoted(server)}"]
    return []


def user_problems(name: str, user: User) -> list[str]:
    """What clientcmd's `validateAuthInfo` refuses."""
    found: list[str] = []
    who = shown(name)
    if user.client_certificate or user.client_certificate_data:
        found += _certificate_problems(who, user)
    if user.exec is not None:
        found += _plugin_problems(who, user.exec, user.auth_provider)
    if user.token and (user.username or user.password):
        found.append(
            f"more than one authentication method found for {who}; "
            "found [token basicAuth], only one is allowed"
        )
    if (user.as_uid or user.as_groups or user.as_user_extra) and not user.as_user:
        found.append(f"requesting uid, groups or user-extra for {who} without impersonating a user")
    return found


def _certificate_problems(who: str, user: User) -> list[str]:
    found: list[str] = []
    if user.client_certificate and user.client_certificate_data:
        found.append(
            f"client-cert-data and client-cert are both specified for {who}. "
            "client-cert-data will override."
        )
    if user.client_key and user.client_key_data:
        found.append(
            f"client-key-data and client-key are both specified for {who}; "
            "client-key-data will override"
        )
    if not user.client_key and not user.client_key_data:
        found.append(
            f"client-key-data or client-key must be specified for {who} "
            "to use the clientCert authentication method."
        )
    if user.client_certificate:
        found += _unreadable("client-cert", user.client_certificate, who)
    if user.client_key:
        found += _unreadable("client-key", user.client_key, who)
    return found


def _plugin_problems(who: str, plugin: ExecPlugin, provider: AuthProvider | None) -> list[str]:
    use = f"must be specified for {who} to use exec authentication plugin"
    found: list[str] = []
    if provider is not None:
        found.append(
            f"authProvider cannot be provided in combination with an exec plugin for {who}"
        )
    if not plugin.command:
        found.append(f"command {use}")
    if not plugin.api_version:
        found.append(f"apiVersion {use}")
    if any(not variable.name for variable in plugin.env):
        found.append(f"env variable name {use}")
    if not plugin.interactive_mode:
        found.append(f"interactiveMode {use}")
    elif plugin.interactive_mode not in ("Never", "IfAvailable", "Always"):
        found.append(f"invalid interactiveMode for {who}: {quoted(plugin.interactive_mode)}")
    return found


def _unreadable(what: str, path: str, name: str) -> list[str]:
    try:
        with Path(path).open("rb"):
            return []
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        return [
            (
                f"unable to read {what} {shown(path)} for {shown(name)} due to "
                f"open {shown(path)}: {why}"
            )
        ]


def as_text(problems: list[str]) -> str:
    """The problems as kubectl prints them: one alone, several as a list."""
    if len(problems) == 1:
        return problems[0]
    return "Error in configuration: \n" + "\n".join(f"* {problem}" for problem in problems)
