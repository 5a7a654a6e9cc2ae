"""What a pod has and its owner's template has not, and who added it.

A pod without an owner is compared with what `kubectl apply` sent last. Every field of the spec,
labels and annotations are compared, but for what a controller writes on each of its pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kubectl_podx.model.parts import Fact
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.pod.own import is_own
from kubectl_podx.pod.owner import is_service_account_volume, owner_template
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.injections.injectors import ORDINARY, SERVICE_ACCOUNT, Source, source_of
from kubectl_podx.sections.injections.items import (
    Difference,
    Pair,
    added,
    changed,
    differences,
    inside_items,
    of_container,
    removed,
    tolerations,
    volumes,
)
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.sections.injections.sources import Sources
from kubectl_podx.sections.volumes.report import Volume

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport
from collections.abc import Iterable

from kubectl_podx.podpreset.preset import has_preset_annotation

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
        if is_own(spec):
            continue
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


_UNKNOWN = "unknown"
_FROM = lazy(r"\.envFrom\[(configMap|secret) ([^ \]]+)")


def marked(report: PodReport) -> PodReport:
    """The report with `injectedBy` on containers, variables, volumes and mounts.

    What Kubernetes itself does to every pod is marked too: its token volume is nobody's options.
    """
    who = {
        row.path: row.by or _UNKNOWN
        for row in report.injections or []
        if row.change == "added" and row.path.startswith("spec.")
    }
    if not who:
        return report
    changes: dict[str, Any] = {}
    if report.containers is not None:
        changes["containers"] = [
            replace(one, injected_by=_container(who, one.name)) for one in report.containers
        ]
    if report.environment is not None:
        changes["environment"] = [
            replace(row, injected_by=_variable(who, row)) for row in report.environment
        ]
    if report.volumes is not None:
        changes["volumes"] = [_volume(who, volume) for volume in report.volumes]
    return replace(report, **changes)


def _container(who: Mapping[str, str], name: str) -> str:
    fields = ("containers", "initContainers", "ephemeralContainers")
    return next((who[p] for f in fields if (p := f"spec.{f}[{name}]") in who), "")


def _inside(who: Mapping[str, str], container: str, rest: str) -> str:
    fields = ("containers", "initContainers")
    found = (who.get(f"spec.{field}[{container}].{rest}", "") for field in fields)
    return next((by for by in found if by), "")


def _variable(who: Mapping[str, str], row: VariableRow) -> str:
    """By its own name, or as a key of an object that the whole environment was made from."""
    by = _inside(who, row.container, f"env[{row.name}]") or _container(who, row.container)
    if by or row.source.kind not in ("ConfigMap", "Secret"):
        return by
    for path, whoever in who.items():
        found = _FROM.search(path)
        if found and f"[{row.container}]." in path and found[2] == row.source.name:
            return whoever if found[1].lower() == row.source.kind.lower() else ""
    return ""


def _volume(who: Mapping[str, str], volume: Volume) -> Volume:
    mounts = [
        replace(mount, injected_by=_inside(who, mount.container, f"volumeMounts[{mount.path}]"))
        for mount in volume.mounts
    ]
    by = who.get(f"spec.volumes[{volume.name}]", "")
    return replace(volume, mounts=mounts, injected_by=by, injected=volume.injected or bool(by))


def concerns(view: PodView) -> bool:
    """Whether an annotation of the pod tells of presets, or the Capture holds any."""
    return has_preset_annotation(view.pod) or view.holds("PodPreset")


def with_presets(view: PodView, rows: Iterable[Injection], *, compared: bool) -> list[Injection]:
    """`presets.with_presets`, where it can have anything to say."""
    if not concerns(view):
        return list(rows)
    from kubectl_podx.sections.injections import presets  # noqa: PLC0415 - 4 ms that few pods need

    return presets.with_presets(view, rows, compared=compared)
