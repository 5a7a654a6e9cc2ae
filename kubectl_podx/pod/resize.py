"""An in-place resize that is not done: what is declared, beside what is in force."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.raw import Json, dig, mapping
from kubectl_podx.pod.pod import containers

_RESIZED = ("cpu", "memory")


def not_in_force(pod: Json) -> list[str]:
    """`app: limits.memory 128Mi in force, 32Mi declared`; the pod's own resources last.

    `status…resources` is what the kubelet has set (KEP-1287), of the pod since 1.36.
    """
    found: list[str] = []
    for entry in containers(pod):
        if isinstance(dig(entry.status, "resources"), dict):
            found += _differing(entry.name, entry.spec, entry.status)
    if isinstance(dig(pod, "status", "resources"), dict):
        found += _differing("the pod", mapping(pod, "spec"), mapping(pod, "status"))
    return found


def _differing(name: str, declared: Json, actual: Json) -> Iterator[str]:
    for kind in ("requests", "limits"):
        wanted, is_set = (mapping(each, "resources", kind) for each in (declared, actual))
        for resource in _RESIZED:
            asked, has = wanted.get(resource), is_set.get(resource)
            if asked is None or has is None:
                continue
            if parse_quantity(asked) != parse_quantity(has):
                yield f"{name}: {kind}.{resource} {has} in force, {asked} declared"
