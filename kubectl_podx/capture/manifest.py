"""YAML and JSON manifests as plain objects: bounded, without aliases, own error texts only."""

from __future__ import annotations

from typing import Any

import msgspec

from kubectl_podx.model.errors import InputError

_MAX_YAML = 4 << 20


def documents(data: bytes, name: str) -> list[dict[str, Any]]:
    """Every object in the file; List kinds are opened. InputError where it cannot be read."""
    stripped = data.lstrip()
    try:
        found = [msgspec.json.decode(data)] if stripped[:1] in (b"{", b"[") else _yaml(data, name)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise InputError(f"{name} is not valid JSON") from None
    opened: list[dict[str, Any]] = []
    for body in found:
        if not isinstance(body, dict):
            continue
        kind = body.get("kind")
        inner = body.get("items")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(inner, list):
            item_kind = kind[: -len("List")]
            opened += [
                {**item, "kind": item.get("kind") or item_kind}
                for item in inner
                if isinstance(item, dict)
            ]
        else:
            opened.append(body)
    return opened


def _yaml(data: bytes, name: str) -> list[Any]:
    # 13 ms that only a YAML manifest costs.
    from kubectl_podx.cluster import full_yaml  # noqa: PLC0415
    from kubectl_podx.model.errors import BadYamlError  # noqa: PLC0415

    if len(data) > _MAX_YAML:
        raise InputError(f"{name} is larger than {_MAX_YAML >> 20} MiB; save it as JSON instead")
    try:
        return full_yaml.documents(data, first_only=False, max_aliases=0)
    except BadYamlError as error:
        why = f": {error.why}" if error.why else ""
        raise InputError(f"{name} is not valid YAML{why}") from None
