"""Why a workload or a Service has no pods: by its own words, or its newest failure to make one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubectl_podx.capture.seal import WrongObjectError
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.model.selector import selector_text

if TYPE_CHECKING:
    from kubectl_podx.capture.seal import Sealer
    from kubectl_podx.cluster.server import ApiServer

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
