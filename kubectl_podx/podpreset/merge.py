"""What PodPresets do to a pod: the rules of the admission plugin, case by case.

plugin/pkg/admission/podpreset/admission.go as it was until 1.19: it acts when a pod is created,
merges every preset that selects the pod into all containers and init containers, and where a
single entry is in conflict it applies nothing at all, records no event and lets the pod through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.podpreset.preset import (
    APPLIED,
    EXCLUDE,
    MIRROR,
    Preset,
    normal,
    normal_volume,
    same,
)

CONTAINERS = ("initContainers", "containers")
"""Ephemeral containers are never touched."""

Outcome = Literal["applied", "noneSelects", "conflict", "excluded", "mirrorPod", "unknown"]


class Addition(NamedTuple):
    """One entry that a preset brings into the pod."""

    path: str
    """Such as `spec.containers[app].env[DB_PORT]`."""
    preset: str
    entry: Json


class Conflict(NamedTuple):
    """One entry that keeps every preset from being applied, or may do so."""

    path: str
    preset: str
    entry: Json
    """What the preset has."""
    other: str
    """Whose the other side is: empty for the pod, else the name of another preset."""
    existing: Json
    """What is there already."""
    certain: bool = True
    """False where a hidden value keeps it from being told whether both are the same."""


class Merge(NamedTuple):
    """What becomes of one pod."""

    outcome: Outcome
    pod: Json
    """The pod as it would be created: unchanged unless the outcome is `applied` or `unknown`."""
    presets: tuple[Preset, ...] = ()
    """Those that select the pod, in the order in which they are merged."""
    additions: tuple[Addition, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    wiped: tuple[Conflict, ...] = ()
    """envFrom entries of the same source that differ: the container loses all of its envFrom."""


def merged(pod: Json, presets: Sequence[Preset]) -> Merge:
    """The pod as the plugin would have let it through, with these presets in the cluster."""
    annotations = mapping(pod, "metadata", "annotations")
    if MIRROR in annotations:
        return Merge("mirrorPod", pod)
    if annotations.get(EXCLUDE) == "true":
        return Merge("excluded", pod)
    matching = tuple(one for one in presets if one.shares_namespace(pod) and one.selects(pod))
    if not matching:
        return Merge("noneSelects", pod)
    work = _Work(matching)
    made = work.apply(pod)
    certain = any(conflict.certain for conflict in work.conflicts)
    if certain:
        return Merge("conflict", pod, matching, conflicts=tuple(work.conflicts))
    return Merge(
        "unknown" if work.conflicts else "applied",
        made,
        matching,
        tuple(work.additions),
        tuple(work.conflicts),
        tuple(work.wiped),
    )


def env_from_text(entry: Json) -> str:
    """`configMap NAME`, `secret NAME prefix P`: what tells entries of envFrom apart."""
    prefix = text(entry, "prefix")
    kind = "configMap" if dig(entry, "configMapRef") is not None else "secret"
    name = f"{kind} {text(entry, f'{kind}Ref', 'name')}"
    return f"{name} prefix {prefix}" if prefix else name


class _Known(NamedTuple):
    """An entry that is in the list already."""

    entry: Json
    owner: str
    """Empty for the pod, else the preset that brought it."""


class _Work:
    """One merge under way."""

    def __init__(self, presets: tuple[Preset, ...]) -> None:
        self.presets = presets
        self.additions: list[Addition] = []
        self.conflicts: list[Conflict] = []
        self.wiped: list[Conflict] = []

    def apply(self, pod: Json) -> dict[str, Any]:
        """The merged pod; the lists above hold what happened to it."""
        spec = mapping(pod, "spec")
        wanted = [(preset, each) for preset in self.presets for each in preset.volumes]
        volumes = self._by_name("spec.volumes", items(spec, "volumes"), wanted, normal_volume)
        if volumes:
            spec["volumes"] = volumes
        for field in CONTAINERS:
            if isinstance(spec.get(field), list):
                spec[field] = [
                    self._container(f"spec.{field}[{text(each, 'name')}]", each)
                    for each in items(spec, field)
                ]
        metadata = mapping(pod, "metadata")
        annotations = mapping(metadata, "annotations")
        for one in self.presets:
            # A preset in a file has no version: what the pod says of it stays.
            known = annotations.get(f"{APPLIED}{one.name}", "")
            annotations[f"{APPLIED}{one.name}"] = one.resource_version or known
        metadata["annotations"] = annotations
        return {**pod, "metadata": metadata, "spec": spec}

    def _container(self, where: str, container: Json) -> dict[str, Any]:
        kept = dict(container)
        env = [(preset, each) for preset in self.presets for each in preset.env]
        kept["env"] = self._by_name(f"{where}.env", items(container, "env"), env, normal)
        kept["envFrom"] = self._env_from(where, container)
        kept["volumeMounts"] = self._mounts(where, container)
        for field in ("env", "envFrom", "volumeMounts"):
            if not kept[field]:
                # What was not there stays away; an empty list that was written stays as it is.
                del kept[field]
                if container.get(field) == []:
                    kept[field] = []
        return kept

    def _by_name(
        self,
        where: str,
        own: list[Json],
        wanted: list[tuple[Preset, Json]],
        as_stored: Callable[[Json], dict[str, Any]],
    ) -> list[Json]:
        """Variables and volumes: absent is appended, the same is kept once, else a conflict."""
        found: list[Json] = list(own)
        # Of a name that stands twice the last one counts, as in the plugin's map.
        known = {text(each, "name"): _Known(each, "") for each in own}
        for preset, entry in wanted:
            name = text(entry, "name")
            path = f"{where}[{name}]"
            if name not in known:
                known[name] = _Known(entry, preset.name)
                found.append(entry)
                self.additions.append(Addition(path, preset.name, entry))
                continue
            self._compare(path, preset, entry, known[name], as_stored)
        return found

    def _mounts(self, where: str, container: Json) -> list[Json]:
        """Mounts by the volume's name and by the path: a hit on either must be the same mount.

        Of a volume that a container mounts twice only the last mount counts.
        """
        own = items(container, "volumeMounts")
        found: list[Json] = list(own)
        by_name = {text(each, "name"): _Known(each, "") for each in own}
        by_path = {text(each, "mountPath"): _Known(each, "") for each in own}
        for preset in self.presets:
            for mount in preset.volume_mounts:
                name, path = text(mount, "name"), text(mount, "mountPath")
                at = f"{where}.volumeMounts[{path}]"
                here = _Known(mount, preset.name)
                if name not in by_name:
                    by_name[name] = here
                    found.append(mount)
                    self.additions.append(Addition(at, preset.name, mount))
                else:
                    self._compare(at, preset, mount, by_name[name], normal)
                if path not in by_path:
                    by_path[path] = here
                elif by_path[path].entry is not by_name[name].entry:
                    # Where both lead to one mount, the comparison above has told of it.
                    self._compare(at, preset, mount, by_path[path], normal)
        return found

    def _compare(
        self,
        path: str,
        preset: Preset,
        entry: Json,
        known: _Known,
        as_stored: Callable[[Json], dict[str, Any]],
    ) -> None:
        if entry is known.entry:
            return
        equal = same(as_stored(entry), as_stored(known.entry))
        if equal is not True:
            certain = equal is False
            self.conflicts.append(
                Conflict(path, preset.name, entry, known.owner, known.entry, certain)
            )

    def _env_from(self, where: str, container: Json) -> list[Json]:
        """By prefix, ConfigMap and Secret: the same is kept once. Names never are a conflict.

        The plugin of 2019 found a source that differs otherwise (`optional`) while it applied, too
        late to leave the pod alone: the container's envFrom became empty. Older ones appended.
        """
        own = items(container, "envFrom")
        found: list[Json] = list(own)
        known = {_env_from_key(each): _Known(each, "") for each in own}
        added: list[Addition] = []
        wiped: list[Conflict] = []
        for preset in self.presets:
            for entry in preset.env_from:
                key = _env_from_key(entry)
                path = f"{where}.envFrom[{env_from_text(entry)}]"
                if key not in known:
                    known[key] = _Known(entry, preset.name)
                    found.append(entry)
                    added.append(Addition(path, preset.name, entry))
                elif normal(entry) != normal(known[key].entry):
                    there = known[key]
                    wiped.append(Conflict(path, preset.name, entry, there.owner, there.entry))
        self.wiped += wiped
        if wiped:
            return []
        self.additions += added
        return found


def _env_from_key(entry: Json) -> tuple[str, str, str]:
    return (
        text(entry, "prefix"),
        text(entry, "configMapRef", "name"),
        text(entry, "secretRef", "name"),
    )


def unselected(pod: Json, presets: Sequence[Preset]) -> Iterator[tuple[Preset, str]]:
    """The presets that do not select the pod, each with the reason in one phrase."""
    labels = mapping(pod, "metadata", "labels")
    for preset in presets:
        if not preset.shares_namespace(pod):
            yield preset, f"it is in namespace {preset.namespace}"
        elif not preset.selects(pod):
            yield preset, _missing(preset, labels)


def _missing(preset: Preset, labels: Json) -> str:
    wanted = mapping(preset.selector, "matchLabels")
    unmet = [
        f"{key}={value} ({_has(labels, key)})"
        for key, value in wanted.items()
        if labels.get(key) != value
    ]
    terms = [
        term
        for term in items(preset.selector, "matchExpressions")
        if not Preset("", selector={"matchExpressions": [dict(term)]}).selects(
            {"metadata": {"labels": labels}}
        )
    ]
    for term in terms:
        values = dig(term, "values")
        among = f" ({', '.join(map(str, values))})" if isinstance(values, list) and values else ""
        key = text(term, "key")
        unmet.append(f"{key} {text(term, 'operator')}{among} ({_has(labels, key)})")
    return f"it asks for {', '.join(unmet)}"


def _has(labels: Json, key: str) -> str:
    return f"the pod has {labels[key]}" if key in labels else "the pod has no such label"
