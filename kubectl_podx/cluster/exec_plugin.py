"""Credentials from elsewhere: exec plugins (client.authentication.k8s.io)."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn

import msgspec
from msgspec import Struct

from kubectl_podx.cluster.access import Access
from kubectl_podx.cluster.errors import ClusterError, shown
from kubectl_podx.cluster.kubeconfig import ExecPlugin, check_plugin
from kubectl_podx.cluster.tls import read_file
from kubectl_podx.model.clock import Deadline, parse_time
from kubectl_podx.model.decoder import Decoder

_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MAX_SECONDS = 60.0
_MAX_OUTPUT = 1 << 20
_GRACE = 1.0


class PluginCredentials(Struct, frozen=True):
    """What a plugin returned; its printed form shows nothing of it."""

    token: str = ""
    certificate: bytes = b""
    key: bytes = b""
    expires: datetime | None = None

    def __repr__(self) -> str:
        return "<PluginCredentials>"


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: str | None = None


class _Credential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


_CREDENTIAL = Decoder(_Credential)


def run_plugin(
    access: Access,
    plugin: ExecPlugin,
    environ: Mapping[str, str],
    deadline: Deadline,
    started: Callable[[subprocess.Popen[bytes]], None],
) -> PluginCredentials:
    """Runs the plugin once. Any failure is a ClusterError: a request never goes on anonymously.

    What the plugin writes to stderr reaches the person, as with kubectl: it may be the code to
    log in with. Its stdout is never shown. `started` gets the process, to end it on interrupt.
    """
    if plugin.api_version not in _VERSIONS:
        _fail(f"exec plugin: invalid apiVersion {shown(plugin.api_version, 63)}")
    check_plugin(plugin.command, environ, access.home)
    interactive = _interactive(plugin)
    child_environ = dict(environ)
    child_environ.update({variable.name: variable.value for variable in plugin.env})
    child_environ["KUBERNETES_EXEC_INFO"] = exec_info(access, plugin, interactive).decode()
    output = _run(plugin, child_environ, interactive, deadline, started)
    return parse_credential(output, plugin.api_version)


def _interactive(plugin: ExecPlugin) -> bool:
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if plugin.interactive_mode == "Always" and not terminal:
        _fail("exec plugin cannot support interactive mode: standard input is not a terminal")
    return terminal and plugin.interactive_mode != "Never"


def exec_info(access: Access, plugin: ExecPlugin, interactive: bool) -> bytes:
    """KUBERNETES_EXEC_INFO: an ExecCredential whose spec tells the plugin what it may need."""
    spec: dict[str, Any] = {"interactive": interactive}
    if plugin.provide_cluster_info:
        authority = access.ca_data or (read_file(access.ca_file) if access.ca_file else b"")
        cluster = {
            "server": access.server,
            "tls-server-name": access.tls_server_name,
            "insecure-skip-tls-verify": access.insecure,
            "certificate-authority-data": b64encode(authority).decode(),
            "proxy-url": access.proxy_url,
            "disable-compression": access.disable_compression,
            "config": access.exec_config,
        }
        spec["cluster"] = {key: value for key, value in cluster.items() if value}
    return msgspec.json.encode(
        {"kind": "ExecCredential", "apiVersion": plugin.api_version, "spec": spec}
    )


def _run(
    plugin: ExecPlugin,
    environ: dict[str, str],
    interactive: bool,
    deadline: Deadline,
    started: Callable[[subprocess.Popen[bytes]], None],
) -> bytes:
    name = shown(plugin.command)
    try:
        process = subprocess.Popen(
            [plugin.command, *plugin.args],
            env=environ,
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
    except FileNotFoundError:
        hint = shown(" ".join(plugin.install_hint.split()), 500)
        _fail(
            f"exec: executable {name} not found: it is a credential plugin that is not installed"
            + (f" ({hint})" if hint else "")
        )
    except (OSError, ValueError) as error:
        number = error.errno if isinstance(error, OSError) else None
        _fail(f"exec: {name}: {os.strerror(number).lower() if number else 'cannot be run'}")
    started(process)
    try:
        output, _ = process.communicate(timeout=deadline.within(_MAX_SECONDS).remaining())
    except subprocess.TimeoutExpired:
        _fail(f"exec: executable {name} gave no answer in time")
    finally:
        _end(process)
    if process.returncode != 0:
        _fail(f"exec: executable {name} failed with exit code {process.returncode}")
    if len(output) > _MAX_OUTPUT:
        _fail(f"exec: executable {name} wrote more than a credential")
    return output


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leaves no plugin behind, neither running nor as a zombie."""
    if process.poll() is None:
        process.kill()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            return
    if process.stdout is not None:
        process.stdout.close()


def parse_credential(output: bytes, api_version: str) -> PluginCredentials:
    """The ExecCredential on the plugin's stdout, checked as client-go checks it."""
    try:
        credential = _CREDENTIAL.decode(output)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        # msgspec's text could quote what it met.
        _fail("decoding stdout: no ExecCredential in JSON")
    if credential.kind != "ExecCredential" or credential.api_version != api_version:
        _fail(
            f"exec plugin is configured to use API version {shown(api_version, 63)}, "
            "plugin returned another kind or version"
        )
    status = credential.status
    if status is None:
        _fail("exec plugin didn't return a status field")
    certificate, key = status.client_certificate_data or "", status.client_key_data or ""
    if not status.token and not certificate and not key:
        _fail("exec plugin didn't return a token or cert/key pair")
    if bool(certificate) != bool(key):
        _fail("exec plugin returned only certificate or key, not both")
    return PluginCredentials(
        status.token or "",
        certificate.encode("utf-8", "replace"),
        key.encode("utf-8", "replace"),
        parse_time(status.expiration_timestamp),
    )


def _fail(why: str) -> NoReturn:
    raise ClusterError(
        "unauthorized", f"Unable to connect to the server: getting credentials: {why}"
    ) from None
