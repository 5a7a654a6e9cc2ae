"""Who wrote a pod's fields after it was created, by managedFields. Pure.

What a webhook or a policy changes on the way in has no manager of its own: only what was written
later, or through a subresource, has. A creator that writes again keeps one entry, with the time of
its last write: it is known by the containers that it owns, as no container comes later.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.view import PodView

# They write a pod's status, its binding and its conditions as long as it lives.
_OF_KUBERNETES = frozenset({"kubelet", "kube-scheduler", "kube-controller-manager"})
_WHOLE_CONTAINER = re.compile(r"spec\.(?:initC|c)ontainers\[[^\]]*\]")
_STEP = re.compile(r"[.\[]")
_SUBRESOURCES = {
    "resize": "an in-place resize",
    "ephemeralcontainers": "a debug container",
}


class Edit(NamedTuple):
    """A field that was written after the creation."""

    by: str
    """`kubectl-label`, or `an in-place resize by kubectl`."""
    time: str
    """RFC 3339; of the manager's last write, which may be of another field."""
    subresource: str


def edits(view: PodView) -> dict[str, Edit]:
    """Path -> who owns it, for the fields of everybody but the creator and Kubernetes' own."""
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    found: dict[str, Edit] = {}
    for entry in items(view.pod, "metadata", "managedFields"):
        manager, subresource = text(entry, "manager"), text(entry, "subresource")
        written = parse_time(dig(entry, "time"))
        spoken = _SUBRESOURCES.get(subresource, "")
        if not spoken and (subresource or manager in _OF_KUBERNETES):
            continue
        if not spoken and (created is None or written is None or written <= created):
            continue
        by = f"{spoken} by {manager}" if spoken else manager
        paths = _leaves(dig(entry, "paths"))
        created_it = text(entry, "operation") != "Apply" and _owns_a_container(entry)
        if created_it and not subresource:
            continue
        for path in paths:
            found[path] = Edit(by, text(entry, "time"), subresource)
    return found


def _owns_a_container(entry: Json) -> bool:
    paths = dig(entry, "paths")
    return isinstance(paths, list) and any(
        isinstance(path, str) and _WHOLE_CONTAINER.fullmatch(path) for path in paths
    )


def _leaves(paths: object) -> list[str]:
    """The paths that no other of them lies below: that an item is there says nothing of its
    fields.
    """
    known = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    above = {path[: step.start()] for path in known for step in _STEP.finditer(path)}
    return [path for path in known if path not in above]


def edit_of(path: str, known: dict[str, Edit]) -> Edit | None:
    """The edit of this field, of a part of it, or of what holds it."""
    if path in known:
        return known[path]
    if _WHOLE_CONTAINER.fullmatch(path):
        # Its image may be written later; the container itself was there before.
        return None
    for owned, edit in known.items():
        inside = owned.startswith((f"{path}.", f"{path}["))
        if inside or path.startswith((f"{owned}.", f"{owned}[")):
            return edit
    return None
