"""What differs between two pod templates, in the names of their fields."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.raw import Json, dig, items, mapping, text

# Containers are compared one by one, and each image has a row of its own.
_TOLD_ELSEWHERE = frozenset({"containers", "initContainers", "ephemeralContainers"})
_HASH = "pod-template-hash"
_RESTARTED = "kubectl.kubernetes.io/restartedAt"


def differences(before: Json | None, after: Json | None) -> list[str]:
    """`container app: command, env LEVEL`; `volumes`: where the newer template is another one.

    Both as they were sealed: of two values that are both hidden nobody can tell a difference.
    """
    return [
        *_containers(before, after),
        *_fields(mapping(before, "spec"), mapping(after, "spec"), _TOLD_ELSEWHERE),
        *_metadata(before, after),
    ]


def _containers(before: Json | None, after: Json | None) -> Iterator[str]:
    for field in ("initContainers", "containers"):
        old, new = ({text(c, "name"): c for c in items(t, "spec", field)} for t in (before, after))
        yield from (f"container {name} added" for name in new if name not in old)
        yield from (f"container {name} removed" for name in old if name not in new)
        for name in new:
            found = list(_container(old[name], new[name])) if name in old else []
            if found:
                yield f"container {name}: {', '.join(found)}"


def _container(old: Json, new: Json) -> Iterator[str]:
    yield from _fields(old, new, frozenset({"name", "image", "env"}))
    before, after = _variables(old), _variables(new)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        yield f"env {', '.join(changed[:5])}{more}"


def _variables(container: Json) -> dict[str, Json]:
    return {text(variable, "name"): variable for variable in items(container, "env")}


def _fields(old: Json, new: Json, left_out: frozenset[str]) -> Iterator[str]:
    for field in sorted({*old, *new} - left_out):
        if old.get(field) != new.get(field):
            yield field


def _metadata(before: Json | None, after: Json | None) -> Iterator[str]:
    for field, word in (("labels", "label"), ("annotations", "annotation")):
        old, new = (mapping(each, "metadata", field) for each in (before, after))
        changed = sorted(key for key in {*old, *new} - {_HASH} if old.get(key) != new.get(key))
        if _RESTARTED in changed:
            changed.remove(_RESTARTED)
            yield "kubectl rollout restart"
        if changed:
            yield f"{word} {', '.join(changed[:5])}"


def template(body: Json | None) -> Json | None:
    """The pod template of a workload."""
    found = dig(body, "spec", "template")
    return found if isinstance(found, dict) else None
