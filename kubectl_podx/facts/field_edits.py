"""Who wrote a pod's fields after it was created, by managedFields. Pure.

What a webhook or a policy changes on the way in belongs to the one who created the pod: only what
was written later, or through a subresource, has a manager of its own.
"""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.facts.view import PodView
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.pod import dig, items, text

# They write a pod's status, its binding and its conditions as long as it lives.
_OF_KUBERNETES = frozenset({"kubelet", "kube-scheduler", "kube-controller-manager"})
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
        paths = dig(entry, "paths")
        for path in paths if isinstance(paths, list) else []:
            if isinstance(path, str):
                found[path] = Edit(by, text(entry, "time"), subresource)
    return found


def edit_of(path: str, known: dict[str, Edit]) -> Edit | None:
    """The edit of this field, of a part of it, or of what holds it."""
    if path in known:
        return known[path]
    for owned, edit in known.items():
        inside = owned.startswith((f"{path}.", f"{path}["))
        if inside or path.startswith((f"{owned}.", f"{owned}[")):
            return edit
    return None
