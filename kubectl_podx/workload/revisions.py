"""The current template of a workload beside the one before: which fields changed, with values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kubectl_podx.model.raw import Json, dig, items, mapping, number, one_line, text
from kubectl_podx.workload.report import Revision, RevisionChange
from kubectl_podx.workload.view import WorkloadView

_NUMBER = "deployment.kubernetes.io/revision"
_REVISION_LABEL = "controller-revision-hash"
_MOST = 30
_LONGEST = 120
_HASHES = frozenset({"pod-template-hash", _REVISION_LABEL})
_IDENTITY = ("name", "mountPath", "containerPort", "key", "topologyKey", "type")
"""What an item of a list is called by; the first that all of them have."""


def revision(view: WorkloadView) -> Revision | None:
    """None for a kind without revisions, or where they were not read."""
    kind = view.reference.kind
    if kind == "Deployment":
        found = [(_of_replica_set(one), one) for one in view.listed("ReplicaSet")]
    elif kind in ("StatefulSet", "DaemonSet"):
        found = [(number(one, "revision") or 0, one) for one in view.listed("ControllerRevision")]
    else:
        return None
    found = sorted(((at, one) for at, one in found if at), key=lambda pair: pair[0], reverse=True)
    if not found:
        return None
    current, *older = found
    before = older[0][1] if older else None
    return Revision(
        name=_name(kind, *current),
        previous=_name(kind, *older[0]) if older else "",
        changed_at=text(current[1], "metadata", "creationTimestamp") or None,
        changes=list(changes(template(before), template(current[1]))) if before else [],
        old_pods=_old_pods(view, current[1]),
    )


def _of_replica_set(body: Json) -> int:
    found = text(body, "metadata", "annotations", _NUMBER)
    return int(found) if found.isascii() and found.isdecimal() and len(found) < 10 else 0


def _name(kind: str, at: int, body: Json) -> str:
    return str(at) if kind == "Deployment" else text(body, "metadata", "name")


def _old_pods(view: WorkloadView, current: Json) -> list[str]:
    """By the labels that the controllers put on pods of one template."""
    label = "pod-template-hash" if view.reference.kind == "Deployment" else _REVISION_LABEL
    newest = text(current, "metadata", "labels", label) or text(current, "metadata", "name")
    return [
        text(pod, "metadata", "name")
        for pod in view.pods
        if text(pod, "metadata", "labels", label) not in ("", newest)
    ]


def template(body: Json | None) -> Json:
    """The pod template of a ReplicaSet or of a sealed ControllerRevision."""
    found = dig(body, "spec", "template") or dig(body, "template")
    return found if isinstance(found, dict) else {}


def changes(before: Json, after: Json) -> Iterator[RevisionChange]:
    """Field by field, at most so many. Both as they were sealed: of two hidden values nobody can
    tell a difference.
    """
    old, new = dict(_leaves(_compared(before))), dict(_leaves(_compared(after)))
    names = [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]
    for name in names[:_MOST]:
        yield RevisionChange(
            field=name.removeprefix("spec."), before=old.get(name, ""), after=new.get(name, "")
        )


def _compared(body: Json) -> dict[str, Any]:
    labels = {k: v for k, v in mapping(body, "metadata", "labels").items() if k not in _HASHES}
    annotations = mapping(body, "metadata", "annotations")
    spec = mapping(body, "spec")
    return {"labels": labels, "annotations": annotations, "spec": spec}


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            # A key with a dot in it is no path.
            step = f"[{key}]" if "." in key or "/" in key else f".{key}" if path else str(key)
            yield from _leaves(inner, path + step)
    elif isinstance(value, list) and value:
        yield from _of_list(value, path)
    elif value not in (None, {}, []):
        yield (
            path,
            one_line(str(value).lower() if isinstance(value, bool) else str(value), _LONGEST),
        )


def _of_list(value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    if not all(isinstance(one, Mapping) for one in value):
        yield path, one_line(" ".join(str(one) for one in value), _LONGEST)
        return
    found = items({"items": value}, "items")
    key = next((k for k in _IDENTITY if all(dig(one, k) is not None for one in found)), "")
    for at, one in enumerate(found):
        inner = {k: v for k, v in one.items() if k != key}
        name = f"{path}[{dig(one, key) if key else at}]"
        yield from _leaves(inner, name) if inner else [(name, "present")]
