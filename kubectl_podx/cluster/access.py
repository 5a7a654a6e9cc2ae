"""Where the server is and who we are: kubeconfig, flags and environment as kubectl reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kubectl_podx.cluster import kubeconfig
from kubectl_podx.cluster.errors import quoted, shown
from kubectl_podx.cluster.kubeconfig import AuthProvider, Cluster, Context, ExecPlugin, User
from kubectl_podx.model.clock import parse_timeout
from kubectl_podx.model.errors import InputError


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


SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class AccessFlags(msgspec.Struct, frozen=True, kw_only=True):
    """kubectl's connection flags; None and empty mean that the flag was not given."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool = False
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    token: str | None = None
    username: str | None = None
    password: str | None = None
    as_user: str | None = None
    as_uid: str | None = None
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[str, ...] = ()
    """Each `KEY=VALUE`; a key may come more than once."""
    request_timeout: str | None = None
    disable_compression: bool = False
    proxy_url: str | None = None

    def __repr__(self) -> str:
        # Some of them are credentials.
        return "<AccessFlags>"


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """One server and one identity, with every path absolute and every override applied."""

    server: str
    """`https://HOST[:PORT][/PREFIX]`, without a slash at the end."""
    namespace: str = "default"
    context: str = ""
    """The context's name; empty where none is in use."""
    tls_server_name: str = ""
    insecure: bool = False
    ca_file: str = ""
    ca_data: bytes = b""
    """PEM; it wins over `ca_file`. Without either the system's roots are trusted."""
    proxy_url: str = ""
    disable_compression: bool = False
    client_certificate_file: str = ""
    client_certificate_data: bytes = b""
    client_key_file: str = ""
    client_key_data: bytes = b""
    token: str = ""
    token_file: str = ""
    """Read again for every request; what it holds wins over `token`."""
    username: str = ""
    password: str = ""
    exec_plugin: ExecPlugin | None = None
    exec_config: Any = None
    """The cluster's own configuration for the plugin (`provideClusterInfo`)."""
    auth_provider: AuthProvider | None = None
    as_user: str = ""
    as_uid: str = ""
    as_groups: tuple[str, ...] = ()
    as_user_extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
    request_timeout: float | None = None
    """Seconds for one request; None: no bound of its own."""
    home: str = ""
    """Where ~/.kube/kuberc is looked for."""

    def __repr__(self) -> str:
        return f"<Access {self.server} namespace={self.namespace}>"

    @property
    def secure(self) -> bool:
        """Whether the server is spoken to over TLS: credentials go nowhere else."""
        return self.server.startswith("https://")

    @property
    def authority(self) -> str:
        """`HOST[:PORT]` as the kubeconfig writes it."""
        return urlsplit(self.server).netloc.rpartition("@")[2]

    @property
    def host(self) -> str:
        """The host alone, an IPv6 address without its brackets."""
        return urlsplit(self.server).hostname or ""

    @property
    def port(self) -> int:
        """The port, 443 or 80 where the URL has none."""
        return urlsplit(self.server).port or (443 if self.secure else 80)

    @property
    def prefix(self) -> str:
        """The path before `/api`, where a proxy serves several clusters; empty for none."""
        return urlsplit(self.server).path.rstrip("/")


def resolve_access(
    flags: AccessFlags,
    environ: Mapping[str, str],
    home: str,
    *,
    service_account: str = SERVICE_ACCOUNT,
) -> Access:
    """Reads the kubeconfig files and works out the access, or raises what kubectl would print."""
    config = kubeconfig.load(flags.kubeconfig or "", environ, home)
    context_name = flags.context or config.current_context
    if flags.context and flags.context not in config.contexts:
        raise InputError(f"context {quoted(flags.context)} does not exist")
    context = config.contexts.get(context_name, Context())
    user_name = flags.user or context.user
    cluster_name = flags.cluster or context.cluster
    if flags.user and flags.user not in config.users:
        raise InputError(f"auth info {quoted(flags.user)} does not exist")
    if flags.cluster and flags.cluster not in config.clusters:
        raise InputError(f"cluster {quoted(flags.cluster)} does not exist")
    if context_name and context_name not in config.contexts:
        raise InputError(
            "Error in configuration: context was not found for specified context: "
            + shown(context_name)
        )
    default = environ.get("KUBERNETES_MASTER") or "http://localhost:8080"
    cluster = override_cluster(config.clusters.get(cluster_name), flags, default)
    user = override_user(config.users.get(user_name), flags)
    problems = cluster_problems(cluster_name, cluster)
    problems += user_problems(user_name, user)
    if problems:
        raise InputError(as_text(problems))
    inside = _can_be_inside(environ, service_account)
    if inside and cluster.server == default and not flags.server:
        host, port = environ["KUBERNETES_SERVICE_HOST"], environ["KUBERNETES_SERVICE_PORT"]
        cluster, user = inside_cluster(host, port, flags, user, service_account)
    namespace = flags.namespace or context.namespace
    if not namespace:
        namespace = _inside_namespace(environ, service_account) if inside else "default"
    return _access(cluster, user, flags, context_name, namespace, home)


def override_cluster(found: Cluster | None, flags: AccessFlags, default: str) -> Cluster:
    """The cluster with the flags laid over it (clientcmd `getCluster`)."""
    cluster = msgspec.structs.replace(found) if found is not None else Cluster()
    cluster.server = flags.server or cluster.server or default
    cluster.proxy_url = flags.proxy_url or cluster.proxy_url
    cluster.disable_compression = cluster.disable_compression or flags.disable_compression
    if flags.insecure_skip_tls_verify or flags.certificate_authority:
        cluster.insecure_skip_tls_verify = flags.insecure_skip_tls_verify
        cluster.certificate_authority = flags.certificate_authority or ""
        cluster.certificate_authority_data = b""
    if flags.tls_server_name or flags.server:
        # Another server has another name: the kubeconfig's no longer fits.
        cluster.tls_server_name = flags.tls_server_name or ""
    return cluster


def override_user(found: User | None, flags: AccessFlags) -> User:
    """The user with the flags laid over it (clientcmd `getAuthInfo`)."""
    user = msgspec.structs.replace(found) if found is not None else User()
    if flags.token:
        user.token, user.token_file = flags.token, ""
    user.username = flags.username or user.username
    user.password = flags.password or user.password
    if flags.client_certificate:
        user.client_certificate, user.client_certificate_data = flags.client_certificate, b""
    if flags.client_key:
        user.client_key, user.client_key_data = flags.client_key, b""
    user.as_user = flags.as_user or user.as_user
    user.as_uid = flags.as_uid or user.as_uid
    user.as_groups = list(flags.as_groups) or user.as_groups
    extra: dict[str, list[str]] = {}
    for pair in flags.as_user_extra:
        key, sign, value = pair.partition("=")
        if sign:
            extra.setdefault(key, []).append(value)
    user.as_user_extra = user.as_user_extra | extra
    return user


def _can_be_inside(environ: Mapping[str, str], service_account: str) -> bool:
    return bool(
        environ.get("KUBERNETES_SERVICE_HOST")
        and environ.get("KUBERNETES_SERVICE_PORT")
        and Path(service_account, "token").is_file()
    )


def inside_cluster(
    host: str, port: str, flags: AccessFlags, user: User, service_account: str
) -> tuple[Cluster, User]:
    """A pod's own access (client-go `InClusterConfig`), with the token and CA flags over it."""
    where = f"[{host}]" if ":" in host else host
    authority = Path(service_account, "ca.crt")
    cluster = Cluster(
        server=f"https://{where}:{port}",
        certificate_authority=flags.certificate_authority
        or (str(authority) if authority.is_file() else ""),
        insecure_skip_tls_verify=flags.insecure_skip_tls_verify,
        tls_server_name=flags.tls_server_name or "",
        disable_compression=flags.disable_compression,
    )
    if cluster.insecure_skip_tls_verify:
        cluster.certificate_authority = ""
    mine = msgspec.structs.replace(user)
    if not flags.token:
        mine.token_file = str(Path(service_account, "token"))
    return cluster, mine


def _inside_namespace(environ: Mapping[str, str], service_account: str) -> str:
    named = environ.get("POD_NAMESPACE", "")
    if named:
        return named
    try:
        named = Path(service_account, "namespace").read_text(encoding="utf-8")
        return named.strip() or "default"
    except (OSError, ValueError):
        return "default"


def _access(
    cluster: Cluster,
    user: User,
    flags: AccessFlags,
    context_name: str,
    namespace: str,
    home: str,
) -> Access:
    server = cluster.server if "://" in cluster.server else f"http://{cluster.server}"
    access = Access(
        server=server.partition("?")[0].partition("#")[0].rstrip("/"),
        namespace=namespace,
        context=context_name,
        proxy_url=cluster.proxy_url,
        disable_compression=cluster.disable_compression,
        as_user=user.as_user,
        as_uid=user.as_uid,
        as_groups=tuple(user.as_groups),
        as_user_extra=tuple((key, tuple(values)) for key, values in user.as_user_extra.items()),
        request_timeout=parse_timeout(flags.request_timeout) if flags.request_timeout else None,
        home=home,
    )
    if not access.secure:
        # kubectl reads neither CA nor credentials for a plain connection.
        return access
    return msgspec.structs.replace(
        access,
        tls_server_name=cluster.tls_server_name,
        insecure=cluster.insecure_skip_tls_verify,
        ca_file=cluster.certificate_authority,
        ca_data=cluster.certificate_authority_data,
        client_certificate_file=user.client_certificate,
        client_certificate_data=user.client_certificate_data,
        client_key_file=user.client_key,
        client_key_data=user.client_key_data,
        token=user.token,
        token_file=user.token_file,
        username=user.username,
        password=user.password,
        exec_plugin=user.exec,
        exec_config=cluster.exec_config(),
        auth_provider=user.auth_provider,
    )
