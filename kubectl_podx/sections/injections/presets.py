"""What PodPresets left on a pod, and why one that selects it left nothing.

The admission plugin wrote one annotation for each preset that it applied, with the preset's
resourceVersion of then; it wrote nothing about a preset that it did not apply, and no event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, items, mapping, text
from kubectl_podx.model.words import Confidence
from kubectl_podx.pod.view import PodView
from kubectl_podx.podpreset.merge import CONTAINERS, Conflict, env_from_text, merged
from kubectl_podx.podpreset.preset import (
    APPLIED,
    EXCLUDE,
    GONE,
    MIRROR,
    Preset,
    applied_presets,
    normal,
    normal_volume,
    preset_of,
    same,
)
from kubectl_podx.sections.injections.report import Injection

_FIRST_WITHOUT = 20
"""The minor version of the first server without settings.k8s.io."""
_SPOKEN_OF = (".env[", ".envFrom[", ".volumeMounts[", "spec.volumes[")
# What stands in a row where nothing but the pod's annotations tells of a source.
_NOBODY = frozenset({"", "a PodPreset"})
_WEAK = frozenset({"likely", "possible"})


class Mark(Struct, frozen=True):
    """One annotation of the pod that names a preset."""

    name: str
    version: str
    """The preset's resourceVersion when the pod was created; empty where none is written."""
    preset: Preset | None
    """The preset as it is now; None where it was not or cannot be read."""

    @property
    def changed(self) -> bool | None:
        """Whether the preset was written again since; None where that cannot be told."""
        now = self.preset.resource_version if self.preset else ""
        return self.version != now if self.version and now else None


class NotApplied(Struct, frozen=True):
    """A preset that selects the pod now, and of which the pod has no annotation."""

    preset: Preset
    reason: str
    confidence: Confidence
    conflicts: tuple[Conflict, ...] = ()


class _Claim(Struct, frozen=True):
    confidence: Confidence
    detail: str
    name: str


def presets_of(view: PodView) -> list[Preset]:
    """The presets of the pod's namespace that could be read; one given by a file comes first."""
    namespace = view.reference.namespace
    prefix = f"PodPreset/{namespace}/"
    bodies: list[Json] = [
        stored.body
        for key, stored in view.capture.objects.items()
        if key.startswith(prefix) and stored.body is not None
    ]
    listed = view.capture.lists.get(f"PodPreset/{namespace}")
    bodies += items({"items": listed.items if listed else []}, "items")
    found: dict[str, Preset] = {}
    for body in bodies:
        preset = preset_of(body)
        if preset.name:
            found.setdefault(preset.name, preset)
    return list(found.values())


def preset_marks(view: PodView) -> list[Mark]:
    """The presets that were applied to the pod, as its annotations say."""
    known = {preset.name: preset for preset in presets_of(view)}
    applied = applied_presets(view.pod)
    return [Mark(name, version, known.get(name)) for name, version in applied.items()]


def not_applied(view: PodView) -> list[NotApplied]:
    """The presets that select the pod and were not applied, each with the reason."""
    applied = applied_presets(view.pod)
    presets = presets_of(view)
    return [
        _why(view, preset, presets)
        for preset in presets
        if preset.name not in applied and preset.selects(view.pod)
    ]


def with_presets(view: PodView, rows: Iterable[Injection], *, compared: bool) -> list[Injection]:
    """The rows, with the preset that each one came from, and a row for each preset's annotation.

    `compared`: the rows come of a comparison with the owner's template. Without one, what the
    presets that can be read have in common with the pod gets rows of its own.
    """
    marks = preset_marks(view)
    claims = _claims(view, marks, compared=compared)
    told = [_attributed(row, claims, marks) for row in rows]
    known = {row.path for row in told}
    if not compared:
        told += [
            Injection(
                path=path,
                change="added",
                by=f"PodPreset {claim.name}",
                confidence=claim.confidence,
                detail=claim.detail,
            )
            for path, claim in claims.items()
            if path not in known
        ]
    return [
        *told,
        *(_absent(found) for found in not_applied(view)),
    ]


def _claims(view: PodView, marks: list[Mark], *, compared: bool) -> dict[str, _Claim]:
    """Path -> the preset that it came from."""
    found: dict[str, _Claim] = {}
    annotations = mapping(view.pod, "metadata", "annotations")
    for mark in marks:
        for key in (f"{APPLIED}{mark.name}", APPLIED.removesuffix("podpreset-") + mark.name):
            if key in annotations:
                version = f"its resourceVersion was {mark.version}" if mark.version else ""
                found[f"metadata.annotations[{key}]"] = _Claim("likely", version, mark.name)
        for path, equal in _common(view.pod, mark.preset) if mark.preset else ():
            found.setdefault(path, _claim(mark, equal, compared=compared))
    return found


def _claim(mark: Mark, equal: bool | None, *, compared: bool) -> _Claim:
    """Proven where the preset has this very entry, in the version that the annotation names."""
    version = f"resourceVersion {mark.version}" if mark.version else "no resourceVersion"
    if equal is False:
        return _Claim("possible", f"{version}; the current preset differs", mark.name)
    if mark.changed is False:
        proven = compared and equal is True
        return _Claim("proven" if proven else "likely", f"{version}, as it is now", mark.name)
    known = "; the preset was written since" if mark.changed else ""
    return _Claim("likely", f"{version}{known}", mark.name)


def _common(pod: Json, preset: Preset) -> Iterator[tuple[str, bool | None]]:
    """The entries of the preset under whose names the pod has some, and whether they are equal."""
    yield from _matches(
        "spec.volumes", items(pod, "spec", "volumes"), preset.volumes, ("name", normal_volume)
    )
    for field in CONTAINERS:
        for container in items(pod, "spec", field):
            where = f"spec.{field}[{text(container, 'name')}]"
            for inner, wanted, key in (
                ("env", preset.env, "name"),
                ("volumeMounts", preset.volume_mounts, "mountPath"),
            ):
                entries = items(container, inner)
                yield from _matches(f"{where}.{inner}", entries, wanted, (key, normal))
            own = {env_from_text(each) for each in items(container, "envFrom")}
            for each in map(env_from_text, preset.env_from):
                if each in own:
                    yield f"{where}.envFrom[{each}]", True


def _matches(
    where: str, own: list[Json], wanted: Iterable[Json], by: tuple[str, Any]
) -> Iterator[tuple[str, bool | None]]:
    key, as_stored = by
    known = {text(each, key): each for each in own}
    for each in wanted:
        name = text(each, key)
        if name in known:
            yield f"{where}[{name}]", same(as_stored(each), as_stored(known[name]))


def _attributed(row: Injection, claims: dict[str, _Claim], marks: list[Mark]) -> Injection:
    """The row with the preset as its source, unless it is proven to be somebody else's."""
    claim = claims.get(row.path)
    if claim is not None and row.confidence in _WEAK:
        return _by(row, f"PodPreset {claim.name}", claim.confidence, claim.detail)
    unread = [mark.name for mark in marks if mark.preset is None]
    open_still = row.by in _NOBODY and row.change == "added"
    if unread and open_still and any(sign in row.path for sign in _SPOKEN_OF):
        who = f"PodPreset {' or '.join(unread)}"
        return _by(row, who, "possible", "an annotation names it; it cannot be read any more")
    return row


def _by(row: Injection, who: str, confidence: Confidence, detail: str) -> Injection:
    both = "; ".join(part for part in (row.detail, detail) if part)
    return msgspec.structs.replace(row, by=who, confidence=confidence, detail=both)


def _absent(found: NotApplied) -> Injection:
    return Injection(
        path=f"metadata.annotations[{APPLIED}{found.preset.name}]",
        change="absent",
        by=f"PodPreset {found.preset.name}",
        confidence=found.confidence,
        detail=f"it selects the pod and was not applied: {found.reason}",
    )


def _why(view: PodView, preset: Preset, presets: list[Preset]) -> NotApplied:
    """The first of these that holds; what only may have been comes last."""
    annotations = mapping(view.pod, "metadata", "annotations")
    if MIRROR in annotations:
        return NotApplied(preset, "it is the mirror of a static pod", "proven")
    if annotations.get(EXCLUDE) == "true":
        return NotApplied(preset, f'its annotation {EXCLUDE} is "true"', "proven")
    if preset.group == GONE and _without_the_kind(view.capture.server_version):
        gone = "this server has no settings.k8s.io: the kind is gone since 1.20"
        return NotApplied(preset, gone, "proven")
    made, created = (
        parse_time(moment)
        for moment in (preset.created, text(view.pod, "metadata", "creationTimestamp"))
    )
    if made and created and made > created:
        return NotApplied(preset, f"the pod is older: the preset is of {preset.created}", "proven")
    merge = merged(view.pod, presets)
    conflicts = tuple(conflict for conflict in merge.conflicts if conflict.certain)
    if conflicts:
        paths = ", ".join(dict.fromkeys(conflict.path for conflict in conflicts))
        reason = f"a conflict at {paths} keeps all presets from being applied"
        return NotApplied(preset, reason, "likely", conflicts)
    return NotApplied(
        preset,
        "the plugin or webhook was off or did not answer, the labels were others when the pod "
        "was created, or it was in conflict then",
        "possible",
    )


def _without_the_kind(server_version: str) -> bool:
    major, _, rest = server_version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0].rstrip("+")
    return major == "1" and minor.isdigit() and int(minor) >= _FIRST_WITHOUT
