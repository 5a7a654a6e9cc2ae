"""The second round of the plan: objects that only another object names. Pure.

They are asked for while the looks inside the containers are still under way.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.capture.plan import PlannedCall, Wish, get_object, right_to
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.model.selector import selector_text

LEAD_ON = frozenset({"ReplicaSet", "Job", "PersistentVolumeClaim"})
"""Kinds whose objects name others that a report needs."""


def follow_ups(reference: Reference, body: Json, wish: Wish) -> list[PlannedCall]:
    """What an object that was read leads to: the owner of an owner, the volume of a claim."""
    found: list[PlannedCall] = []
    namespace = reference.namespace
    owners = {
        text(one, "kind"): text(one, "name") for one in items(body, "metadata", "ownerReferences")
    }
    above = {"ReplicaSet": "Deployment", "Job": "CronJob"}.get(reference.kind, "")
    if owners.get(above):
        owner = Reference(above, namespace, owners[above])
        found.append(get_object(owner, ("changes", "injections", "findings")))
        if reference.kind == "ReplicaSet":
            found += _revisions(owner, body)
    if reference.kind == "PersistentVolumeClaim" and text(body, "spec", "volumeName"):
        volume = Reference("PersistentVolume", "", text(body, "spec", "volumeName"))
        found.append(get_object(volume, ("volumes",)))
    return [call for call in found if wish.wants(*call.sections)]


def _revisions(deployment: Reference, replica_set: Json) -> Iterator[PlannedCall]:
    """The ReplicaSets of a Deployment: its selector is that of each, less the template's hash."""
    selector = mapping(replica_set, "spec", "selector")
    labels = {k: v for k, v in mapping(selector, "matchLabels").items() if k != "pod-template-hash"}
    words = selector_text({**selector, "matchLabels": labels})
    if words:
        yield PlannedCall(
            f"list ReplicaSet/{deployment.key}",
            "list",
            ("changes",),
            right_to("list", RESOURCES["ReplicaSet"], deployment.namespace),
            Reference("ReplicaSet", deployment.namespace, deployment.key),
            (("labelSelector", words),),
        )
