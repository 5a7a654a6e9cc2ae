"""What a pod's own fields give a container now: fieldRef, resourceFieldRef, downward API files.

Pure over the pod as it came: annotations may hold secrets, so the results are for sealing only.
Sources: pkg/fieldpath, pkg/kubelet/kubelet_resources.go, pkg/api/v1/resource/helpers.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kubectl_podx.model.quantity import in_units
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.pod.containers import containers

_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]", re.DOTALL)
_ESCAPES = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES |= {"\v": "\\v", '"': '\\"', "\\": "\\\\"}
_SIMPLE = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
    "status.hostIP": ("status", "hostIP"),
    "status.podIP": ("status", "podIP"),
}
# Resources whose unset limit becomes the pod's limit or what the node can give.
_FROM_NODE = frozenset({"cpu", "memory", "ephemeral-storage"})
# The kubelet adds these to its own copy of the pod; the API does not know them.
KUBELET_ANNOTATIONS = ("kubernetes.io/config.seen=", "kubernetes.io/config.source=")


def field_value(pod: Json, path: str) -> str | None:
    """The value of a `fieldRef` now; None where the pod has no such field."""
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        return str(mapping(pod, "metadata", subscript[1]).get(subscript[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        return format_map(mapping(pod, "metadata", path.rpartition(".")[2]))
    if path == "status.podIPs":
        return ",".join(text(one, "ip") for one in items(pod, "status", "podIPs"))
    if path == "status.hostIPs":
        return ",".join(text(one, "ip") for one in items(pod, "status", "hostIPs"))
    steps = _SIMPLE.get(path)
    if steps is None:
        return None
    found = dig(pod, *steps)
    return found if isinstance(found, str) else None


def format_map(pairs: Mapping[str, Any]) -> str:
    """Labels or annotations as the kubelet writes them: sorted `key="quoted"`, no last newline."""
    return "\n".join(f"{key}={go_quoted(str(pairs[key]))}" for key in sorted(pairs))


def go_quoted(value: str) -> str:
    """Go's `%q`."""
    return '"' + "".join(_quoted_char(char) for char in value) + '"'


def _quoted_char(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char == " " or char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def resource_value(
    pod: Json, reference: Json, container: str, allocatable: Mapping[str, Any] | None
) -> str | None:
    """The value of a `resourceFieldRef` now; None where it cannot be told.

    `container` is used where the reference names none. `allocatable` is the node's
    `status.allocatable`: the default of an unset limit; None where the node was not read.
    """
    wanted = text(reference, "containerName") or container
    spec = next((entry.spec for entry in containers(pod) if entry.name == wanted), None)
    part, dot, resource = text(reference, "resource").partition(".")
    if spec is None or not dot:
        return None
    found = dig(spec, "resources", part, resource)
    if found is None and part == "limits" and resource in _FROM_NODE:
        found = dig(pod, "spec", "resources", "limits", resource)
        if found is None:
            found = None if allocatable is None else allocatable.get(resource)
        if found is None:
            return None
    units = in_units("0" if found is None else found, reference.get("divisor"))
    return None if units is None else str(units)


def item_value(pod: Json, item: Json, allocatable: Mapping[str, Any] | None) -> str | None:
    """The content of one file of a downward API volume now."""
    if text(item, "fieldRef", "fieldPath"):
        return field_value(pod, text(item, "fieldRef", "fieldPath"))
    return resource_value(pod, mapping(item, "resourceFieldRef"), "", allocatable)


def without_kubelets_own(content: bytes) -> bytes:
    """An annotations file without the two lines that only the kubelet's copy of the pod has."""
    kept = [
        line
        for line in content.split(b"\n")
        if not line.startswith(tuple(name.encode() for name in KUBELET_ANNOTATIONS))
    ]
    return b"\n".join(kept)
