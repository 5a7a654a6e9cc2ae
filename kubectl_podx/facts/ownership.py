"""Who made the pod: its controller, and the workload that people edit."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.facts.view import PodView
from kubectl_podx.model.pod import Json, dig, items, text


class Owner(NamedTuple):
    """One owner, with its object where it was read."""

    kind: str
    name: str
    uid: str = ""
    body: Json | None = None

    @property
    def label(self) -> str:
        """`Deployment web`."""
        return f"{self.kind} {self.name}"


def controller(view: PodView) -> Owner | None:
    """The pod's controller: a ReplicaSet, StatefulSet, DaemonSet, Job; a Node of a static pod."""
    return _controller_of(view, view.pod)


def workload(view: PodView) -> Owner | None:
    """What people edit and restart: the Deployment above a ReplicaSet, else the controller itself.

    A ReplicaSet that was not read is taken for a Deployment's where its name ends in the pod's
    `pod-template-hash`, which only the Deployment controller sets.
    """
    direct = controller(view)
    if direct is None or direct.kind != "ReplicaSet":
        return direct
    if direct.body is not None:
        return _controller_of(view, direct.body) or direct
    template = text(view.pod, "metadata", "labels", "pod-template-hash")
    if template and direct.name.endswith(f"-{template}"):
        return Owner("Deployment", direct.name.removesuffix(f"-{template}"))
    return direct


def _controller_of(view: PodView, body: Json) -> Owner | None:
    for reference in items(body, "metadata", "ownerReferences"):
        kind, name, uid = text(reference, "kind"), text(reference, "name"), text(reference, "uid")
        if dig(reference, "controller") is not True or not kind or not name:
            continue
        stored = None if kind == "Node" else view.object(kind, name)
        found = stored.body if stored is not None and stored.state == "present" else None
        # A namesake that was made since is another object.
        if found is not None and uid and text(found, "metadata", "uid") not in ("", uid):
            found = None
        return Owner(kind, name, uid, found)
    return None
