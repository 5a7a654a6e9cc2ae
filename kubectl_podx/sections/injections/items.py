"""Items of a pod's lists against those of its template: env, envFrom, mounts, volumes, tolerations.

Pure. Values are compared and never go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.words import InjectionChange
from kubectl_podx.pod.owner import controller_kind, is_service_account_volume
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.injectors import (
    DEFAULT_TOLERATIONS,
    JOB,
    SERVICE_ACCOUNT,
    Source,
    source_of,
)
from kubectl_podx.sections.injections.report import Injection

Change = Literal["added", "changed", "removed"]

# Field -> what an item is called by.
_KEYS: dict[str, tuple[str, ...]] = {
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "env": ("name",),
    "hostAliases": ("ip",),
    "imagePullSecrets": ("name",),
    "readinessGates": ("conditionType",),
    "schedulingGates": ("name",),
    "resourceClaims": ("name",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resizePolicy": ("resourceName",),
}

# Each of their entries may be somebody else's work.
_BY_ENTRY = frozenset({"resources", "requests", "limits", "nodeSelector"})
_NOTHING: tuple[Any, ...] = (None, {}, [], "")
_DEEPEST = 12


class Difference(Struct, frozen=True):
    """One place where a pod is not as its template."""

    path: str
    change: Change
    live: Any
    declared: Any


def differences(
    live: Mapping[str, Any], declared: Mapping[str, Any], where: str, without: frozenset[str]
) -> Iterator[Difference]:
    """The differences of two mappings, less the fields of the first level named in `without`.

    An empty value and none at all are the same, as they are for Kubernetes.
    """
    for field in sorted({*live, *declared} - without, key=str):
        path = f"{where}.{field}" if where else str(field)
        yield from _values(live.get(field), declared.get(field), path, str(field), 0)


def _values(live: Any, declared: Any, path: str, field: str, depth: int) -> Iterator[Difference]:
    if live == declared or (live in _NOTHING and declared in _NOTHING):
        return
    if _QUANTITY.search(path) and _same_quantity(live, declared):
        return
    mappings = _mappings(live, declared, field) if depth < _DEEPEST else None
    if mappings is not None:
        mine, theirs = mappings
        for key in sorted({*mine, *theirs}, key=str):
            inner = f"{path}[{key}]" if field == "nodeSelector" else f"{path}.{key}"
            yield from _values(mine.get(key), theirs.get(key), inner, str(key), depth + 1)
    elif declared in _NOTHING:
        yield Difference(path, "added", live, None)
    elif live in _NOTHING:
        yield Difference(path, "removed", None, declared)
    elif isinstance(live, list) and isinstance(declared, list):
        yield from _lists(live, declared, path, field, depth)
    else:
        yield Difference(path, "changed", live, declared)


# What the API server writes in another form: `0.5` as `500m`, `1024Mi` as `1Gi`.
_QUANTITY = lazy(r"\.(?:limits|requests|overhead)\.|\.(?:sizeLimit|divisor)$")


def _same_quantity(live: Any, declared: Any) -> bool:
    size = parse_quantity(live)
    return size is not None and size == parse_quantity(declared)


def _mappings(
    live: Any, declared: Any, field: str
) -> tuple[Mapping[Any, Any], Mapping[Any, Any]] | None:
    """Both sides, where they are to be compared entry by entry."""
    if field in _BY_ENTRY:
        live, declared = (({} if side in _NOTHING else side) for side in (live, declared))
    elif live in _NOTHING or declared in _NOTHING:
        return None
    if isinstance(live, Mapping) and isinstance(declared, Mapping):
        return live, declared
    return None


def _lists(
    live: list[Any], declared: list[Any], path: str, field: str, depth: int
) -> Iterator[Difference]:
    if field in _KEYS:
        mine, theirs = _by_key(live, field), _by_key(declared, field)
    elif len(live) == len(declared) and depth < _DEEPEST:
        mine, theirs = _by_place(live), _by_place(declared)
    else:
        mine = theirs = None
    if mine is None or theirs is None:
        yield Difference(path, "changed", live, declared)
        return
    for key in dict.fromkeys((*theirs, *mine)):
        yield from _values(mine.get(key), theirs.get(key), f"{path}[{key}]", "", depth + 1)


def _by_place(values: list[Any]) -> dict[str, Any] | None:
    """The items by their index; None where they are not objects."""
    if not all(isinstance(value, Mapping) for value in values):
        return None
    return {str(index): value for index, value in enumerate(values)}


def _by_key(values: list[Any], field: str) -> dict[str, Any] | None:
    """The items by their key; None where one has none, or two have the same."""
    found: dict[str, Any] = {}
    for value in values:
        if not isinstance(value, Mapping):
            return None
        parts = [str(value.get(key) or "") for key in _KEYS[field]]
        # A port of UDP may have the number of one of TCP, which is the default.
        key = " ".join(part for part in parts if part != "TCP").strip()
        if not key or key in found:
            return None
        found[key] = value
    return found


_ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_PROVEN_ACCOUNT = Source(SERVICE_ACCOUNT, "proven")
_JOB_INDEX = "JOB_COMPLETION_INDEX"

# DefaultTolerationSeconds, and the DaemonSet controller (pkg/controller/daemon/util).
_DEFAULT_TOLERATIONS = ("node.kubernetes.io/",)


class Pair(Struct, frozen=True):
    """A container of the pod and the one of that name in its template."""

    where: str
    live: Json
    template: Json


def added(path: str, source: Source, detail: str = "") -> Injection:
    """A row of what the template has not."""
    return _row(path, "added", source, detail)


def removed(path: str, source: Source | None = None) -> Injection:
    """A row of what the template has and the pod has not."""
    return _row(path, "removed", source or Source())


def changed(path: str, source: Source, detail: str = "") -> Injection:
    """A row of what both have, and not alike."""
    return _row(path, "changed", source, detail)


def of_container(view: PodView, pair: Pair) -> Iterator[Injection]:
    """Variables, sources of variables and mounts that are not as the template has them."""
    yield from _variables(view, pair)
    yield from _env_from(view, pair)
    yield from _mounts(view, pair)


def inside_items(view: PodView, template: Json, pairs: list[Pair]) -> Iterator[Difference]:
    """Fields of mounts and volumes that both have under one name, such as `readOnly`."""
    for pair in pairs:
        declared = {text(each, "mountPath"): each for each in items(pair.template, "volumeMounts")}
        for mount in items(pair.live, "volumeMounts"):
            path = text(mount, "mountPath")
            if path in declared:
                where = f"{pair.where}.volumeMounts[{path}]"
                yield from differences(mount, declared[path], where, frozenset({"name"}))
    volumes = {text(each, "name"): each for each in items(template, "spec", "volumes")}
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "name")
        # A claim template of a StatefulSet takes the place of a volume of its name.
        if name in volumes and not _of_claim_template(view, volume):
            yield from differences(volume, volumes[name], f"spec.volumes[{name}]", frozenset())


def volumes(view: PodView, template: Json) -> Iterator[Injection]:
    """Volumes of one side only."""
    declared = {text(each, "name") for each in items(template, "spec", "volumes")}
    live = {text(each, "name") for each in items(view.pod, "spec", "volumes")}
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "name")
        if name in declared or _of_claim_template(view, volume):
            continue
        token = is_service_account_volume(volume)
        yield added(
            f"spec.volumes[{name}]", _PROVEN_ACCOUNT if token else source_of(view, name=name)
        )
    yield from (removed(f"spec.volumes[{name}]") for name in sorted(declared - live))


def tolerations(view: PodView, template: Json) -> Iterator[Injection]:
    """Tolerations of one side only; one that was rewritten is one of each."""
    declared = [dict(each) for each in items(template, "spec", "tolerations")]
    live = [dict(each) for each in items(view.pod, "spec", "tolerations")]
    for toleration in live:
        if toleration not in declared:
            key = text(toleration, "key")
            path = f"spec.tolerations[{key or 'every taint'}]"
            yield added(path, _of_kubernetes(key) or source_of(view, name=key))
    for toleration in declared:
        if toleration not in live:
            key = text(toleration, "key")
            yield removed(f"spec.tolerations[{key or 'every taint'}]", _of_kubernetes(key))


def _of_kubernetes(key: str) -> Source | None:
    """The DaemonSet controller puts its own in the place of one for the same taint, too."""
    return Source(DEFAULT_TOLERATIONS, "likely") if key.startswith(_DEFAULT_TOLERATIONS) else None


def _of_claim_template(view: PodView, volume: Json) -> bool:
    """A StatefulSet adds one volume per claim template, with a claim named NAME-POD."""
    claim = text(volume, "persistentVolumeClaim", "claimName")
    return bool(claim) and claim == f"{text(volume, 'name')}-{view.reference.name}"


def _variables(view: PodView, pair: Pair) -> Iterator[Injection]:
    """A name may stand there more than once: the first with the first, and so on."""
    live, declared = _by_name(pair.live), _by_name(pair.template)
    for name, entries in live.items():
        where, known = f"{pair.where}.env[{name}]", declared.get(name, [])
        if not known:
            yield added(where, _source_of_variable(view, entries[0]))
        elif len(entries) != len(known) or not all(map(_same_variable, entries, known)):
            yield changed(where, source_of(view, name=name))
    yield from (removed(f"{pair.where}.env[{name}]") for name in declared if name not in live)


def _by_name(container: Json) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for entry in items(container, "env"):
        found.setdefault(text(entry, "name"), []).append(entry)
    return found


def _source_of_variable(view: PodView, entry: Json) -> Source:
    """`addCompletionIndexEnvVariable` (pkg/controller/job/indexed_job_utils.go), or who knows."""
    name = text(entry, "name")
    field = text(entry, "valueFrom", "fieldRef", "fieldPath")
    if name == _JOB_INDEX and "job-completion-index" in field and controller_kind(view) == "Job":
        return Source(JOB, "proven")
    return source_of(view, name=name)


def _same_variable(live: Json, declared: Json) -> bool:
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


def _env_from(view: PodView, pair: Pair) -> Iterator[Injection]:
    left = [_env_from_text(each) for each in items(pair.template, "envFrom")]
    for entry in items(pair.live, "envFrom"):
        written = _env_from_text(entry)
        if written in left:
            left.remove(written)
        else:
            yield added(f"{pair.where}.envFrom[{written}]", source_of(view))
    yield from (removed(f"{pair.where}.envFrom[{written}]") for written in left)


def _env_from_text(entry: Json) -> str:
    prefix = text(entry, "prefix")
    name = (
        f"configMap {text(entry, 'configMapRef', 'name')}"
        if dig(entry, "configMapRef") is not None
        else f"secret {text(entry, 'secretRef', 'name')}"
    )
    return f"{name} prefix {prefix}" if prefix else name


def _mounts(view: PodView, pair: Pair) -> Iterator[Injection]:
    declared = {text(each, "mountPath"): each for each in items(pair.template, "volumeMounts")}
    live: set[str] = set()
    for mount in items(pair.live, "volumeMounts"):
        path, name = text(mount, "mountPath"), text(mount, "name")
        where = f"{pair.where}.volumeMounts[{path}]"
        live.add(path)
        if path not in declared:
            token = path == _ACCOUNT_PATH and name.startswith("kube-api-access-")
            found = _PROVEN_ACCOUNT if token else source_of(view, name=name)
            yield added(where, found, f"volume {name}")
        elif text(declared[path], "name") != name:
            yield changed(where, source_of(view, name=name), f"volume {name}")
    gone = (path for path in declared if path not in live)
    yield from (removed(f"{pair.where}.volumeMounts[{path}]") for path in gone)


def _row(path: str, change: InjectionChange, source: Source, detail: str = "") -> Injection:
    return Injection(
        path=path, change=change, by=source.name, confidence=source.confidence, detail=detail
    )
