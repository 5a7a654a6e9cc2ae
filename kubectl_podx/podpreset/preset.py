"""PodPresets as plain data, what is valid, and when two entries of a pod are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import selects

_PREFIX = "podpreset.admission.kubernetes.io/"
APPLIED = f"{_PREFIX}podpreset-"
"""Before the preset's name: it was applied. The key's value is the preset's resourceVersion."""

EXCLUDE = f"{_PREFIX}exclude"
"""Exactly `true`: no preset is applied to this pod."""

MIRROR = "kubernetes.io/config.mirror"
"""On the API's copy of a static pod, which no preset touches."""


def applied_presets(pod: Json) -> dict[str, str]:
    """Name -> resourceVersion of the presets that were applied, as the annotations say.

    The plugin of 2017 wrote the key without `podpreset-`; a name that stands twice counts once.
    """
    found: dict[str, str] = {}
    for key, value in mapping(pod, "metadata", "annotations").items():
        if not key.startswith(_PREFIX) or key == EXCLUDE:
            continue
        name = key.removeprefix(APPLIED) if key.startswith(APPLIED) else key.removeprefix(_PREFIX)
        if name:
            found.setdefault(name, value if is_version(value) else "")
    return found


def is_version(value: object) -> bool:
    """Whether it looks like a resourceVersion, which is a number of at most 20 digits."""
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20


def says_applied(key: str, value: object) -> bool:
    """Whether an annotation is one of a preset that was applied: it holds nothing else."""
    return key.startswith(_PREFIX) and is_version(value)


def has_preset_annotation(pod: Json) -> bool:
    """Whether an annotation tells of a preset that was applied."""
    return bool(applied_presets(pod))


GONE = "settings.k8s.io/v1alpha1"
"""Kubernetes' own group: alpha from 1.6, removed in 1.20."""

SERVED = "redhatcop.redhat.io/v1alpha1"
"""The CustomResourceDefinition of the webhook that took its place; its spec is the same."""

LISTS = ("env", "envFrom", "volumeMounts", "volumes")
"""What a preset adds; at least one of them must be there."""

# Of an object: a DNS subdomain (RFC 1123).
_NAME = lazy(r"[a-z0-9]([a-z0-9.-]{0,198}[a-z0-9])?")
_NOTHING: Json = MappingProxyType({})


class Preset(Struct, frozen=True):
    """One PodPreset."""

    name: str
    namespace: str = ""
    """Empty where a file names none: then it is the pod's."""
    group: str = GONE
    resource_version: str = ""
    """Empty in a file that was written by hand."""
    created: str = ""
    """RFC 3339; empty in a file that was written by hand."""
    selector: Json = _NOTHING
    env: tuple[Json, ...] = ()
    env_from: tuple[Json, ...] = ()
    volume_mounts: tuple[Json, ...] = ()
    volumes: tuple[Json, ...] = ()

    def selects(self, pod: Json) -> bool:
        """Whether the selector selects the pod's labels; an invalid one selects nothing."""
        return selects(self.selector, mapping(pod, "metadata", "labels")) is True

    def shares_namespace(self, pod: Json) -> bool:
        """Whether both are in one namespace; one that names none is where the other is."""
        there = text(pod, "metadata", "namespace")
        return not self.namespace or not there or self.namespace == there


def is_preset(body: Json) -> bool:
    """Whether the object is a PodPreset of one of the two groups."""
    return text(body, "kind") == "PodPreset" and text(body, "apiVersion") in (GONE, SERVED)


def preset_of(body: Json) -> Preset:
    """The preset in an object; what is missing or of another shape is left out."""
    spec = mapping(body, "spec")
    return Preset(
        name=text(body, "metadata", "name"),
        namespace=text(body, "metadata", "namespace"),
        group=text(body, "apiVersion"),
        resource_version=text(body, "metadata", "resourceVersion"),
        created=text(body, "metadata", "creationTimestamp"),
        selector=mapping(spec, "selector"),
        env=_named(spec, "env"),
        env_from=tuple(items(spec, "envFrom")),
        volume_mounts=_named(spec, "volumeMounts"),
        volumes=_named(spec, "volumes"),
    )


def _named(spec: Json, field: str) -> tuple[Json, ...]:
    return tuple(each for each in items(spec, field) if text(each, "name"))


def mistakes(body: Json) -> Iterator[str]:
    """What the API server would refuse about the object, a sentence each.

    ValidatePodPresetSpec (pkg/apis/settings/validation), and the shapes of its fields.
    """
    if not _NAME.fullmatch(text(body, "metadata", "name")):
        yield "metadata.name is missing or is no name"
    namespace = text(body, "metadata", "namespace")
    if namespace and not _NAME.fullmatch(namespace):
        yield "metadata.namespace is no name"
    spec = dig(body, "spec")
    if not isinstance(spec, Mapping) or not any(dig(spec, field) for field in LISTS):
        yield f"it adds nothing: spec needs one of {', '.join(LISTS)}"
        return
    selector = dig(spec, "selector")
    if selector is not None and (
        not isinstance(selector, Mapping) or selects(selector, {}) is None or _odd(selector)
    ):
        yield (
            "spec.selector is invalid: it has matchLabels and matchExpressions with the operators "
            "In and NotIn (with values), Exists and DoesNotExist (without)"
        )
    for field in LISTS:
        yield from _of_list(field, dig(spec, field))


def _odd(selector: Json) -> bool:
    labels, terms = selector.get("matchLabels"), selector.get("matchExpressions")
    return (
        not isinstance(labels, Mapping | None)
        or not all(isinstance(value, str) for value in mapping(selector, "matchLabels").values())
        or not isinstance(terms, list | None)
        or len(items(selector, "matchExpressions")) != len(terms or ())
        or set(selector) - {"matchLabels", "matchExpressions"} != set()
    )


def _of_list(field: str, found: Any) -> Iterator[str]:
    if found is None:
        return
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        yield f"spec.{field} is no list of objects"
        return
    for at, each in enumerate(found):
        where = f"spec.{field}[{at}]"
        if field != "envFrom" and not text(each, "name"):
            yield f"{where}.name is missing"
        if field == "envFrom" and not (
            text(each, "configMapRef", "name") or text(each, "secretRef", "name")
        ):
            yield f"{where} needs configMapRef.name or secretRef.name"
        if field == "env" and not isinstance(each.get("value", ""), str | None):
            yield f"{where}.value is no text: write it in quotes"
        if field == "volumeMounts" and not text(each, "mountPath"):
            yield f"{where}.mountPath is missing"


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
