"""A Capture that leaves the house without the values of ConfigMaps: their digests stay. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from kubectl_podx.model.capture import (
    Capture,
    CapturedPod,
    Sealed,
    StoredObject,
    Variable,
)
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.containers import containers


def without_values(capture: Capture) -> Capture:
    """The same capture: equal is still equal, but what a ConfigMap says cannot be read in it.

    Literals of the pod's own spec stay, as the spec is part of it; what looked like a secret was
    never there.
    """
    return replace(
        capture,
        objects={key: _object(stored) for key, stored in capture.objects.items()},
        pods=[_pod(one, capture.objects) for one in capture.pods],
    )


def _object(stored: StoredObject) -> StoredObject:
    if stored.keys is None:
        return stored
    return replace(
        stored, keys={name: replace(key, text=None) for name, key in stored.keys.items()}
    )


def _pod(captured: CapturedPod, objects: Mapping[str, StoredObject]) -> CapturedPod:
    stored = objects.get(captured.reference)
    own = _literals((stored.body if stored else None) or {})
    return replace(
        captured,
        observations=[
            replace(
                one, variables=[_variable(v, own.get(one.container, set())) for v in one.variables]
            )
            for one in captured.observations
        ],
        declared_variables={
            name: [_variable(v, own.get(name, set())) for v in several]
            for name, several in captured.declared_variables.items()
        },
    )


def _literals(pod: Json) -> dict[str, set[str]]:
    """Container -> its variables whose value stands in the spec, or is a field of the pod."""
    found: dict[str, set[str]] = {}
    for entry in containers(pod):
        names = found.setdefault(entry.name, set())
        for variable in items(entry.spec, "env"):
            # The last one of a name wins, and a reference may bring a ConfigMap's value in.
            of_pod = any(
                dig(variable, "valueFrom", kind) for kind in ("fieldRef", "resourceFieldRef")
            )
            plain = dig(variable, "valueFrom") is None and "$(" not in text(variable, "value")
            (names.add if of_pod or plain else names.discard)(text(variable, "name"))
    return found


def _variable(variable: Variable, own: set[str]) -> Variable:
    if variable.name in own:
        return variable
    return replace(
        variable,
        declared=_sealed(variable.declared),
        injected=_sealed(variable.injected),
        process=_sealed(variable.process),
    )


def _sealed(value: Sealed | None) -> Sealed | None:
    return None if value is None else replace(value, text=None)
