"""When two entries of a pod are the same: as the API server stores them, defaults filled in.

The admission plugin compared with reflect.DeepEqual, after defaulting, on both sides
(pkg/apis/core/v1/defaults.go): what is written in one and defaulted in the other is no conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_podx.model.raw import Json, items, mapping, text

HIDDEN = "<hidden>"
"""What stands in a sealed pod for a value that looks like a secret."""

_MODE = 0o644
_TOKEN_SECONDS = 3600
# Fields that are no pointers in Go: their zero is the same as nothing.
_ZERO_IS_NOTHING = {"readOnly": False, "partition": 0}


def normal(entry: Json) -> dict[str, Any]:
    """An env, envFrom, volume or mount entry with its defaults, without what says nothing."""
    kept: dict[str, Any] = _without_nothing(entry)
    if "fieldRef" in mapping(kept, "valueFrom"):
        kept["valueFrom"] = {**kept["valueFrom"], "fieldRef": _field_ref(kept["valueFrom"])}
    for source in ("secret", "configMap", "downwardAPI", "projected"):
        if isinstance(kept.get(source), Mapping):
            kept[source] = _file_source(kept[source])
    if isinstance(kept.get("hostPath"), Mapping):
        kept["hostPath"] = {"type": "", **kept["hostPath"]}
    return kept


def normal_volume(volume: Json) -> dict[str, Any]:
    """A volume likewise; one without a source is an emptyDir (SetDefaults_Volume)."""
    kept = normal(volume)
    return kept if set(kept) - {"name"} else {**kept, "emptyDir": {}}


def same(one: Json, other: Json) -> bool | None:
    """Whether two normal entries are equal; None where a hidden value keeps that from being told.

    Two values of which one is hidden can be equal or not; whatever else differs decides.
    """
    if one == other:
        return None if holds_hidden(one) else True
    if holds_hidden(one) or holds_hidden(other):
        return None if _masked(one) == _masked(other) else False
    return False


def holds_hidden(entry: Json) -> bool:
    """Whether the literal value of an env entry is not to be seen."""
    return HIDDEN in text(entry, "value")


def _masked(entry: Json) -> dict[str, Any]:
    return {**entry, "value": HIDDEN} if "value" in entry else dict(entry)


def _without_nothing(value: Any) -> Any:
    """Without null, empty text and empty lists; an empty object may be a volume's whole source."""
    if isinstance(value, Mapping):
        return {
            str(key): _without_nothing(inner)
            for key, inner in value.items()
            if inner not in (None, "", [])
            and not (key in _ZERO_IS_NOTHING and inner == _ZERO_IS_NOTHING[key])
        }
    if isinstance(value, list):
        return [_without_nothing(inner) for inner in value]
    return value


def _field_ref(holder: Json) -> dict[str, Any]:
    return {"apiVersion": "v1", **mapping(holder, "fieldRef")}


def _file_source(source: Json) -> dict[str, Any]:
    kept: dict[str, Any] = {"defaultMode": _MODE, **source}
    if "items" in kept:
        kept["items"] = [_file_item(each) for each in items(kept, "items")]
    if "sources" in kept:
        kept["sources"] = [_projection(each) for each in items(kept, "sources")]
    return kept


def _file_item(item: Json) -> dict[str, Any]:
    return {**item, "fieldRef": _field_ref(item)} if "fieldRef" in item else dict(item)


def _projection(source: Json) -> dict[str, Any]:
    kept = dict(source)
    if isinstance(kept.get("serviceAccountToken"), Mapping):
        kept["serviceAccountToken"] = {
            "expirationSeconds": _TOKEN_SECONDS,
            **kept["serviceAccountToken"],
        }
    downward = mapping(kept, "downwardAPI")
    if downward:
        downward["items"] = [_file_item(each) for each in items(downward, "items")]
        kept["downwardAPI"] = downward
    return kept
