"""kuberc's word on which credential plugins may run (kubectl's KEP-5735)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kubectl_podx.cluster.errors import quoted, shown
from kubectl_podx.cluster.plain_yaml import load_documents
from kubectl_podx.model.errors import BadYamlError, InputError

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
