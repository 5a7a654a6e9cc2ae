"""The pod template of the pod's owner, as it is stored now."""

from __future__ import annotations

from kubectl_podx.facts.view import PodView
from kubectl_podx.model.pod import Json, dig, items, mapping, text

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


def is_service_account_volume(volume: Json) -> bool:
    """The volume that the ServiceAccount admission plugin adds: `kube-api-access-XXXXX`."""
    return text(volume, "name").startswith("kube-api-access-") and any(
        dig(source, "serviceAccountToken") is not None
        for source in items(volume, "projected", "sources")
    )
