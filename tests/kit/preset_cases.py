"""Presets and pods that several tests begin with: the example of the old documentation."""

from __future__ import annotations

from typing import Any

import kit
from kit import Json
from kubectl_podx.podpreset.preset import GONE, Preset, preset_of


def preset_body(name: str = "allow-database", *, group: str = GONE, **spec: Any) -> Json:
    """A PodPreset; without a spec of its own it is the example of the documentation."""
    return {
        "apiVersion": group,
        "kind": "PodPreset",
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"role": "frontend"}},
            **(
                spec
                or {
                    "env": [{"name": "DB_PORT", "value": "6379"}],
                    "volumeMounts": [{"mountPath": "/cache", "name": "cache-volume"}],
                    "volumes": [{"name": "cache-volume", "emptyDir": {}}],
                }
            ),
        },
    }


def preset(name: str = "allow-database", **spec: Any) -> Preset:
    return preset_of(preset_body(name, **spec))


def website(*containers: Json, annotations: dict[str, str] | None = None, **spec: Any) -> Json:
    """The manifest of the pod `website` of the documentation, with these containers if any."""
    made = kit.pod(*containers or [its_container()], name="website", **spec)
    metadata: Json = {"name": "website", "labels": {"app": "website", "role": "frontend"}}
    if annotations:
        metadata["annotations"] = annotations
    return {**{key: made[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata}


def its_container(name: str = "website", **fields: Any) -> Json:
    return kit.container(name, **{"image": "nginx", **fields})


def env(value: str, name: str = "DB_PORT") -> Json:
    return {"name": name, "value": value}


def ref(kind: str, name: str, **fields: Any) -> Json:
    return {kind: {"name": name, **fields}}
