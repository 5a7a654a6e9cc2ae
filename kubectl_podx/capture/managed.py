"""Which fields a manager owns, as paths in the report's spelling. Names only, never a value.

managedFields has them as `fieldsV1` (structured-merge-diff): `f:NAME` is a field, `k:{…}` an item
of a list with these keys, `v:…` an item by its value, which is left out here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kubectl_podx.model.pod import Json, mapping

_MOST_PATHS = 200
_DEEPEST = 12
# What the report calls an item by; the first that is there.
_KEYS = ("name", "mountPath", "containerPort", "key", "ip", "topologyKey", "uid", "type", "path")


def managed_paths(entry: Json) -> list[str]:
    """`spec.containers[app].env[X].value`, `metadata.labels[tier]`: the leaves of one manager."""
    found = _below(mapping(entry, "fieldsV1"), "", 0)
    return [path for _, path in zip(range(_MOST_PATHS), found, strict=False)]


def _below(node: Json, path: str, depth: int) -> Iterator[str]:
    children = [(key, value) for key, value in node.items() if key != "."]
    if (not children or depth > _DEEPEST) and path:
        yield path
        return
    if "." in node and path.endswith("]"):
        # The item itself, so that its presence is owned too.
        yield path
    for key, value in children:
        step = _step(str(key), path)
        if step is not None:
            yield from _below(value if isinstance(value, dict) else {}, step, depth + 1)


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
