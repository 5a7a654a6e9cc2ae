"""Which pods a target means: owners and selectors followed through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx.capture import plan_workloads
from kubectl_podx.capture.calls import Outcome, perform_read
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.capture.targets import Named, Targets, parse_words
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.model.raw import Json, dig, text
from kubectl_podx.model.reference import RESOURCES, Reference, selector_text
from kubectl_podx.pod.owner import owner_uids

if TYPE_CHECKING:
    from kubectl_podx.capture.seal import Sealer
    from kubectl_podx.cluster.server import ApiServer


class Resolved(Struct, frozen=True):
    """What the targets name."""

    pods: list[Reference]
    """In order and without repeats."""
    workloads: dict[Reference, list[Reference]]
    """Every workload and Service that was named, with its pods."""
    answers: dict[str, Outcome]
    """Lists that were read on the way, by call id: the plan asks for the same ones."""


def pods(
    server: ApiServer,
    sealer: Sealer,
    objects: dict[str, StoredObject],
    targets: Targets,
    namespace: str,
) -> Resolved:
    """What the targets name.

    Workloads, and pods that come from a list answer, are then stored in `objects`; pods that were
    named are not. Raises UsageError for wrong words and ClusterError where an owner cannot be read.
    """
    resolver = _Resolver(server, sealer, objects)
    if targets.selector is not None:
        where = "" if targets.all_namespaces else namespace
        found = resolver.selected(where, targets.selector, targets.field_selector)
        return Resolved(found, {}, {})
    every: dict[Reference, None] = {}
    workloads: dict[Reference, list[Reference]] = {}
    for named in parse_words(targets.words):
        mine = resolver.named(named, namespace)
        every |= dict.fromkeys(mine)
        if named.kind != "Pod":
            workloads[named.reference(namespace)] = mine
    return Resolved(list(every), workloads, resolver.answers)


class _Resolver:
    def __init__(self, server: ApiServer, sealer: Sealer, objects: dict[str, StoredObject]) -> None:
        self._server = server
        self._sealer = sealer
        self._objects = objects
        self.answers: dict[str, Outcome] = {}

    def named(self, named: Named, namespace: str) -> list[Reference]:
        reference = named.reference(namespace)
        if named.kind == "Pod":
            return [reference]
        owner = self._read(reference)
        if named.kind == "CronJob":
            jobs = self._owned("Job", reference, owner)
            selectors = [selector_text(dig(job, "spec", "selector")) for job in jobs]
            return [pod for each in selectors if each for pod in self.selected(namespace, each)]
        selector = _selector(named.kind, owner)
        if not selector:
            return []
        found = self.selected(namespace, selector)
        if named.kind == "Service" or not found:
            return found
        owners = {text(owner, "metadata", "uid")}
        if named.kind == "Deployment":
            # Its pods belong to ReplicaSets, which belong to it.
            sets = self._owned("ReplicaSet", reference, owner, selector)
            owners = {text(one, "metadata", "uid") for one in sets}
        return [pod for pod in found if owners & owner_uids(self._objects[pod.key].body or {})]

    def selected(self, namespace: str, selector: str, fields: str = "") -> list[Reference]:
        found: list[Reference] = []
        for body in self._pods(namespace, selector, fields):
            reference = Reference(
                "Pod", text(body, "metadata", "namespace"), text(body, "metadata", "name")
            )
            self._objects[reference.key] = StoredObject(
                reference=reference.key, state="present", body=dict(body)
            )
            found.append(reference)
        return found

    def _read(self, reference: Reference) -> Json:
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

        resource = reference.resource
        path = api_path(resource.prefix, resource.plural, reference.namespace, reference.name)
        stored = self._sealer.open(reference, self._server.get(path).body)
        self._objects[reference.key] = stored
        return stored.body or {}

    def _owned(
        self, kind: str, reference: Reference, owner: Json, selector: str = ""
    ) -> list[Json]:
        call = plan_workloads.owned(kind, reference, owner, selector)
        outcome = self._asked(call)
        pages = self._sealer.open_list(kind, reference.namespace, outcome.answer)
        return [one for one in pages if plan_workloads.is_owned_by(one, call.owner)]

    def _asked(self, call: PlannedCall) -> Outcome:
        if call.id not in self.answers:
            self.answers[call.id] = perform_read(self._server, call)
        return self.answers[call.id]

    def _pods(self, namespace: str, selector: str, fields: str) -> list[Json]:
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

        resource = RESOURCES["Pod"]
        path = api_path(resource.prefix, resource.plural, namespace or None)
        given = (("labelSelector", selector), ("fieldSelector", fields))
        query = tuple((name, value) for name, value in given if value)
        pages = [page.body for page in self._server.list_pages(path, query)]
        return list(self._sealer.open_list("Pod", namespace, pages))


def _selector(kind: str, owner: Json) -> str:
    """What the pods of a workload or Service are selected by; empty where it selects none."""
    if kind in ("Service", "ReplicationController"):
        return selector_text({"matchLabels": plan_workloads.labels_of(owner)})
    return selector_text(dig(owner, "spec", "selector"))
