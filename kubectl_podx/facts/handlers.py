"""A probe's or hook's handler as one line, with its port resolved against the container's ports."""

from __future__ import annotations

import re

from kubectl_podx.model.pod import Json, dig, items, mapping, number, text
from kubectl_podx.model.report.health import Handler

_LONGEST = 200
_SPACE = re.compile(r"\s+")


def handler(declared: Json, container: Json) -> Handler:
    """The handler of a probe (`livenessProbe`) or of a hook (`lifecycle.preStop`).

    `container` is the container's spec: named ports are looked up there. Exactly one kind is set
    in an accepted object; the first one found is taken.
    """
    if isinstance(declared.get("exec"), dict):
        return Handler(kind="exec", text=_exec(mapping(declared, "exec")))
    for kind in ("httpGet", "tcpSocket", "grpc"):
        if isinstance(declared.get(kind), dict):
            action = mapping(declared, kind)
            port = _port(action)
            return Handler(
                kind=kind,
                text=one_line({"httpGet": _http, "tcpSocket": _tcp, "grpc": _grpc}[kind](action)),
                port=port,
                resolved_port=resolve_port(port, container),
            )
    if isinstance(declared.get("sleep"), dict):
        return Handler(kind="sleep", text=f"sleep {number(declared, 'sleep', 'seconds') or 0} s")
    return Handler(kind="none", text="no handler that is known")


def resolve_port(port: str, container: Json) -> int | None:
    """The number behind a probe's port; None for a name the container does not declare.

    The kubelet looks for a containerPort of that name and else reads the name as a number
    (pkg/probe/util.go ResolveContainerPort).
    """
    for entry in items(container, "ports"):
        if port and text(entry, "name") == port:
            return number(entry, "containerPort")
    return int(port) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else None


def one_line(words: str, longest: int = _LONGEST) -> str:
    """The text on one line and not longer than that."""
    line = _SPACE.sub(" ", words).strip()
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _port(action: Json) -> str:
    port = dig(action, "port")
    return str(port) if isinstance(port, int | str) and not isinstance(port, bool) else ""


def _exec(action: Json) -> str:
    command = dig(action, "command")
    words = [word for word in command if isinstance(word, str)] if isinstance(command, list) else []
    return one_line(" ".join(["exec", *words]))


def _http(action: Json) -> str:
    scheme = "https://" if text(action, "scheme") == "HTTPS" else ""
    path = text(action, "path") or "/"
    path = path if path.startswith("/") else f"/{path}"
    headers = [text(header, "name") for header in items(action, "httpHeaders")]
    with_headers = f" with headers {', '.join(headers)}" if headers else ""
    protocol = text(action, "protocol")
    over = f" over {protocol}" if protocol else ""
    return f"httpGet {scheme}{text(action, 'host')}:{_port(action)}{path}{with_headers}{over}"


def _tcp(action: Json) -> str:
    return f"tcpSocket {text(action, 'host')}:{_port(action)}"


def _grpc(action: Json) -> str:
    service, mode = text(action, "service"), text(action, "mode")
    return " ".join(
        word
        for word in (f"grpc :{_port(action)}", f"service {service}" if service else "", mode)
        if word
    )
