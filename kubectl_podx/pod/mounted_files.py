"""Every file that a container should see by declaration, joined with what the look found there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.model.capture import KeyFacts, Observation, ObservedFile
from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.sources import Source
from kubectl_podx.pod.view import PodView, per_view
from kubectl_podx.pod.volume_content import MADE_FOR_THE_POD, VolumeContent, VolumeFile, content

_REFERENCE = lazy(r"\$\(([^()]*)\)")


class MountedFile(Struct, frozen=True):
    """One file at one place in one container: declared, observed, or both."""

    entry: ContainerEntry
    path: str
    mount: str
    """The mount path, without a slash at its end."""
    volume: str
    sub_path: bool
    origin: KeySource
    content: VolumeContent
    declared: bool = True
    backing: Source | None = None
    key: KeyFacts | None = None
    gone: str = ""
    mode: int | None = None
    observed: ObservedFile | None = None
    note: str = ""
    """Why it is not known what is declared here."""


MOST_FILES = 10_000
"""Of one pod. Each mount of a large ConfigMap has all of its keys."""


@per_view
def mounted_files(view: PodView) -> list[MountedFile]:
    """All of them, by container in start order, then by mount as declared, then by path."""
    found: list[MountedFile] = []
    contents = {
        text(volume, "name"): (volume, content(view, volume))
        for volume in items(view.pod, "spec", "volumes")
    }
    for entry in view.containers:
        mounts = items(entry.spec, "volumeMounts")
        paths = {normal(text(mount, "mountPath")) for mount in mounts}
        for mount in mounts:
            _, declared = contents.get(text(mount, "name"), ({}, None))
            if declared is not None:
                found += _of_mount(view, entry, mount, declared, paths)
            if len(found) >= MOST_FILES:
                return found[:MOST_FILES]
    return found


def lost_sub_paths(view: PodView) -> list[MountedFile]:
    """Mounts by a subPath that the volume does not have: the kubelet makes an empty folder there.

    A key that the object has lost since is still bound, and was therefore observed; without a
    look only `items` tells that it was never there.
    """
    return [
        file
        for file in mounted_files(view)
        if file.sub_path
        and file.observed is None
        and file.origin.kind not in MADE_FOR_THE_POD
        and (file.gone.startswith("volume ") or _never_bound(view, file))
    ]


def _never_bound(view: PodView, file: MountedFile) -> bool:
    seen = view.observations.get(file.entry.name)
    looked = file.entry.running and seen is not None and bool(seen.mounts)
    return bool(file.gone) and looked and not (file.backing is not None and file.backing.gone)


@lru_cache(maxsize=4096)
def normal(path: str) -> str:
    """An absolute path in one spelling."""
    return posixpath.normpath("/" + path.strip("/"))


def _of_mount(
    view: PodView, entry: ContainerEntry, mount: Json, declared: VolumeContent, others: set[str]
) -> list[MountedFile]:
    path = normal(text(mount, "mountPath"))
    expression = text(mount, "subPathExpr")
    sub_path = text(mount, "subPath") or (_expanded(view, entry, expression) if expression else "")
    sub_path = normal(sub_path)[1:] if sub_path else sub_path
    base = MountedFile(
        entry,
        path,
        path,
        text(mount, "name"),
        bool(text(mount, "subPath") or expression),
        KeySource(kind=""),
        declared,
    )
    seen = _observed(view.observations.get(entry.name), path, others - {path})
    if sub_path is None:
        base = replace(base, note="a variable in subPathExpr is not known")
        rows = [replace(base, path=place, observed=file) for place, file in sorted(seen.items())]
        return rows or [base]
    rows = []
    for relative, file in sorted(declared.files.items()):
        place = _place(path, sub_path, relative)
        if place is not None:
            rows.append(replace(_declared_row(base, place, file), observed=seen.pop(place, None)))
    rows += _left_over(base, sub_path, seen)
    if not rows or declared.open_sources:
        rows += _unseen(base, sub_path, rows)
    return rows


def _observed(
    observation: Observation | None, mount: str, others: set[str]
) -> dict[str, ObservedFile]:
    """Path -> file of the files below this mount; those of a mount inside it are that one's."""
    found: dict[str, ObservedFile] = {}
    for file in observation.files if observation else []:
        path = normal(file.path)
        if normal(file.mount) != mount and not _below(path, mount):
            continue
        if any(_below(path, other) and _below(other, mount) for other in others):
            continue
        found[path] = file
    return found


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _place(mount: str, sub_path: str, relative: str) -> str | None:
    """Where the volume's file shows below the mount; None where the subPath leaves it out."""
    if not sub_path:
        return normal(f"{mount}/{relative}")
    if relative == sub_path:
        return mount
    if relative.startswith(sub_path + "/"):
        return normal(f"{mount}/{relative[len(sub_path) + 1 :]}")
    return None


def _declared_row(base: MountedFile, path: str, file: VolumeFile) -> MountedFile:
    return replace(
        base,
        path=path,
        origin=file.origin,
        backing=file.backing,
        key=file.key,
        gone=file.gone,
        mode=file.mode,
    )


def _left_over(
    base: MountedFile, sub_path: str, seen: dict[str, ObservedFile]
) -> Iterator[MountedFile]:
    """Observed files that no known key explains: of a source whose keys are not known, or extra."""
    unknown = next(iter(base.content.open_sources), None)
    for path, file in sorted(seen.items()):
        relative = path[len(base.mount) :].strip("/")
        key = "/".join(part for part in (sub_path, relative) if part)
        row = replace(base, path=path, observed=file)
        if unknown is not None:
            yield replace(
                row,
                origin=_with_key(unknown.origin, key),
                backing=unknown.backing,
                gone=unknown.backing.gone,
                mode=unknown.mode,
            )
            continue
        whole = base.content.whole
        if whole is not None:
            row = replace(
                row, origin=KeySource(kind=whole.kind, name=whole.name, key=key), backing=whole
            )
            # A subPath is bound to the old file for good: its source is what has gone.
            gone = whole.key_gone(key) if base.sub_path else ""
            yield replace(row, declared=bool(gone), gone=gone)
        else:
            yield replace(row, declared=False)


def _unseen(base: MountedFile, sub_path: str, rows: list[MountedFile]) -> Iterator[MountedFile]:
    """One row, at the mount itself, for what is declared and could not be told file by file."""
    shown = {(row.origin.kind, row.origin.name) for row in rows}
    for unknown in base.content.open_sources:
        known_empty = unknown.origin.optional and unknown.backing.gone
        if (unknown.origin.kind, unknown.origin.name) not in shown and not known_empty:
            yield replace(
                base,
                origin=_with_key(unknown.origin, sub_path),
                backing=unknown.backing,
                gone=unknown.backing.gone,
            )
    if sub_path and not rows and not base.content.open_sources:
        # The kubelet makes an empty folder for a subPath that is not there.
        whole = base.content.whole
        first = next(iter(base.content.files.values()), None)
        origin = KeySource(kind="") if first is None else first.origin
        if whole is not None:
            origin = KeySource(kind=whole.kind, name=whole.name)
        gone = f"volume {base.volume} has no path {sub_path}"
        yield replace(
            base,
            origin=KeySource(kind=origin.kind, name=origin.name, key=sub_path),
            backing=whole,
            gone=(whole.key_gone(sub_path) if whole is not None else "") or gone,
        )


def _with_key(origin: KeySource, key: str) -> KeySource:
    return KeySource(kind=origin.kind, name=origin.name, key=key, optional=origin.optional)


def _expanded(view: PodView, entry: ContainerEntry, expression: str) -> str | None:
    """`subPathExpr` with the container's variables; None where one of them is not known."""
    observation = view.observations.get(entry.name)
    found = (observation.variables if observation else []) or view.captured.declared_variables.get(
        entry.name, []
    )
    values = {
        variable.name: sealed.text
        for variable in found
        if (sealed := variable.injected or variable.declared) is not None
    }
    names = _REFERENCE.findall(expression)
    if any(values.get(name) is None for name in names):
        return None
    return _REFERENCE.sub(lambda match: values[match.group(1)] or "", expression)
