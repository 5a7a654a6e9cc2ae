"""Which pods a target means, and why it has none: owners and selectors followed through the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_podx.capture.targets import Named, Targets, parse_words
from kubectl_podx.model.capture import StoredObject
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference, selector_text

if TYPE_CHECKING:
    from kubectl_podx.capture.seal import Sealer
    from kubectl_podx.cluster.server import ApiServer
from typing import TYPE_CHECKING

from kubectl_podx.capture.seal import WrongObjectError
from kubectl_podx.model.raw import number


def pods(
    server: ApiServer,
    sealer: Sealer,
    objects: dict[str, StoredObject],
    targets: Targets,
    namespace: str,
    notes: list[str],
) -> list[Reference]:
    """The pods that the targets name, in order and without repeats. `notes` gets a sentence for
    each target that has none.

    Pods that come from a list answer are already stored in `objects`; pods that were named are
    not. Raises UsageError for wrong words and ClusterError where an owner cannot be read.
    """
    resolver = _Resolver(server, sealer, objects)
    if targets.selector is not None:
        where = "" if targets.all_namespaces else namespace
        return resolver.selected(where, targets.selector, targets.field_selector)
    found: dict[Reference, None] = {}
    for named in parse_words(targets.words):
        mine = resolver.named(named, namespace)
        found |= dict.fromkeys(mine)
        if not mine:
            notes.append(resolver.why_none(named, namespace))
    return list(found)


class _Resolver:
    def __init__(self, server: ApiServer, sealer: Sealer, objects: dict[str, StoredObject]) -> None:
        self._server = server
        self._sealer = sealer
        self._objects = objects

    def named(self, named: Named, namespace: str) -> list[Reference]:
        reference = named.reference(namespace)
        if named.kind == "Pod":
            return [reference]
        owner = self._read(reference)
        if named.kind == "CronJob":
            jobs = self._list("Job", namespace, "")
            uid = text(owner, "metadata", "uid")
            mine = [job for job in jobs if uid in owner_uids(job)]
            selectors = [selector_text(dig(job, "spec", "selector")) for job in mine]
            return [pod for each in selectors if each for pod in self.selected(namespace, each)]
        if named.kind in ("Service", "ReplicationController"):
            labels = mapping(owner, "spec", "selector")
            selector = selector_text({"matchLabels": labels})
        else:
            selector = selector_text(dig(owner, "spec", "selector"))
        if not selector:
            return []
        found = self.selected(namespace, selector)
        if named.kind == "Service":
            return found
        owners = {text(owner, "metadata", "uid")}
        if named.kind == "Deployment" and found:
            # Its pods belong to ReplicaSets, which belong to it.
            sets = self._list("ReplicaSet", namespace, selector)
            owners = {text(one, "metadata", "uid") for one in sets if owners & owner_uids(one)}
        return [pod for pod in found if owners & owner_uids(self._objects[pod.key].body or {})]

    def why_none(self, named: Named, namespace: str) -> str:
        """Why an owner or a Service has no pods."""
        reference = named.reference(namespace)
        owner = self._objects[reference.key].body or {}
        return why_no_pods(self._server, self._sealer, reference, owner)

    def selected(self, namespace: str, selector: str, fields: str = "") -> list[Reference]:
        found: list[Reference] = []
        for body in self._list("Pod", namespace, selector, fields):
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

    def _list(self, kind: str, namespace: str, selector: str, fields: str = "") -> list[Json]:
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

        resource = RESOURCES[kind]
        path = api_path(resource.prefix, resource.plural, namespace or None)
        given = (("labelSelector", selector), ("fieldSelector", fields))
        query = tuple((name, value) for name, value in given if value)
        pages = [page.body for page in self._server.list_pages(path, query)]
        return list(self._sealer.open_list(kind, namespace, pages))


def owner_uids(body: Json) -> set[str]:
    """The uids of an object's owners."""
    return {text(owner, "uid") for owner in items(body, "metadata", "ownerReferences")}


_LONGEST = 400


def why_no_pods(server: ApiServer, sealer: Sealer, reference: Reference, owner: Json) -> str:
    """One sentence. The events are asked for only where the object itself does not tell."""
    what = f"{reference.kind} {reference.name} has no pods"
    told = _of_itself(reference.kind, owner)
    if told:
        return f"{what}: {told}"
    if reference.kind == "Service":
        return f"{what}: its selector {_labels(owner)} matches none"
    failure = _failure(server, sealer, reference, owner)
    return f"{what}: {failure}" if failure else f"{what}, and no event tells why"


def _of_itself(kind: str, owner: Json) -> str:
    """What the spec or the status says; empty where neither does."""
    if kind in ("Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"):
        return "spec.replicas is 0" if dig(owner, "spec", "replicas") == 0 else ""
    if kind == "DaemonSet":
        wanted = number(owner, "status", "desiredNumberScheduled")
        return "no node fits its nodeSelector, affinity and tolerations" if wanted == 0 else ""
    if kind == "Service":
        return "" if mapping(owner, "spec", "selector") else "it has no selector"
    if dig(owner, "spec", "suspend") is True:
        return "it is suspended"
    if kind == "CronJob":
        schedule = text(owner, "spec", "schedule")
        last = text(owner, "status", "lastScheduleTime")
        if not last:
            return f"it has not been due yet (schedule {schedule})"
        return f"its last Job, of {last}, has none left (schedule {schedule})"
    return _of_job(owner)


def _of_job(owner: Json) -> str:
    for condition in items(owner, "status", "conditions"):
        if text(condition, "type") in ("Complete", "Failed") and (
            text(condition, "status") == "True"
        ):
            reason = text(condition, "reason")
            return f"it is {text(condition, 'type')}{f' ({reason})' if reason else ''}"
    return ""


def _labels(owner: Json) -> str:
    return selector_text({"matchLabels": mapping(owner, "spec", "selector")})


def _failure(server: ApiServer, sealer: Sealer, reference: Reference, owner: Json) -> str:
    """The newest warning about the object, or about the ReplicaSets that a Deployment has."""
    uids = [text(owner, "metadata", "uid")]
    if reference.kind == "Deployment":
        selector = selector_text(dig(owner, "spec", "selector"))
        sets = _list(server, sealer, "ReplicaSet", reference.namespace, "labelSelector", selector)
        uids += [
            text(one, "metadata", "uid")
            for one in sets
            if uids[0] in {text(o, "uid") for o in items(one, "metadata", "ownerReferences")}
        ]
    found: list[tuple[str, str]] = []
    for uid in uids:
        selector = f"involvedObject.uid={uid},type=Warning"
        for event in _list(server, sealer, "Event", reference.namespace, "fieldSelector", selector):
            time = text(event, "lastTimestamp") or text(event, "eventTime")
            message = " ".join(text(event, "message").split())
            found.append((time, f"{text(event, 'reason')}: {message}"))
    return max(found)[1][:_LONGEST] if found else ""


def _list(
    server: ApiServer, sealer: Sealer, kind: str, namespace: str, field: str, selector: str
) -> list[Json]:
    """The first page; empty where it may not be read: then nothing tells, and that is said."""
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415
    from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

    resource = RESOURCES[kind]
    path = api_path(resource.prefix, resource.plural, namespace)
    try:
        answer = server.get(path, ((field, selector), ("limit", "500")))
        return list(sealer.open_list(kind, namespace, [answer.body]))
    except (ClusterError, WrongObjectError):
        return []
