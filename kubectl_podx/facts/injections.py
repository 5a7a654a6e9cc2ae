"""What a pod has and its owner's template has not, and who added it.

A pod without an owner is compared with what `kubectl apply` sent last. Every field of the spec,
labels and annotations are compared, but for what a controller writes on each of its pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.facts.injection_sources import Sources
from kubectl_podx.facts.injectors import (
    DEFAULT_TOLERATIONS,
    ORDINARY,
    SERVICE_ACCOUNT,
    Source,
    source_of,
)
from kubectl_podx.facts.preset.gate import with_presets
from kubectl_podx.facts.template import is_service_account_volume, owner_template
from kubectl_podx.facts.template_compare import Difference, differences
from kubectl_podx.facts.view import PodView
from kubectl_podx.model.pod import Json, dig, items, mapping, text
from kubectl_podx.model.report.surroundings import Injection

# Set by controllers on the pods they make: no admission was needed.
_CONTROLLER_LABELS = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "batch.kubernetes.io/job-completion-index",
    }
)
_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_SERVICE_ACCOUNT = Source(SERVICE_ACCOUNT, "proven")
# Compared item by item, or the pod's own.
_OF_CONTAINERS = frozenset({"name", "image", "env", "envFrom", "volumeMounts"})
_OF_SPEC = frozenset(
    {
        *("containers", "initContainers", "ephemeralContainers", "volumes", "tolerations"),
        *("nodeName", "serviceAccount"),
    }
)
# The tool's own memory, and what a controller writes on each pod that it makes.
_OWN_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "batch.kubernetes.io/job-completion-index",
    }
)
# DefaultTolerationSeconds, and the DaemonSet controller (pkg/controller/daemon/util).
_DEFAULT_TOLERATIONS = ("node.kubernetes.io/",)


class _Pair(NamedTuple):
    """A container of the pod and its template; the template is None for an added container."""

    where: str
    live: Json
    template: Json | None


def build(view: PodView) -> list[Injection]:
    """What the pod has and its owner's template has not, or has otherwise."""
    template = owner_template(view) or view.applied
    sources = Sources(view)
    debug = sources.rows(_ephemeral(view))
    if template is None:
        return with_presets(view, [*_without_template(view), *debug], compared=False)
    rows = [
        *_containers(view, template),
        *_volumes(view, template),
        *_tolerations(view, template),
        *_metadata(view, template, "labels"),
        *_metadata(view, template, "annotations"),
        *(sources.row(each) for each in _other_fields(view, template)),
    ]
    found = with_presets(view, [*sources.rows(rows), *debug], compared=True)
    # What Kubernetes does to every pod comes after what it does not.
    return sorted(found, key=lambda row: row.by in ORDINARY)


def _other_fields(view: PodView, template: Json) -> Iterator[Difference]:
    """Every field of the spec and of containers of both that nothing else here compares."""
    live, declared = mapping(view.pod, "spec"), mapping(template, "spec")
    for field in ("initContainers", "containers"):
        known = {text(spec, "name"): spec for spec in items(declared, field)}
        for spec in items(live, field):
            name = text(spec, "name")
            if name in known:
                where = f"spec.{field}[{name}]"
                yield from differences(spec, known[name], where, _OF_CONTAINERS)
    yield from differences(live, declared, "spec", _OF_SPEC)


def _ephemeral(view: PodView) -> Iterator[Injection]:
    """No template has them: they come through a subresource, into a pod that runs."""
    for spec in items(view.pod, "spec", "ephemeralContainers"):
        where = f"spec.ephemeralContainers[{text(spec, 'name')}]"
        yield _added(where, Source("a debug container", "proven"), text(spec, "image"))


def _without_template(view: PodView) -> Iterator[Injection]:
    """Without a template only the account's token volume is sure to be somebody else's work."""
    for volume in items(view.pod, "spec", "volumes"):
        if is_service_account_volume(volume):
            yield _added(f"spec.volumes[{text(volume, 'name')}]", _SERVICE_ACCOUNT)


def _containers(view: PodView, template: Json) -> Iterator[Injection]:
    for field in ("initContainers", "containers"):
        declared = {text(spec, "name"): spec for spec in items(template, "spec", field)}
        live = {text(spec, "name"): spec for spec in items(view.pod, "spec", field)}
        for name, spec in live.items():
            where = f"spec.{field}[{name}]"
            if name not in declared:
                yield _added(where, source_of(view, container=spec), text(spec, "image"))
                continue
            yield from _container(view, _Pair(where, spec, declared[name]))
        for name in declared:
            if name not in live:
                yield Injection(path=f"spec.{field}[{name}]", change="removed")


def _container(view: PodView, pair: _Pair) -> Iterator[Injection]:
    yield from _image(view, pair)
    yield from _by_name(view, pair, "env", "name")
    yield from _env_from(view, pair)
    yield from _mounts(view, pair)


def _image(view: PodView, pair: _Pair) -> Iterator[Injection]:
    live, declared = text(pair.live, "image"), text(pair.template, "image")
    if declared and live != declared:
        yield Injection(
            path=f"{pair.where}.image",
            change="changed",
            by=source_of(view).name,
            detail=f"{declared} -> {live}",
        )


def _by_name(view: PodView, pair: _Pair, field: str, key: str) -> Iterator[Injection]:
    """Entries of a list that are told apart by one field. Values are compared, never shown."""
    declared = {text(each, key): each for each in items(pair.template, field)}
    for entry in items(pair.live, field):
        name = text(entry, key)
        where = f"{pair.where}.{field}[{name}]"
        if name not in declared:
            yield _added(where, source_of(view, name=name))
        elif not _same_entry(entry, declared[name]):
            found = source_of(view, name=name)
            yield Injection(
                path=where, change="changed", by=found.name, confidence=found.confidence
            )


def _same_entry(live: Json, declared: Json) -> bool:
    """Equal but for what the API server fills in: `value: ""`, a fieldRef's apiVersion."""
    if (text(live, "value"), dig(live, "valueFrom") is None) != (
        text(declared, "value"),
        dig(declared, "valueFrom") is None,
    ):
        return False
    kinds = mapping(live, "valueFrom")
    return all(
        all(
            dig(live, "valueFrom", kind, field) == value
            for field, value in mapping(declared, "valueFrom", kind).items()
        )
        for kind in {*kinds, *mapping(declared, "valueFrom")}
    )


def _env_from(view: PodView, pair: _Pair) -> Iterator[Injection]:
    declared = [_env_from_text(each) for each in items(pair.template, "envFrom")]
    for entry in items(pair.live, "envFrom"):
        written = _env_from_text(entry)
        if written in declared:
            declared.remove(written)
        else:
            yield _added(f"{pair.where}.envFrom[{written}]", source_of(view))


def _env_from_text(entry: Json) -> str:
    prefix = text(entry, "prefix")
    name = (
        f"configMap {text(entry, 'configMapRef', 'name')}"
        if dig(entry, "configMapRef") is not None
        else f"secret {text(entry, 'secretRef', 'name')}"
    )
    return f"{name} prefix {prefix}" if prefix else name


def _mounts(view: PodView, pair: _Pair) -> Iterator[Injection]:
    declared = {text(each, "mountPath"): each for each in items(pair.template, "volumeMounts")}
    for mount in items(pair.live, "volumeMounts"):
        path, name = text(mount, "mountPath"), text(mount, "name")
        where = f"{pair.where}.volumeMounts[{path}]"
        if path not in declared:
            token = path == _ACCOUNT_PATH and name.startswith("kube-api-access-")
            found = _SERVICE_ACCOUNT if token else source_of(view, name=name)
            yield _added(where, found, f"volume {name}")
        elif text(declared[path], "name") != name:
            yield Injection(path=where, change="changed", detail=f"volume {name}")


def _volumes(view: PodView, template: Json) -> Iterator[Injection]:
    declared = {text(each, "name") for each in items(template, "spec", "volumes")}
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "name")
        claim = text(volume, "persistentVolumeClaim", "claimName")
        # A StatefulSet adds one volume per claim template, with a claim named NAME-POD.
        if name in declared or claim == f"{name}-{view.reference.name}":
            continue
        token = is_service_account_volume(volume)
        yield _added(
            f"spec.volumes[{name}]", _SERVICE_ACCOUNT if token else source_of(view, name=name)
        )


def _tolerations(view: PodView, template: Json) -> Iterator[Injection]:
    declared = [dict(each) for each in items(template, "spec", "tolerations")]
    for toleration in items(view.pod, "spec", "tolerations"):
        key = text(toleration, "key")
        if dict(toleration) in declared:
            continue
        if key.startswith(_DEFAULT_TOLERATIONS):
            found = Source(DEFAULT_TOLERATIONS, "likely")
        else:
            found = source_of(view, name=key)
        yield _added(f"spec.tolerations[{key or 'every taint'}]", found)


def _metadata(view: PodView, template: Json, field: str) -> Iterator[Injection]:
    declared = mapping(template, "metadata", field)
    for name, value in sorted(mapping(view.pod, "metadata", field).items()):
        if name in _CONTROLLER_LABELS or name in _OWN_ANNOTATIONS:
            continue
        if name not in declared:
            found = source_of(view, name=name)
            yield _added(f"metadata.{field}[{name}]", found)
        elif declared[name] != value and isinstance(value, str):
            found = source_of(view, name=name)
            yield Injection(
                path=f"metadata.{field}[{name}]",
                change="changed",
                by=found.name,
                confidence=found.confidence,
            )


def _added(path: str, source: Source, detail: str = "") -> Injection:
    return Injection(
        path=path,
        change="added",
        by=source.name,
        confidence=source.confidence,
        detail=detail,
    )
