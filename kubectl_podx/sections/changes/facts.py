"""What changed since the pod was made, and what made it: rollouts, writes, edits, resizes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from kubectl_podx.model.clock import format_time, human_duration, parse_time
from kubectl_podx.model.parts import Fact
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.pod.owner import Owner, controller, workload
from kubectl_podx.pod.sources import uses
from kubectl_podx.pod.value_state import last_write
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.changes.report import Change
from kubectl_podx.sections.changes.template_diff import differences, template

_REVISIONS = ("pod-template-hash", "controller-revision-hash", "batch.kubernetes.io/job-name")

REVISION = "deployment.kubernetes.io/revision"
_TOLERANCE = timedelta(seconds=2)
_REPLACED_AFTER = timedelta(minutes=1)
"""A pod that is this much younger than its controller is not one of the first ones."""
_SERVING = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})


def build(view: PodView) -> list[Change]:
    """Every change that is known, oldest first; what has no date comes last.

    A ConfigMap, Secret or edit counts where it came after the pod was made: what was there before
    is what the pod started with.
    """
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    owner = controller(view)
    found = [
        *_config(view, created),
        *_edits(view, created),
        *_resizes(view, created),
        *(_rollout(view, owner, created) if owner else ()),
        *(_template(view, owner) if owner else ()),
    ]
    return sorted(found, key=lambda change: (change.time is None, change.time or ""))


def compared(_found: list[Change], view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: the revision of the template they are made from."""
    labels = mapping(view.pod, "metadata", "labels")
    for name in _REVISIONS:
        if isinstance(labels.get(name), str):
            yield Fact("", f"template revision ({name})", str(labels[name]))


def _config(view: PodView, created: datetime | None) -> Iterator[Change]:
    seen: set[tuple[str, str]] = set()
    for use in uses(view):
        source = use.source
        if (source.kind, source.name) in seen or source.stored is None:
            continue
        seen.add((source.kind, source.name))
        reference = f"{source.kind}/{source.name}"
        if source.gone:
            yield Change(kind="config", what=f"{source.label} is not there", object=reference)
            continue
        write = source.write
        if write.time is None or created is None or write.time <= created:
            continue
        made = parse_time(dig(source.stored.body, "metadata", "creationTimestamp"))
        anew = made is not None and made > created
        yield Change(
            kind="config",
            what=f"{source.label} was {'made' if anew else 'written'} after the pod was created",
            time=write.text,
            by=write.by,
            object=reference,
        )


def _edits(view: PodView, created: datetime | None) -> Iterator[Change]:
    """Writes of the pod itself: labels, annotations, finalizers, image; which one is not kept."""
    for entry in items(view.pod, "metadata", "managedFields"):
        moment = parse_time(entry.get("time"))
        if moment is None or created is None or text(entry, "subresource"):
            continue
        if moment > created + _TOLERANCE:
            yield Change(
                kind="labels",
                what="labels, annotations or another field of the pod were written",
                time=format_time(moment),
                by=text(entry, "manager"),
                object=f"Pod/{view.reference.name}",
            )


def _resizes(view: PodView, created: datetime | None) -> Iterator[Change]:
    write = last_write(view.pod, "resize")
    resized = write.time is not None and (created is None or write.time > created)
    for entry in view.containers:
        wanted, admitted = _requests(entry.spec), _amounts(entry.status, "allocatedResources")
        if not resized and (not admitted or wanted == admitted):
            continue
        undone = _resize_undone(view)
        if resized or undone:
            done = f"were asked to change in place: {undone}" if undone else "were changed in place"
            yield Change(
                kind="resize",
                what=f"resources of container {entry.name} {done}",
                before=_resources_text(admitted) if admitted and admitted != wanted else "",
                after=_resources_text(wanted),
                time=write.text,
                by=write.by,
                object=f"Pod/{view.reference.name}",
            )


def _resize_undone(view: PodView) -> str:
    """Why a resize is not done; empty where no condition says so."""
    for condition in items(view.pod, "status", "conditions"):
        kind, reason = text(condition, "type"), text(condition, "reason")
        if text(condition, "status") == "False":
            continue
        if kind == "PodResizePending":
            return f"it waits ({reason})" if reason else "it waits"
        if kind == "PodResizeInProgress":
            return "it fails" if reason == "Error" else "it is under way"
    return ""


def _requests(spec: Json) -> dict[str, str]:
    return _amounts(mapping(spec, "resources"), "requests")


def _amounts(body: Json, field: str) -> dict[str, str]:
    found = mapping(body, field)
    return {name: str(found[name]) for name in ("cpu", "memory") if name in found}


def _resources_text(amounts: dict[str, str]) -> str:
    return ", ".join(f"{name} {amount}" for name, amount in sorted(amounts.items()))


def _rollout(view: PodView, owner: Owner, created: datetime | None) -> Iterator[Change]:
    made = parse_time(dig(owner.body, "metadata", "creationTimestamp"))
    above = workload(view)
    revision = _revision(owner.body)
    if owner.kind == "ReplicaSet" and above is not None and revision is not None and revision > 1:
        write = last_write(above.body) if above.body else None
        yield Change(
            kind="rollout",
            what=f"revision {revision} of {above.label}",
            before=str(revision - 1),
            after=str(revision),
            time=format_time(made) if made else None,
            by=write.by if write else "",
            object=f"{above.kind}/{above.name}",
        )
        yield from _against_previous(view, owner, above, revision)
    if made is None or created is None or owner.kind not in _SERVING:
        return
    if created - made > _REPLACED_AFTER:
        age = human_duration((created - made).total_seconds())
        yield Change(
            kind="replaced",
            what=f"the pod was made {age} after its {owner.kind}: it replaced another or was added",
            time=format_time(created),
            object=f"Pod/{view.reference.name}",
        )


def _against_previous(view: PodView, owner: Owner, above: Owner, revision: int) -> Iterator[Change]:
    """The template against that of the previous ReplicaSet of the Deployment, where it was read."""
    before = _previous(view, owner, revision)
    if before is None or owner.body is None:
        return
    old = _images(dig(before, "spec", "template", "spec"))
    for name, image in _images(dig(owner.body, "spec", "template", "spec")).items():
        if name in old and old[name] != image:
            yield Change(
                kind="image",
                what=f"container {name} got another image with revision {revision}",
                before=old[name],
                after=image,
                time=text(owner.body, "metadata", "creationTimestamp") or None,
                object=f"{above.kind}/{above.name}",
            )
    for found in differences(template(before), template(owner.body)):
        yield Change(
            kind="template",
            what=f"revision {revision} changed the template: {found}",
            time=text(owner.body, "metadata", "creationTimestamp") or None,
            object=f"{above.kind}/{above.name}",
        )


def _previous(view: PodView, owner: Owner, revision: int) -> Json | None:
    parents = _parents(owner.body)
    best: tuple[int, Json] | None = None
    for stored in view.capture.objects.values():
        if not stored.reference.startswith(f"ReplicaSet/{view.reference.namespace}/"):
            continue
        number = _revision(stored.body)
        if stored.body is None or number is None or number >= revision:
            continue
        if parents & _parents(stored.body) and (best is None or number > best[0]):
            best = (number, stored.body)
    return best[1] if best else None


def _parents(body: Json | None) -> set[str]:
    owners = items(body, "metadata", "ownerReferences")
    return {uid for owner in owners if (uid := text(owner, "uid"))}


def _revision(body: Json | None) -> int | None:
    found = text(body, "metadata", "annotations", REVISION)
    return int(found) if found.isascii() and found.isdigit() and len(found) < 10 else None


def _template(view: PodView, owner: Owner) -> Iterator[Change]:
    """Where the pod is not what its owner would make today."""
    write = last_write(owner.body)
    newest = text(owner.body, "status", "updateRevision")
    mine = text(view.pod, "metadata", "labels", "controller-revision-hash")
    if owner.kind == "StatefulSet" and newest and mine and newest != mine:
        yield Change(
            kind="template",
            what=f"{owner.label} has a newer template than this pod was made from",
            before=mine,
            after=newest,
            time=write.text,
            by=write.by,
            object=f"{owner.kind}/{owner.name}",
        )
    wanted = _images(dig(owner.body, "spec", "template", "spec"))
    for name, image in _images(dig(view.pod, "spec")).items():
        if name in wanted and wanted[name] != image:
            yield Change(
                kind="image",
                what=f"container {name} has another image than the template of {owner.label}",
                before=wanted[name],
                after=image,
                object=f"Pod/{view.reference.name}",
            )


def _images(spec: Json | None) -> dict[str, str]:
    return {
        text(container, "name"): text(container, "image")
        for field in ("initContainers", "containers")
        for container in items(spec, field)
        if text(container, "image")
    }
