"""Which fields a manager owns, as paths in the report's spelling. Names only, never a value.

managedFields has them as `fieldsV1` (structured-merge-diff): `f:NAME` is a field, `k:{…}` an item
of a list with these keys, `v:…` an item by its value, which is left out here.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from kubectl_podx.model.raw import Json, mapping

_MOST_PATHS = 200
_DEEPEST = 12
_LONGEST_KNOWN = 200
_LONGEST_ENTRY = 32768
# What the report calls an item by; the first that is there.
_KEYS = ("name", "mountPath", "containerPort", "key", "ip", "topologyKey", "uid", "type", "path")


def managed_paths(entry: Json) -> list[str]:
    """`spec.containers[app].env[X].value`, `metadata.labels[tier]`: the leaves of one manager."""
    fields = msgspec.json.encode(mapping(entry, "fieldsV1"))
    # A controller owns the same fields of all pods of a workload.
    return list(_paths_known(fields) if len(fields) <= _LONGEST_ENTRY else _paths(fields))


def _paths(fields: bytes) -> tuple[str, ...]:
    found: list[str] = []
    _below(msgspec.json.decode(fields), "", 0, found)
    return tuple(found[:_MOST_PATHS])


_paths_known = lru_cache(maxsize=256)(_paths)


def _below(node: Json, path: str, depth: int, found: list[str]) -> None:
    children = [(key, value) for key, value in node.items() if key != "."]
    if (not children or depth > _DEEPEST) and path:
        found.append(path)
        return
    if "." in node and path.endswith("]"):
        # The item itself, so that its presence is owned too.
        found.append(path)
    for key, value in children:
        if len(found) >= _MOST_PATHS:
            return
        # The pods of a workload have the same keys.
        step = (_known_step if len(key) <= _LONGEST_KNOWN else _step)(key, path)
        if step is not None:
            _below(value if isinstance(value, dict) else {}, step, depth + 1, found)


def _step(key: str, path: str) -> str | None:
    if key.startswith("f:"):
        name = key[2:]
        if path in ("metadata.labels", "metadata.annotations", "spec.nodeSelector"):
            return f"{path}[{name}]"
        return f"{path}.{name}" if path else name
    if key.startswith("k:"):
        try:
            item = msgspec.json.decode(key[2:])
        except msgspec.DecodeError:
            return None
        if not isinstance(item, dict):
            return None
        known = next((item[name] for name in _KEYS if name in item), None)
        return None if known is None else f"{path}[{known}]"
    return None


_known_step = lru_cache(maxsize=8192)(_step)
