"""Request paths from checked segments: the one place where a name becomes part of a URL."""

from __future__ import annotations

from urllib.parse import quote

from kubectl_podx.cluster.errors import quoted
from kubectl_podx.model.errors import PodxError

_MAX_NAME = 1024
_FORBIDDEN = "/%\\?#"


class BadNameError(PodxError):
    """A name that may not become a path segment.

    Objects can hold such names: the API accepts a ConfigMap volume that names `../secrets/s1`,
    and an HTTP client that folds `..` would read the Secret.
    """


def check_segment(name: str) -> str:
    """The name itself, or BadNameError.

    The rules are Kubernetes' own (apimachinery `IsPathSegmentName`: not `.` or `..`, no `/`, no
    `%`), and beyond them nothing that a URL or a proxy could read in another way.
    """
    problem = _problem(name)
    if problem:
        raise BadNameError(f"invalid resource name {quoted(name)}: [{problem}]")
    return name


def _problem(name: str) -> str:
    if not name:
        return "may not be empty"
    if len(name) > _MAX_NAME:
        return "may not be that long"
    if name in (".", ".."):
        return f"may not be '{name}'"
    for char in name:
        if char in _FORBIDDEN:
            return f"may not contain '{char}'"
        if not char.isprintable():
            return "may not contain control characters"
    return ""


def api_path(
    prefix: str, plural: str, namespace: str | None, name: str | None = None, sub: str | None = None
) -> str:
    """`/api/v1/namespaces/NAMESPACE/pods/NAME/log` from its parts, each checked and quoted.

    `prefix` is `api/v1` or `apis/GROUP/VERSION`; without a namespace the path is cluster-wide.
    """
    parts = prefix.split("/")
    if namespace is not None:
        parts += ["namespaces", namespace]
    parts.append(plural)
    parts += [part for part in (name, sub) if part is not None]
    return "".join("/" + quote(check_segment(part), safe="") for part in parts)
