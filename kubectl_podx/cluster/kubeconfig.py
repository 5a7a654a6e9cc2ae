"""kubeconfig files -> one merged configuration -> the cluster and user in use. Pure.

The rules are those of client-go's `clientcmd`: of several files the first value wins, for each
named entry as a whole and for `current-context`; relative paths are relative to their own file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kubectl_podx.cluster.errors import quoted, shown
from kubectl_podx.cluster.plain_yaml import load_documents
from kubectl_podx.model.errors import BadYamlError, InputError

_EXEC_EXTENSION = "client.authentication.k8s.io/exec"

# SetDefaults_ExecConfig: only these may leave the mode out.
_BETA_VERSIONS = (
    "client.authentication.k8s.io/v1beta1",
    "client.authentication.k8s.io/v1alpha1",
)


class _Part(msgspec.Struct, rename="kebab"):
    """A part of the file; its printed form never shows values, which may be tokens."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Extension(_Part):
    """A named extension of a cluster."""

    name: str = ""
    extension: Any = None


class Cluster(_Part):
    """`clusters[].cluster`."""

    server: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False
    certificate_authority: str = ""
    certificate_authority_data: bytes = b""
    proxy_url: str = ""
    disable_compression: bool = False
    extensions: list[Extension] = []

    def exec_config(self) -> Any:
        """What `provideClusterInfo` hands on as the plugin's own configuration."""
        return next((e.extension for e in self.extensions if e.name == _EXEC_EXTENSION), None)


class ExecVariable(_Part):
    """`users[].user.exec.env[]`."""

    name: str = ""
    value: str = ""


class ExecPlugin(msgspec.Struct, rename="camel"):
    """`users[].user.exec`: the credential plugin."""

    command: str = ""
    args: list[str] = []
    env: list[ExecVariable] = []
    api_version: str = ""
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = ""

    def __repr__(self) -> str:
        return "<ExecPlugin>"


class AuthProvider(_Part):
    """`users[].user.auth-provider`: the legacy way."""

    name: str = ""
    config: dict[str, str] = {}


class User(_Part):
    """`users[].user`."""

    client_certificate: str = ""
    client_certificate_data: bytes = b""
    client_key: str = ""
    client_key_data: bytes = b""
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    as_user: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: list[str] = []
    as_user_extra: dict[str, list[str]] = {}
    username: str = ""
    password: str = ""
    auth_provider: AuthProvider | None = None
    exec: ExecPlugin | None = None


class Context(_Part):
    """`contexts[].context`."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(_Part):
    name: str = ""
    cluster: Cluster = msgspec.field(default_factory=Cluster)


class _NamedUser(_Part):
    name: str = ""
    user: User = msgspec.field(default_factory=User)


class _NamedContext(_Part):
    name: str = ""
    context: Context = msgspec.field(default_factory=Context)


class _File(_Part):
    kind: str = ""
    api_version: str = msgspec.field(default="", name="apiVersion")
    current_context: str = ""
    clusters: list[_NamedCluster] = []
    users: list[_NamedUser] = []
    contexts: list[_NamedContext] = []


class Kubeconfig(msgspec.Struct):
    """One file, or several merged; the entries by name."""

    current_context: str = ""
    clusters: dict[str, Cluster] = {}
    users: dict[str, User] = {}
    contexts: dict[str, Context] = {}

    def __repr__(self) -> str:
        return f"<Kubeconfig current-context={shown(self.current_context)}>"


def parse(content: bytes, path: str) -> Kubeconfig:
    """One file's content; `path` says where relative paths in it begin.

    Raises InputError with the place and the kind of the mistake, never with a value.
    """
    try:
        documents = load_documents(content, first_only=True)
    except BadYamlError as error:
        raise _bad_file(path, f"yaml: {error}") from None
    if not documents or documents[0] is None:
        return Kubeconfig()
    try:
        file = msgspec.convert(_tidy(documents[0]), _File)
    except msgspec.ValidationError as error:
        # msgspec names the types and the path in the document, which hold no values.
        raise _bad_file(path, f"{shown(str(error), 200)}") from None
    if file.kind not in ("", "Config") or file.api_version not in ("", "v1"):
        raise _bad_file(
            path,
            f"no kind {quoted(file.kind or 'Config')} is registered for version "
            f"{quoted(file.api_version or 'v1')}",
        )
    base = Path(path).absolute().parent
    config = Kubeconfig(
        file.current_context,
        _by_name(path, "clusters", [(entry.name, entry.cluster) for entry in file.clusters]),
        _by_name(path, "users", [(entry.name, entry.user) for entry in file.users]),
        _by_name(path, "contexts", [(entry.name, entry.context) for entry in file.contexts]),
    )
    _resolve_paths(config, base)
    return config


def merge(files: Sequence[Kubeconfig]) -> Kubeconfig:
    """The files as one: the first that names an entry, or a current context, wins."""
    merged = Kubeconfig()
    for file in files:
        merged.current_context = merged.current_context or file.current_context
        merged.clusters = file.clusters | merged.clusters
        merged.users = file.users | merged.users
        merged.contexts = file.contexts | merged.contexts
    return merged


def file_names(explicit: str, environ: Mapping[str, str], home: str) -> list[str]:
    """The files to read: `--kubeconfig` alone, else those of KUBECONFIG, else ~/.kube/config."""
    if explicit:
        return [explicit]
    listed = environ.get("KUBECONFIG", "")
    if listed:
        return [name for name in dict.fromkeys(listed.split(os.pathsep)) if name]
    return [str(Path(home, ".kube", "config"))]


def load(explicit: str, environ: Mapping[str, str], home: str) -> Kubeconfig:
    """Reads and merges the files; missing ones are ignored, an explicit one must be there."""
    files: list[Kubeconfig] = []
    for name in file_names(explicit, environ, home):
        try:
            content = Path(name).read_bytes()
        except FileNotFoundError:
            if explicit:
                raise InputError(f"stat {shown(name)}: no such file or directory") from None
            continue
        except OSError as error:
            why = os.strerror(error.errno or 0).lower()
            raise _bad_file(name, f"read {shown(name)}: {why}") from None
        files.append(parse(content, name))
    return merge(files)


def _bad_file(path: str, why: str) -> InputError:
    return InputError(f'error loading config file "{shown(path)}": {why}')


def _tidy(value: Any) -> Any:
    """Null is absent, as in Go; base64 may be folded over lines."""
    if isinstance(value, dict):
        return {
            key: "".join(item.split())
            if isinstance(item, str) and str(key).endswith("-data")
            else _tidy(item)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_tidy(item) for item in value if item is not None]
    return value


_T = TypeVar("_T")


def _by_name(path: str, what: str, entries: Sequence[tuple[str, _T]]) -> dict[str, _T]:
    found: dict[str, _T] = {}
    for name, entry in entries:
        if name in found:
            raise _bad_file(path, f"duplicate name {quoted(name)} in {what}")
        found[name] = entry
    return found


def _resolve_paths(config: Kubeconfig, base: Path) -> None:
    def absolute(ref: str) -> str:
        return os.path.normpath(base / ref) if ref else ref

    for cluster in config.clusters.values():
        cluster.certificate_authority = absolute(cluster.certificate_authority)
    for user in config.users.values():
        user.client_certificate = absolute(user.client_certificate)
        user.client_key = absolute(user.client_key)
        user.token_file = absolute(user.token_file)
        plugin = user.exec
        if plugin is None:
            continue
        # A bare command is looked up in PATH instead.
        if os.sep in plugin.command:
            plugin.command = absolute(plugin.command)
        if not plugin.interactive_mode and plugin.api_version in _BETA_VERSIONS:
            plugin.interactive_mode = "IfAvailable"


_VERSIONS = ("kubectl.config.k8s.io/v1beta1", "kubectl.config.k8s.io/v1alpha1")


class _Entry(msgspec.Struct):
    name: str = ""
    command: str = ""


class _Preference(msgspec.Struct, rename="camel"):
    kind: str = ""
    api_version: str = ""
    credential_plugin_policy: str | None = None
    credential_plugin_allowlist: list[_Entry] | None = None


def check_plugin(command: str, environ: Mapping[str, str], home: str) -> None:
    """Raises InputError where kuberc forbids this credential plugin.

    The file is KUBERC or ~/.kube/kuberc; `KUBERC=off` or `KUBECTL_KUBERC=false` turns it off.
    A file named by KUBERC must be usable; the default one is a security setting as well, so
    here, unlike in kubectl, one that cannot be read stops the plugin too.
    """
    named = environ.get("KUBERC", "")
    if named == "off" or environ.get("KUBECTL_KUBERC", "").lower() in ("false", "0"):
        return
    path = Path(named) if named else Path(home, ".kube", "kuberc")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if named:
            raise InputError(f"kuberc: open {shown(named)}: no such file or directory") from None
        return
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise InputError(f"kuberc: open {shown(str(path))}: {why}") from None
    preference = _preference(content, str(path))
    if preference is not None:
        _apply(preference, command, environ)


def _preference(content: bytes, path: str) -> _Preference | None:
    """The first document that is a Preference of a known version."""
    try:
        documents = load_documents(content, first_only=False)
    except BadYamlError as error:
        raise InputError(f"kuberc: {shown(path)}: yaml: {error}") from None
    for document in documents:
        try:
            preference = msgspec.convert(document, _Preference)
        except msgspec.ValidationError:
            continue
        if preference.kind == "Preference" and preference.api_version in _VERSIONS:
            return preference if preference.api_version == _VERSIONS[0] else None
    if any(document is not None for document in documents):
        raise InputError(f"kuberc: no valid preferences found in {shown(path)}")
    return None


def _apply(preference: _Preference, command: str, environ: Mapping[str, str]) -> None:
    policy = preference.credential_plugin_policy or ""
    allowed = preference.credential_plugin_allowlist
    if policy in ("", "AllowAll", "DenyAll"):
        if allowed is not None:
            raise InputError(
                "misconfigured credential plugin allowlist: "
                f"plugin policy is {quoted(policy)} but allowlist is non-nil"
            )
        if policy == "DenyAll":
            raise InputError(
                f"getting credentials: plugin {quoted(command)} not allowed: "
                'policy set to "DenyAll"'
            )
        return
    if policy != "Allowlist":
        raise InputError(f"unknown plugin policy: {quoted(policy)}")
    if not allowed:
        raise InputError(
            'credential plugin policy set to "Allowlist", but allowlist is unspecified or empty'
        )
    import shutil  # noqa: PLC0415 - only where a list of plugins is kept

    search = environ.get("PATH", os.defpath)
    mine = shutil.which(command, path=search)
    for entry in allowed:
        listed = entry.command or entry.name
        if not listed or os.path.normpath(listed) != listed:
            raise InputError(f"misconfigured credential plugin allowlist entry {quoted(listed)}")
        if mine is not None and shutil.which(listed, path=search) == mine:
            return
    raise InputError(
        f"getting credentials: plugin path {quoted(mine or command)} is not permitted "
        "by the credential plugin allowlist"
    )
