"""Two pod templates field by field: where they differ, in the report's spelling of paths. Pure.

Lists are compared by what tells their items apart (patchMergeKey of the API's types), others of the
same length by place, all others as a whole. Values are compared and never go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

Change = Literal["added", "changed", "removed"]

# Field -> what an item is called by.
_KEYS: dict[str, tuple[str, ...]] = {
    "ports": ("containerPort",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "env": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "readinessGates": ("conditionType",),
    "schedulingGates": ("name",),
    "resourceClaims": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resizePolicy": ("resourceName",),
}
# Each of their entries may be somebody else's work.
_BY_ENTRY = frozenset({"resources", "requests", "limits", "nodeSelector"})
_NOTHING: tuple[Any, ...] = (None, {}, [], "")
_DEEPEST = 12


class Difference(NamedTuple):
    """One place where a pod is not as its template."""

    path: str
    change: Change
    live: Any
    declared: Any


def differences(
    live: Mapping[str, Any], declared: Mapping[str, Any], where: str, without: frozenset[str]
) -> Iterator[Difference]:
    """The differences of two mappings, less the fields of the first level named in `without`.

    An empty value and none at all are the same, as they are for Kubernetes.
    """
    for field in sorted({*live, *declared} - without, key=str):
        path = f"{where}.{field}" if where else str(field)
        yield from _values(live.get(field), declared.get(field), path, str(field), 0)


def _values(live: Any, declared: Any, path: str, field: str, depth: int) -> Iterator[Difference]:
    if live == declared or (live in _NOTHING and declared in _NOTHING):
        return
    mappings = _mappings(live, declared, field) if depth < _DEEPEST else None
    if mappings is not None:
        mine, theirs = mappings
        for key in sorted({*mine, *theirs}, key=str):
            inner = f"{path}[{key}]" if field == "nodeSelector" else f"{path}.{key}"
            yield from _values(mine.get(key), theirs.get(key), inner, str(key), depth + 1)
    elif declared in _NOTHING:
        yield Difference(path, "added", live, None)
    elif live in _NOTHING:
        yield Difference(path, "removed", None, declared)
    elif isinstance(live, list) and isinstance(declared, list):
        yield from _lists(live, declared, path, field, depth)
    else:
        yield Difference(path, "changed", live, declared)


def _mappings(
    live: Any, declared: Any, field: str
) -> tuple[Mapping[Any, Any], Mapping[Any, Any]] | None:
    """Both sides, where they are to be compared entry by entry."""
    if field in _BY_ENTRY:
        live, declared = (({} if side in _NOTHING else side) for side in (live, declared))
    elif live in _NOTHING or declared in _NOTHING:
        return None
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return live, declared
    return None


def _lists(
    live: list[Any], declared: list[Any], path: str, field: str, depth: int
) -> Iterator[Difference]:
    if field in _KEYS:
        mine, theirs = _by_key(live, field), _by_key(declared, field)
    elif len(live) == len(declared) and depth < _DEEPEST:
        mine, theirs = _by_place(live), _by_place(declared)
    else:
        mine = theirs = None
    if mine is None or theirs is None:
        yield Difference(path, "changed", live, declared)
        return
    for key in dict.fromkeys((*theirs, *mine)):
        yield from _values(mine.get(key), theirs.get(key), f"{path}[{key}]", "", depth + 1)


def _by_place(values: list[Any]) -> dict[str, Any] | None:
    """The items by their index; None where they are not objects."""
    if not all(isinstance(value, Mapping) for value in values):
        return None
    return {str(index): value for index, value in enumerate(values)}


def _by_key(values: list[Any], field: str) -> dict[str, Any] | None:
    """The items by their key; None where one has none, or two have the same."""
    found: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, Mapping):
            return None
        parts = [str(value.get(key, "")) for key in _KEYS[field]]
        key = " ".join(parts).strip()
        if not key or key in found:
            return None
        found[key] = value
    return found
