"""What of an API object may go on: pure copies of raw JSON with secret-like words replaced.

Sealing never edits in place and never keeps a field it does not know to be harmless where the
field is meant for values: `env[].value`, arguments, probe headers, annotations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from kubectl_podx.capture.candidate import name_kind
from kubectl_podx.capture.secretlike import (
    HIDDEN,
    hide_literal,
    hide_text,
    hide_words,
    secret_name,
    secret_value,
)
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.podpreset.preset import says_applied

WITHHELD = "<withheld>"
"""Stands for free text of a pod while a value that may be in it is not known."""

# Annotations that repeat whole manifests, env and Secrets included.
_MANIFEST_ANNOTATIONS = ("last-applied-configuration", "applied-configuration", "manifest")
_LONGEST_ANNOTATION = 256

# Of a pod or workload; there is nothing else in one that anything here knows.
_PARTS = ("kind", "apiVersion", "spec", "status")

# Maps of a driver's own, in which anything may stand: csi, flexVolume, StorageClass and the like.
_FREE_FORM = frozenset(
    {
        "volumeAttributes",
        "volumeContext",
        "publishContext",
        "attachmentMetadata",
        "options",
        "parameters",
        "attributes",
    }
)

# Kinds whose fields are long lists of names and addresses and hold no driver's map.
_WITHOUT_FREE_FORM = frozenset({"Node", "EndpointSlice", "Namespace", "Service"})
_DEEPEST = 32

# Their messages are made of the names of nodes, containers, images and resources.
_CONDITIONS = frozenset(
    {"PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"}
)

_WAITING = frozenset(
    {
        "CrashLoopBackOff",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)


def metadata(body: Json, *, labels: bool = True, paths: bool = False) -> dict[str, Any]:
    """Identity, owners, times, reduced managedFields and the annotations that may be shown.

    `paths`: with the paths of the fields that each manager owns, as `paths`.
    """
    raw = mapping(body, "metadata")
    kept: dict[str, Any] = {
        field: raw[field]
        for field in (
            "name",
            "namespace",
            "uid",
            "resourceVersion",
            "generation",
            "generateName",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "finalizers",
            "ownerReferences",
        )
        if field in raw
    }
    if labels and "labels" in raw:
        kept["labels"] = raw["labels"]
    if isinstance(raw.get("annotations"), Mapping):
        kept["annotations"] = {
            str(name): shown_annotation(str(name), value)
            for name, value in raw["annotations"].items()
        }
    if "managedFields" in raw:
        kept["managedFields"] = [
            {
                field: entry[field]
                for field in ("manager", "operation", "time", "subresource")
                if field in entry
            }
            | ({"paths": managed_paths(entry)} if paths else {})
            for entry in items(raw, "managedFields")
        ]
    return kept


def shown_annotation(name: str, value: Any) -> str:
    """An annotation's value, or `<hidden>` where it is long, structured or secret-like."""
    shown = value if isinstance(value, str) else ""
    if says_applied(name, value):
        # A PodPreset may be called after the secret that it brings.
        return shown
    suspicious = (
        len(shown) > _LONGEST_ANNOTATION
        or name.endswith(_MANIFEST_ANNOTATIONS)
        or secret_name(name.rpartition("/")[2])
        or shown.lstrip()[:1] in ("{", "[")
    )
    return HIDDEN if suspicious else hide_literal("", shown)


def pod(
    body: Json,
    scrub: Callable[[str], str],
    known: Json | None = None,
    of_names: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """A pod as a Capture may hold it. `scrub` removes known secret values from free text.

    `known` is its metadata as this function made it before: there is no free text in it. `of_names`
    takes the place of `scrub` for what the cluster makes of names.
    """
    kept: dict[str, Any] = {field: body[field] for field in _PARTS if field in body}
    kept["metadata"] = metadata(body, paths=True) if known is None else known
    spec = mapping(body, "spec")
    for field in ("initContainers", "containers", "ephemeralContainers"):
        if isinstance(spec.get(field), list):
            spec[field] = [_container(entry, scrub) for entry in items(spec, field)]
    for field in ("volumes", "dnsConfig", "resourceClaims"):
        if field in spec:
            spec[field] = _judged(spec[field], scrub)
    kept["spec"] = spec
    if isinstance(body.get("status"), Mapping):
        kept["status"] = _messages(body["status"], scrub, of_names)
    return kept


def workload(body: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    """A ReplicaSet, Deployment, Job …: its template sealed as a pod's spec is."""
    kept: dict[str, Any] = {field: body[field] for field in _PARTS if field in body}
    kept["metadata"] = metadata(body)
    for entry, raw in zip(
        kept["metadata"].get("managedFields", ()),
        items(body, "metadata", "managedFields"),
        strict=False,
    ):
        if decided := [path for path in managed_paths(raw) if path in _DECISIONS]:
            entry["paths"] = decided
    spec = mapping(body, "spec")
    if isinstance(spec.get("template"), Mapping):
        spec["template"] = pod(spec["template"], scrub)
    if isinstance(spec.get("jobTemplate"), Mapping):
        spec["jobTemplate"] = workload(spec["jobTemplate"], scrub)
    if "volumeClaimTemplates" in spec:
        spec["volumeClaimTemplates"] = [
            plain(claim, scrub) for claim in items(spec, "volumeClaimTemplates")
        ]
    kept["spec"] = spec
    if isinstance(body.get("status"), Mapping):
        kept["status"] = _messages(body["status"], scrub)
    return kept


# Fields of a workload of which a report says who set them.
_DECISIONS = frozenset({"spec.replicas", "spec.suspend", "spec.paused"})


def revision(body: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    """A ControllerRevision: its number and its template, sealed as a pod's spec is."""
    kept: dict[str, Any] = {"metadata": metadata(body), "revision": body.get("revision")}
    template = mapping(body, "data", "spec", "template")
    if template:
        kept["template"] = pod(template, scrub)
    return kept


def pod_preset(body: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    """A PodPreset: its env is sealed as a container's is."""
    kept: dict[str, Any] = {field: body[field] for field in _PARTS if field in body}
    kept["metadata"] = metadata(body)
    kept["spec"] = _container(mapping(body, "spec"), scrub)
    if "volumes" in kept["spec"]:
        kept["spec"]["volumes"] = _judged(kept["spec"]["volumes"], scrub)
    return kept


def plain(body: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    """An object whose kind holds no values (Node, Service, EndpointSlice …)."""
    kept = {
        key: value for key, value in body.items() if key not in ("metadata", "data", "stringData")
    }
    if text(body, "kind") not in _WITHOUT_FREE_FORM:
        kept = {key: _judged(value, scrub, key) for key, value in kept.items()}
    kept["metadata"] = metadata(body)
    if isinstance(kept.get("status"), Mapping):
        # The images on a Node's disk are most of its bytes, and nothing here needs them.
        shown = {key: value for key, value in kept["status"].items() if key != "images"}
        kept["status"] = _messages(shown, scrub)
    return kept


def event(body: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    """An event: its message scrubbed and its words hidden where they look like secrets."""
    kept: dict[str, Any] = {
        field: body[field]
        for field in (
            "type",
            "reason",
            "count",
            "firstTimestamp",
            "lastTimestamp",
            "eventTime",
            "series",
            "involvedObject",
            "source",
            "reportingComponent",
            "action",
        )
        if field in body
    }
    meta = mapping(body, "metadata")
    kept["metadata"] = {f: meta[f] for f in ("name", "uid", "creationTimestamp") if f in meta}
    kept["message"] = hide_text(scrub(text(body, "message")))
    return kept


def _judged(value: Any, scrub: Callable[[str], str], name: str = "", depth: int = 0) -> Any:
    """A copy in which a driver's own maps hold no secret, and no text a password that it names."""
    if depth > _DEEPEST:
        return HIDDEN
    if name in _FREE_FORM:
        return _free_form(value, scrub, depth=depth)
    if isinstance(value, Mapping):
        return {
            str(key): _judged(inner, scrub, str(key), depth + 1) for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_judged(inner, scrub, "", depth + 1) for inner in value]
    return hide_text(value) if isinstance(value, str) else value


def _free_form(value: Any, scrub: Callable[[str], str], name: str = "", depth: int = 0) -> Any:
    """Whatever a driver takes: each text judged by the name it stands under and by itself."""
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        # `{"name": "password", "value": "…"}` of a list of options.
        named = text(value, "name") or text(value, "key")
        return {
            str(key): _free_form(
                inner, scrub, named if key == "value" and named else str(key), depth + 1
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_free_form(inner, scrub, name, depth + 1) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return HIDDEN if _shown_option(name, str(value)) == HIDDEN else value
    return hide_text(scrub(_shown_option(name, value))) if isinstance(value, str) else value


def _shown_option(name: str, value: str) -> str:
    # `csi.storage.k8s.io/node-publish-secret-name` names a Secret and is none.
    secret = bool(name_kind(name.rpartition("/")[2])) or secret_value(value)
    return HIDDEN if value and secret else value


def _container(spec: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    kept: dict[str, Any] = dict(spec)
    if isinstance(spec.get("env"), list):
        kept["env"] = [
            {**entry, "value": scrub(hide_literal(text(entry, "name"), text(entry, "value")))}
            if isinstance(entry.get("value"), str)
            else dict(entry)
            for entry in items(spec, "env")
        ]
    for field in ("command", "args"):
        if isinstance(spec.get(field), list):
            kept[field] = _words(spec[field], scrub)
    for field in ("livenessProbe", "readinessProbe", "startupProbe"):
        if isinstance(spec.get(field), Mapping):
            kept[field] = _handler(spec[field], scrub)
    if isinstance(spec.get("lifecycle"), Mapping):
        kept["lifecycle"] = {
            hook: _handler(value, scrub) if isinstance(value, Mapping) else value
            for hook, value in spec["lifecycle"].items()
        }
    return kept


def _handler(handler: Json, scrub: Callable[[str], str]) -> dict[str, Any]:
    kept: dict[str, Any] = dict(handler)
    command = handler.get("exec")
    if isinstance(command, Mapping) and isinstance(command.get("command"), list):
        kept["exec"] = {**command, "command": _words(command["command"], scrub)}
    http = handler.get("httpGet")
    if isinstance(http, Mapping):
        shown = dict(http)
        if isinstance(http.get("httpHeaders"), list):
            # A header may carry credentials whatever its name; nothing we say needs its value.
            shown["httpHeaders"] = [
                {"name": text(header, "name"), "value": HIDDEN}
                for header in items(http, "httpHeaders")
            ]
        if isinstance(http.get("path"), str):
            shown["path"] = hide_text(scrub(http["path"]))
        kept["httpGet"] = shown
    return kept


def _words(words: list[Any], scrub: Callable[[str], str]) -> list[str]:
    return hide_words([scrub(word) if isinstance(word, str) else "" for word in words])


def _messages(
    value: Any, scrub: Callable[[str], str], of_names: Callable[[str], str] | None = None
) -> Any:
    """A copy of a status in which every `message` is scrubbed; one that is withheld is left out.

    `of_names` is for messages that the cluster makes of names alone.
    """
    if isinstance(value, Mapping):
        kept = {key: _messages(inner, scrub, of_names) for key, inner in value.items()}
        if isinstance(value.get("message"), str):
            how = of_names if of_names is not None and _is_of_names(value) else scrub
            kept["message"] = hide_text(how(value["message"]))
            if kept["message"] == WITHHELD:
                del kept["message"]
        return kept
    if isinstance(value, list):
        return [_messages(inner, scrub, of_names) for inner in value]
    return value


def _is_of_names(told: Json) -> bool:
    """Whether this is a condition or a waiting state whose message no program of the pod writes."""
    return text(told, "type") in _CONDITIONS or text(told, "reason") in _WAITING


_MOST_PATHS = 200
_DEEPEST_FIELD = 12
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
    if (not children or depth > _DEEPEST_FIELD) and path:
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
