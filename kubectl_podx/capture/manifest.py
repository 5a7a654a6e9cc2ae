"""YAML and JSON manifests as plain objects: bounded, without aliases, own error texts only."""

from __future__ import annotations

from typing import Any

import msgspec

from kubectl_podx.model.errors import InputError

_MAX_YAML = 4 << 20
_MAX_DEPTH = 60


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
    import yaml  # noqa: PLC0415 - 13 ms that only a YAML manifest costs

    if len(data) > _MAX_YAML:
        raise InputError(f"{name} is larger than {_MAX_YAML >> 20} MiB; save it as JSON instead")

    class Loader(yaml.SafeLoader):
        """Refuses aliases (304 bytes of them became 23 MB) and deep nesting; pure Python, because
        the C loader segfaults on 200 kB of `[`.
        """

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise InputError(f"{name} uses YAML aliases, which podx does not read")
            self.depth += 1
            if self.depth > _MAX_DEPTH:
                raise InputError(f"{name} is nested too deeply")
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    # kubectl reads times as text; PyYAML would make datetime objects of them.
    Loader.yaml_implicit_resolvers = {
        first: [
            (tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"
        ]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        return list(yaml.load_all(data, Loader=Loader))
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError(f"{name} is not valid YAML") from None
