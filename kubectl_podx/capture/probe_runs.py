"""`--run-probes`: which probes are run by hand, and from where. Pure; a part of the plan.

Never from the person's own machine, and never to a `host` that a probe names: a handler runs in its
container, or the API server reaches the pod, as the kubelet would.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from kubectl_podx.capture.plan import LookOptions, PlannedCall, Right
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import ContainerEntry, containers
from kubectl_podx.pod.probe_events import FIELDS
from kubectl_podx.pod.probes import resolve_port

From = Literal["exec", "podProxy", "portForward", "nowhere"]
_RIGHTS: dict[From, tuple[tuple[str, ...], str]] = {
    # WebSockets are GETs; servers from 1.35 on ask for `create` too.
    "exec": (("get", "create"), "pods/exec"),
    "podProxy": (("get",), "pods/proxy"),
    "portForward": (("get", "create"), "pods/portforward"),
    "nowhere": ((), ""),
}
# What no proxy on the way can fold or decode into another path.
_PLAIN_PATH = lazy(r"/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*(?:/|$|(?=\?)))*(?:\?[A-Za-z0-9._~=&-]*)?")


class Road(Struct, frozen=True):
    """From where one probe is run."""

    start: From
    port: int | None = None
    why: str = ""
    """`nowhere` only: why not."""


def probe_calls(reference: Reference, pod: Json, options: LookOptions) -> Iterator[PlannedCall]:
    """One call for every probe of a running container, where `--run-probes` asks for them."""
    if not options.probe_runs or not options.wants("probes"):
        return
    for entry in containers(pod):
        if not entry.running or (options.container and entry.name != options.container):
            continue
        for kind, field in FIELDS.items():
            if not isinstance(dig(entry.spec, field), dict):
                continue
            verbs, resource = _RIGHTS[road(entry, field, options).start]
            yield PlannedCall(
                "probe",
                reference.key,
                ("probes",),
                Right(verbs, resource, "", reference.namespace, reference.name),
                reference,
                (("type", kind), ("field", field), ("runs", str(options.probe_runs))),
                container=entry.name,
                detail=kind,
                optional_right=True,
            )


def road(entry: ContainerEntry, field: str, options: LookOptions) -> Road:
    """From where the probe in this field (`livenessProbe`, …) can be run."""
    declared = mapping(entry.spec, field)
    if isinstance(declared.get("exec"), dict):
        if not options.exec_allowed:
            return Road("nowhere", why="it runs a command in the container, and --no-exec is set")
        return Road("exec")
    kind = next((k for k in ("httpGet", "tcpSocket", "grpc") if declared.get(k) is not None), "")
    action = mapping(declared, kind) if kind else {}
    if not kind:
        return Road("nowhere", why="a handler that this version of podx does not know")
    if text(action, "host"):
        return Road("nowhere", why="it names a host of its own, which podx does not talk to")
    port = resolve_port(str(dig(action, "port") or ""), entry.spec)
    if port is None:
        return Road("nowhere", why="its port is a name that the container does not declare")
    return _http_road(action, port) if kind == "httpGet" else _stream_road(action, port)


def _stream_road(action: Json, port: int) -> Road:
    if text(action, "mode") not in ("", "Plaintext"):
        return Road("nowhere", why="podx speaks gRPC without TLS only")
    return Road("portForward", port)


def _http_road(action: Json, port: int) -> Road:
    """Through `pods/proxy` the API server dials the pod's IP, as the kubelet does; but it takes no
    header of ours for the pod, and whatever is between may fold a path.
    """
    if text(action, "protocol") not in ("", "HTTP1"):
        return Road("nowhere", why="podx speaks HTTP/1.1 only")
    if not items_of(action) and _PLAIN_PATH.fullmatch(http_path(action)):
        return Road("podProxy", port)
    if text(action, "scheme") == "HTTPS":
        return Road("nowhere", why="HTTPS with headers, or with such a path, needs TLS to the pod")
    return Road("portForward", port)


def items_of(action: Json) -> list[tuple[str, str]]:
    """The probe's own headers. Their values may be secret: they are sent and never kept."""
    return [(text(one, "name"), text(one, "value")) for one in items(action, "httpHeaders")]


def http_path(action: Json) -> str:
    """The path with its slash."""
    path = text(action, "path") or "/"
    return path if path.startswith("/") else f"/{path}"
