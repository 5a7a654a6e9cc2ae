"""Who made the pod: its controller, the workload that people edit, and the template of it."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.pod.view import PodView


class Owner(Struct, frozen=True):
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


def maker_of(view: PodView, owner: Owner) -> Owner | None:
    """What controls this owner, such as the CronJob of a Job; None where nothing that is known."""
    return None if owner.body is None else _controller_of(view, owner.body)


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


# Their template can change while their pods live on; a ReplicaSet's or Job's cannot.
_CHANGING = frozenset({"StatefulSet", "DaemonSet", "ReplicationController"})


def owner_template(view: PodView) -> Json | None:
    """The template that the pod was made from; None where it is not known.

    A StatefulSet's or DaemonSet's template counts only while the pod is of its current revision:
    an older pod differs because of a rollout, not because of admission.
    """
    for reference in items(view.pod, "metadata", "ownerReferences"):
        stored = view.object(text(reference, "kind"), text(reference, "name"))
        body = (stored.body if stored else None) or {}
        template = mapping(body, "spec", "template")
        if not template or text(body, "metadata", "uid") != text(reference, "uid"):
            continue
        if text(reference, "kind") in _CHANGING and not _current(view, body):
            continue
        return template
    return None


def why_no_template(view: PodView) -> str:
    """Why `owner_template` knows none; empty where it does, or where the owner was denied: that
    has a coverage row of its own.
    """
    if owner_template(view) is not None:
        return ""
    owners = items(view.pod, "metadata", "ownerReferences")
    if not owners:
        return "nothing to compare with: no owner, and kubectl apply did not write the pod"
    kind, name = text(owners[0], "kind"), text(owners[0], "name")
    stored = view.object(kind, name)
    if stored is not None and stored.state == "missing":
        return f"nothing to compare with: {kind} {name} is gone"
    if stored is not None and stored.body is None:
        return ""
    if stored is None or not mapping(stored.body, "spec", "template"):
        # Such as the Node that a mirror pod belongs to.
        return f"nothing to compare with: a {kind}'s template is not known to podx"
    return f"the template of {kind} {name} is not surely the one that the pod was made of"


def controller_kind(view: PodView) -> str:
    """The kind of the pod's controller, such as `ReplicaSet`; empty where it has none."""
    return next(
        (
            text(one, "kind")
            for one in items(view.pod, "metadata", "ownerReferences")
            if dig(one, "controller") is not False
        ),
        "",
    )


def _current(view: PodView, owner: Json) -> bool:
    """Whether the pod is of the owner's newest generation, as far as its labels tell."""
    labels = mapping(view.pod, "metadata", "labels")
    revision = labels.get("controller-revision-hash")
    if not isinstance(revision, str):
        return False
    update = text(owner, "status", "updateRevision")
    if update:
        return revision == update
    generation = labels.get("pod-template-generation")
    return isinstance(generation, str) and generation == str(dig(owner, "metadata", "generation"))


def owner_uids(body: Json) -> set[str]:
    """The uids of an object's owners."""
    return {text(owner, "uid") for owner in items(body, "metadata", "ownerReferences")}


def is_service_account_volume(volume: Json) -> bool:
    """The volume that the ServiceAccount admission plugin adds: `kube-api-access-XXXXX`."""
    return text(volume, "name").startswith("kube-api-access-") and any(
        dig(source, "serviceAccountToken") is not None
        for source in items(volume, "projected", "sources")
    )
