"""The part of the plan about a workload that was named: its own events, revisions and guards, and
what may keep it from having pods. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kubectl_podx.capture.planned import PlannedCall, get_groups, get_object, list_all, right_to
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference, selector_text
from kubectl_podx.pod.workload import REPLICATED, condition, counts, finished

WORKLOAD = ("workload",)
"""What loses facts where one of these calls fails."""
WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_REVISIONS = {
    "Deployment": "ReplicaSet",
    "StatefulSet": "ControllerRevision",
    "DaemonSet": "ControllerRevision",
}
# Jobs of a CronJob, ReplicaSets of a Deployment: of so many, the newest, the events are read.
_MOST_EVENTS = 3


def workload_calls(reference: Reference, body: Json) -> list[PlannedCall]:
    """Everything that a report about this workload asks for, beside its pods."""
    if reference.kind == "Service":
        return []
    return [
        events_of(reference, text(body, "metadata", "uid")),
        *_made_by(reference, body),
        *_guards(reference),
        *_nodes(reference),
        *(_limits(reference, body) if lacks_pods(reference.kind, body) else ()),
    ]


def lacks_pods(kind: str, body: Json) -> bool:
    """Whether pods are missing, or creating them has failed."""
    failing = text(condition(body, "ReplicaFailure"), "status") == "True"
    return failing or counts(kind, body).missing > 0


def events_of(reference: Reference, uid: str) -> PlannedCall:
    """The events about one object, whatever its kind."""
    return PlannedCall(
        "list",
        f"Event/{reference.key}",
        WORKLOAD,
        right_to("list", RESOURCES["Event"], reference.namespace),
        Reference("Event", reference.namespace, reference.key),
        (("fieldSelector", f"involvedObject.uid={uid}"),),
    )


def owned(kind: str, reference: Reference, body: Json, selector: str = "") -> PlannedCall:
    """The objects of this kind that the workload owns."""
    sections = (*WORKLOAD, "changes") if kind == "ReplicaSet" else WORKLOAD
    return PlannedCall(
        "list",
        f"{kind}/{reference.key}",
        sections,
        right_to("list", RESOURCES[kind], reference.namespace),
        Reference(kind, reference.namespace, reference.key),
        (("labelSelector", selector),) if selector else (),
        owner=text(body, "metadata", "uid"),
    )


def _made_by(reference: Reference, body: Json) -> Iterator[PlannedCall]:
    kind = _REVISIONS.get(reference.kind)
    selector = selector_text(dig(body, "spec", "selector"))
    if kind and selector:
        yield owned(kind, reference, body, selector)
    if reference.kind == "CronJob":
        yield owned("Job", reference, body)


def _guards(reference: Reference) -> Iterator[PlannedCall]:
    """What scales it, and what keeps its pods from being evicted."""
    if reference.kind in REPLICATED:
        for kind in ("HorizontalPodAutoscaler", "PodDisruptionBudget"):
            yield list_all(kind, reference.namespace, WORKLOAD)
        yield get_groups(reference.namespace, WORKLOAD)


def _nodes(reference: Reference) -> Iterator[PlannedCall]:
    """Which nodes a DaemonSet leaves out, and why."""
    if reference.kind == "DaemonSet":
        right = right_to("list", RESOURCES["Node"], "")
        node = Reference("Node", "", "")
        sections = (*WORKLOAD, "scheduling")
        yield PlannedCall("list", "Node/", sections, right, node, first_page=True)


def _limits(reference: Reference, body: Json) -> Iterator[PlannedCall]:
    """What may refuse pods of this namespace."""
    for kind in ("ResourceQuota", "LimitRange"):
        yield list_all(kind, reference.namespace, WORKLOAD)
    yield get_object(Reference("Namespace", "", reference.namespace), WORKLOAD)
    account = text(body, "spec", "template", "spec", "serviceAccountName") or "default"
    yield get_object(Reference("ServiceAccount", reference.namespace, account), WORKLOAD)


def webhooks() -> list[PlannedCall]:
    """Every webhook that is called for pods: whose Service and failurePolicy an event names not."""
    return [list_all(kind, "", WORKLOAD) for kind in WEBHOOKS]


def after_owned(kind: str, namespace: str, bodies: Sequence[Json]) -> list[PlannedCall]:
    """The events of the ReplicaSets that lack pods, and of the newest Jobs."""
    newest = sorted(
        bodies, key=lambda one: text(one, "metadata", "creationTimestamp"), reverse=True
    )
    chosen = [one for one in newest if _tells(kind, one)][:_MOST_EVENTS]
    return [
        events_of(
            Reference(kind, namespace, text(one, "metadata", "name")), text(one, "metadata", "uid")
        )
        for one in chosen
    ]


def _tells(kind: str, body: Json) -> bool:
    if kind == "ReplicaSet":
        return lacks_pods(kind, body)
    ended = finished(body)
    return kind == "Job" and (ended is None or ended.type != "Complete")


def any_workload(namespace: str) -> list[PlannedCall]:
    """The calls for workloads of every kind that lack pods, without names: what the rights are
    made of.
    """
    lacking = {
        "metadata": {"uid": "UID"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"conditions": [{"type": "ReplicaFailure", "status": "True"}]},
    }
    found: dict[str, PlannedCall] = {}
    for kind in ("Deployment", "StatefulSet", "DaemonSet", "CronJob"):
        reference = Reference(kind, namespace, "NAME")
        for call in workload_calls(reference, lacking):
            found.setdefault(call.id, call)
    failed = {"metadata": {"name": "NAME", "uid": "UID"}, "status": lacking["status"]}
    for call in (*after_owned("ReplicaSet", namespace, [failed]), *webhooks()):
        found.setdefault(call.id, call)
    return list(found.values())


_NOT_CALLED = b"failed calling webhook"


def tell_of_webhooks(pages: Iterable[bytes]) -> bool:
    """Whether an event tells of a webhook that cannot be called
    (apiserver/pkg/admission/plugin/webhook/errors.go).
    """
    return any(_NOT_CALLED in page for page in pages)


def is_owned_by(body: Json, uid: str) -> bool:
    """Whether the object has an owner of this uid."""
    return any(text(one, "uid") == uid for one in items(body, "metadata", "ownerReferences"))


def labels_of(body: Json) -> dict[str, object]:
    """The labels that a Service or ReplicationController selects by."""
    return mapping(body, "spec", "selector")
