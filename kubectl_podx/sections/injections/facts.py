"""What a pod has and its owner's template has not, and who added it.

A pod without an owner is compared with what `kubectl apply` sent last. Every field of the spec,
labels and annotations are compared, but for what a controller writes on each of its pods.
"""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.parts import Fact
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.pod.owner import is_service_account_volume, owner_template
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.injectors import ORDINARY, SERVICE_ACCOUNT, Source, source_of
from kubectl_podx.sections.injections.items import (
    Pair,
    added,
    changed,
    inside_items,
    of_container,
    removed,
    tolerations,
    volumes,
)
from kubectl_podx.sections.injections.preset_gate import with_presets
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.sections.injections.sources import Sources
from kubectl_podx.sections.injections.template_compare import Difference, differences

_API_ACCESS = "kube-api-access"

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
# Copied from the node onto every pod as it is bound (PodTopologyLabelsAdmission, on from 1.35).
_TOPOLOGY = "topology.kubernetes.io/"
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


def build(view: PodView) -> list[Injection]:
    """What the pod has and its owner's template has not, or has otherwise."""
    template = owner_template(view) or view.applied
    sources = Sources(view)
    debug = sources.rows(_ephemeral(view))
    if template is None:
        return with_presets(view, [*_without_template(view), *debug], compared=False)
    pairs = list(_pairs(view, template))
    rows = [
        *_containers(view, template),
        *volumes(view, template),
        *tolerations(view, template),
        *_metadata(view, template, "labels"),
        *_metadata(view, template, "annotations"),
        *(sources.row(each) for each in _other_fields(view, template, pairs)),
    ]
    found = with_presets(view, [*sources.rows(rows), *debug], compared=True)
    # What Kubernetes does to every pod comes after what it does not.
    return sorted(found, key=lambda row: row.by in ORDINARY)


def compared(found: list[Injection], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common: what somebody added to the spec."""
    for row in found:
        where = f"{row.path} {row.detail}"
        if row.change == "added" and row.path.startswith("spec.") and _API_ACCESS not in where:
            yield Fact("", row.path, f"added by {row.by or 'somebody unknown'}")


def _pairs(view: PodView, template: Json) -> Iterator[Pair]:
    """The containers that both have."""
    for field in ("initContainers", "containers"):
        known = {text(spec, "name"): spec for spec in items(template, "spec", field)}
        for spec in items(view.pod, "spec", field):
            name = text(spec, "name")
            if name in known:
                yield Pair(f"spec.{field}[{name}]", spec, known[name])


def _other_fields(view: PodView, template: Json, pairs: list[Pair]) -> Iterator[Difference]:
    """Every field of the spec and of containers of both that nothing else here compares."""
    for pair in pairs:
        yield from differences(pair.live, pair.template, pair.where, _OF_CONTAINERS)
    yield from inside_items(view, template, pairs)
    live, declared = mapping(view.pod, "spec"), mapping(template, "spec")
    for found in differences(live, declared, "spec", _OF_SPEC):
        # A gate is there to be lifted.
        if not (found.change == "removed" and found.path.startswith("spec.schedulingGates")):
            yield found


def _ephemeral(view: PodView) -> Iterator[Injection]:
    """No template has them: they come through a subresource, into a pod that runs."""
    for spec in items(view.pod, "spec", "ephemeralContainers"):
        where = f"spec.ephemeralContainers[{text(spec, 'name')}]"
        yield added(where, Source("a debug container", "proven"), text(spec, "image"))


def _without_template(view: PodView) -> Iterator[Injection]:
    """Without a template only the account's token volume is sure to be somebody else's work."""
    for volume in items(view.pod, "spec", "volumes"):
        if is_service_account_volume(volume):
            yield added(f"spec.volumes[{text(volume, 'name')}]", _SERVICE_ACCOUNT)


def _containers(view: PodView, template: Json) -> Iterator[Injection]:
    for pair in _pairs(view, template):
        yield from _image(view, pair)
        yield from of_container(view, pair)
    for field in ("initContainers", "containers"):
        declared = {text(spec, "name"): spec for spec in items(template, "spec", field)}
        live = {text(spec, "name"): spec for spec in items(view.pod, "spec", field)}
        for name, spec in live.items():
            if name not in declared:
                where = f"spec.{field}[{name}]"
                yield added(where, source_of(view, container=spec), text(spec, "image"))
        for name in declared:
            if name not in live:
                yield removed(f"spec.{field}[{name}]")


def _image(view: PodView, pair: Pair) -> Iterator[Injection]:
    live, declared = text(pair.live, "image"), text(pair.template, "image")
    where = f"{pair.where}.image"
    if live and not declared:
        yield added(where, source_of(view), live)
    elif live != declared:
        yield changed(where, source_of(view), f"{declared} -> {live}")


def _metadata(view: PodView, template: Json, field: str) -> Iterator[Injection]:
    declared, live = mapping(template, "metadata", field), mapping(view.pod, "metadata", field)
    for name in sorted({*live, *declared} - _CONTROLLER_LABELS - _OWN_ANNOTATIONS):
        if name.startswith(_TOPOLOGY) and field == "labels" and name not in declared:
            continue
        path, found = f"metadata.{field}[{name}]", source_of(view, name=name)
        if name not in declared:
            yield added(path, found)
        elif name not in live:
            yield removed(path)
        elif declared[name] != live[name] and isinstance(live[name], str):
            yield changed(path, found)
