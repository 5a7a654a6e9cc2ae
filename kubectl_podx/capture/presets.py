"""PodPresets and the pods to try them on, of files and of a Capture.

What stands in a person's own file is the person's: it is not sealed, and podx prints it back. What
comes from a cluster or a bundle is sealed already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from kubectl_podx.capture.bundle import manifests
from kubectl_podx.model.capture import Capture, StoredObject
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.workload import TEMPLATES
from kubectl_podx.podpreset.preset import GONE, SERVED, Preset, is_preset, mistakes, preset_of

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Subject(NamedTuple):
    """A pod to try presets on."""

    title: str
    """`pod web`, or `pods of Deployment web`: a controller's template itself is never changed."""
    body: Json


def read_presets(paths: Iterable[str]) -> list[Json]:
    """The PodPresets of the files, whole; InputError where one cannot be used.

    `-` is standard input. Objects of other kinds beside them are left alone.
    """
    found: list[Json] = []
    for path in paths:
        bodies, name = manifests(path)
        mine = [as_json(body, name) for body in bodies if text(body, "kind") == "PodPreset"]
        if not mine:
            raise InputError(f"no PodPreset in {name}")
        for body in mine:
            if not is_preset(body):
                raise InputError(
                    f"a PodPreset in {name} is of an apiVersion that podx does not know; "
                    f"there are {GONE} and {SERVED}"
                )
            for mistake in mistakes(body):
                raise InputError(f"a PodPreset in {name} is not valid: {mistake}")
        found += mine
    return found


def read_subjects(path: str) -> list[Subject]:
    """The pods of a file, and those that its workloads would make."""
    bodies, name = manifests(path)
    found = [subject for body in bodies for subject in _subjects(as_json(body, name))]
    if not found:
        raise InputError(f"no Pod in {name}, nor anything that makes pods")
    return found


def as_json(value: Any, name: str) -> Any:
    """The data as kubectl makes JSON of it: keys are text, and there is nothing but JSON's types.

    YAML has bytes, sets and numbers that are none.
    """
    if isinstance(value, dict):
        return {_key(key): as_json(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner, name) for inner in value]
    odd = isinstance(value, float) and not math.isfinite(value)
    if odd or not isinstance(value, str | int | float | None):
        raise InputError(f"{name} holds data that JSON has no form for")
    return value


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return "null" if key is None else str(key)


def _subjects(body: Json) -> Iterator[Subject]:
    kind, name = text(body, "kind"), text(body, "metadata", "name")
    if kind == "Pod":
        yield Subject(f"pod {name or text(body, 'metadata', 'generateName')}", body)
    elif kind in TEMPLATES and isinstance(dig(body, *TEMPLATES[kind]), dict):
        template = mapping(body, *TEMPLATES[kind])
        metadata = mapping(template, "metadata")
        for field, value in (
            ("generateName", f"{name}-"),
            ("namespace", text(body, "metadata", "namespace")),
        ):
            if value:
                metadata.setdefault(field, value)
        pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": metadata}
        yield Subject(f"pods of {kind} {name}", pod)


def captured_subjects(capture: Capture) -> list[Subject]:
    """The pods of a Capture, as they would be created again: without status and bookkeeping."""
    found = []
    for captured in capture.pods:
        stored = capture.objects.get(captured.reference)
        body = (stored.body if stored else None) or {}
        metadata = {
            field: value
            for field, value in mapping(body, "metadata").items()
            if field in ("name", "generateName", "namespace", "labels", "annotations")
        }
        if "annotations" in metadata:
            metadata["annotations"] = mapping(metadata, "annotations")
            metadata["annotations"].pop(_LAST_APPLIED, None)
        kept = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": mapping(body, "spec"),
        }
        name = Reference.of_key(captured.reference).name
        found.append(Subject(f"pod {name}, if it were created again", kept))
    return found


def with_presets(capture: Capture, bodies: Iterable[Json]) -> Capture:
    """The Capture with the presets of files beside what it holds, sealed as the rest.

    A preset that names no namespace is stored in that of every pod.
    """
    from kubectl_podx.capture.seal import Sealer  # noqa: PLC0415 - a replay needs no sealer

    sealer = Sealer()
    namespaces = {Reference.of_key(pod.reference).namespace for pod in capture.pods}
    objects: dict[str, StoredObject] = dict(capture.objects)
    for body in bodies:
        preset = preset_of(body)
        for namespace in [preset.namespace] if preset.namespace else sorted(namespaces):
            reference = Reference("PodPreset", namespace, preset.name)
            objects[reference.key] = sealer.keep(reference, body)
    return msgspec.structs.replace(capture, objects=objects)


def captured_presets(capture: Capture) -> list[Preset]:
    """The presets that the Capture holds. InputError where they could not be read, with why."""
    lists = [found for key, found in capture.lists.items() if key.startswith("PodPreset/")]
    bodies: list[Json] = []
    for found in lists:
        if found.state == "missing":
            raise InputError(
                f"the server has no PodPresets ({SERVED}): Kubernetes' own kind is gone since "
                "1.20, see 'kubectl podx explain PodPreset'; name a file with --preset"
            )
        if found.state != "present":
            why = "forbidden" if found.state == "denied" else found.reason or found.state
            raise InputError(
                f"the PodPresets of the namespace cannot be read ({why}); the right is 'list "
                "podpresets.redhatcop.redhat.io'; name a file with --preset"
            )
        bodies += items({"items": found.items}, "items")
    for key, stored in capture.objects.items():
        if key.startswith("PodPreset/") and stored.body is not None:
            bodies.append(stored.body)
    return [preset_of(body) for body in bodies]
