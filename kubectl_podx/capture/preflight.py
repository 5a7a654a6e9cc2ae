"""Manifests that are not applied yet: what each would make, and what a cluster says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from kubectl_podx import __version__
from kubectl_podx.capture import session
from kubectl_podx.capture.bundle import documents, read_bytes
from kubectl_podx.capture.presets import as_json
from kubectl_podx.capture.renew import Renewed, first_of, stored_form
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.start import StartOptions, Starts, Subject
from kubectl_podx.cluster.yaml_lines import Lines
from kubectl_podx.model.capture import Capture, CapturedPod
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.errors import InputError
from kubectl_podx.model.raw import mapping, text
from kubectl_podx.model.reference import RESOURCES, Reference
from kubectl_podx.model.tried import Admission
from kubectl_podx.pod.workload import TEMPLATES
from kubectl_podx.start.manifest import Made, Step

if TYPE_CHECKING:
    from kubectl_podx.cluster.access import AccessFlags


class Read(Struct, frozen=True):
    """What a file holds."""

    name: str
    """For messages."""
    made: list[Made]
    others: list[dict[str, Any]]
    """Objects that make no pods: what the pods refer to may be among them."""
    lines: Lines


def read(path: str, namespace: str) -> Read:
    """The file's objects with their lines; `-` is standard input. InputError where it is none."""
    data = read_bytes(path)
    name = "standard input" if path == "-" else ascii(Path(path).name)
    made: list[Made] = []
    others: list[dict[str, Any]] = []
    keys: set[str] = set()
    for at, within, body in _placed(data, name):
        kind = text(body, "kind")
        if kind != "Pod" and kind not in TEMPLATES:
            others.append(body)
            continue
        called = text(body, "metadata", "name") or text(body, "metadata", "generateName")
        where = text(body, "metadata", "namespace") or namespace
        pod = f"{called}-0" if kind == "StatefulSet" else called
        key = Reference("Pod", where, pod or kind.lower()).key
        number = 2
        while key in keys:
            key = Reference("Pod", where, f"{called}-{kind.lower()}-{number}").key
            number += 1
        keys.add(key)
        made.append(Made(key, kind, called, body, at, within, TEMPLATES.get(kind, ())))
    if not made:
        raise InputError(f"no Pod in {name}, nor anything that makes pods")
    return Read(name, made, others, Lines(data))


def _placed(data: bytes, name: str) -> Iterator[tuple[int, tuple[Step, ...], dict[str, Any]]]:
    """Each object with its document and its place there; empty documents count, too."""
    for at, read_one in enumerate(documents(data, name, opened=False)):
        whole = as_json(read_one, name)
        inner = whole.get("items") if isinstance(whole, dict) else None
        kind = text(whole, "kind")
        if kind.endswith("List") and isinstance(inner, list):
            for place, item in enumerate(inner):
                if isinstance(item, dict):
                    yield at, ("items", place), {"kind": kind.removesuffix("List"), **item}
        elif isinstance(whole, dict):
            yield at, (), whole


def subjects(found: Read, namespace: str) -> list[Subject]:
    """The pods that the objects would make."""
    made = []
    for one in found.made:
        reference = Reference.of_key(one.key)
        owner = {"kind": one.kind, "name": one.name, "controller": True}
        metadata = {
            "name": reference.name,
            "namespace": reference.namespace,
            **({} if one.kind == "Pod" else {"ownerReferences": [owner]}),
        }
        made.append(
            Subject(reference, {"metadata": metadata}, _renewed(one, namespace), one.key, one.body)
        )
    return made


def _renewed(one: Made, namespace: str) -> Renewed:
    if one.kind != "Pod":
        where = text(one.body, "metadata", "namespace") or namespace
        found = first_of(one.body, where)
        body = found.body if found is not None else {"metadata": {}, "spec": {}}
        # Its owner is in the file alone.
        body["metadata"].pop("ownerReferences", None)
        return Renewed(body, "manifest")
    metadata = {
        key: value
        for key, value in mapping(one.body, "metadata").items()
        if key in ("name", "generateName", "labels", "annotations")
    }
    metadata["namespace"] = text(one.body, "metadata", "namespace") or namespace
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": mapping(one.body, "spec"),
    }
    return Renewed(body, "manifest")


class Taken(Struct, frozen=True):
    """A Capture of what the file would make, and the file."""

    capture: Capture
    read: Read


def offline(path: str, namespace: str) -> Taken:
    """Without a cluster: what the file itself tells."""
    found = read(path, namespace)
    sealer = Sealer()
    objects = {
        reference.key: sealer.keep(reference, body) for reference, body in _beside(found, namespace)
    }
    for _, reference, body in _makers(found):
        objects[reference.key] = sealer.keep(reference, body)
    pods = []
    for one in subjects(found, namespace):
        body = stored_form(one.made.body, one.pod)
        objects[one.reference.key] = sealer.keep(one.reference, body)
        admission = Admission(state="notAsked", basis="manifest")
        pods.append(CapturedPod(reference=one.reference.key, admission=admission))
    capture = Capture(source="manifest", podx_version=__version__, pods=pods, objects=objects)
    return Taken(capture, found)


def take(
    flags: AccessFlags,
    path: str,
    options: StartOptions,
    *,
    deadline: Deadline,
    environ: Mapping[str, str],
    home: str,
    warn: Callable[[str], None],
) -> Taken:
    """What the cluster says of the file. Raises PodxError where it cannot be asked at all."""
    with session.connected(
        flags, deadline=deadline, environ=environ, home=home, warn=warn, dial=4
    ) as (server, namespace):
        found = read(path, namespace)
        run = Starts(server, options, deadline)
        for reference, body in _beside(found, namespace):
            run.store.objects[reference.key] = run.sealer.keep(reference, body)
        run.own = frozenset(run.store.objects)
        run.makers = {key: (reference, body) for key, reference, body in _makers(found)}
        for reference, maker in run.makers.values():
            run.store.objects[reference.key] = run.sealer.keep(reference, maker)
        return Taken(run.capture(subjects(found, namespace)), found)


def _makers(found: Read) -> Iterator[tuple[str, Reference, dict[str, Any]]]:
    """The workloads of the file, by the key of their pod."""
    for one in found.made:
        if one.kind != "Pod" and one.name:
            namespace = Reference.of_key(one.key).namespace
            body = {"kind": one.kind, **one.body}
            yield one.key, Reference(one.kind, namespace, one.name), body


def _beside(found: Read, namespace: str) -> Iterator[tuple[Reference, dict[str, Any]]]:
    """The other objects of the file that podx knows, Secrets first: they are scrubbed elsewhere."""
    for body in sorted(found.others, key=lambda body: text(body, "kind") != "Secret"):
        kind, name = text(body, "kind"), text(body, "metadata", "name")
        if kind in RESOURCES and name:
            where = text(body, "metadata", "namespace") or namespace
            yield Reference(kind, where if RESOURCES[kind].namespaced else "", name), body
