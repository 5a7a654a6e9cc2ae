"""The mount table of a container without the secret values that `subPathExpr` brings into it.

The kernel writes the folder of a mount into mountinfo: `…/volumes/…/data/d-PASSWORD` for
`subPathExpr: d-$(PASSWORD)`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.secretlike import HIDDEN
from kubectl_podx.model.capture import Mount, Variable
from kubectl_podx.model.raw import Json, items, text

_REFERENCE = re.compile(r"\$\(([^()]*)\)")
_DELETED = "//deleted"
_FEWEST = 3


def sealed_mounts(
    sealer: Sealer,
    spec: Json,
    mounts: Sequence[Mount],
    variables: Sequence[Variable],
    environments: Sequence[Mapping[str, str]],
) -> list[Mount]:
    """The mounts of a container with this spec; `environments` hold its variables' values."""
    masks = [
        mask
        for mount in items(spec, "volumeMounts")
        if (mask := _Mask.of(mount, variables, environments))
    ]
    return [_sealed(sealer, mount, masks) for mount in mounts]


class _Mask:
    """One mount whose folder is named by a variable that is not shown."""

    def __init__(self, path: str, volume: str, values: set[str]) -> None:
        self.path = path
        self.volume = volume
        # Longest first: one may hold another.
        self.values = sorted(values, key=len, reverse=True)

    @classmethod
    def of(
        cls,
        mount: Json,
        variables: Sequence[Variable],
        environments: Sequence[Mapping[str, str]],
    ) -> _Mask | None:
        names = set(_REFERENCE.findall(text(mount, "subPathExpr")))
        if not names or names <= {one.name for one in variables if _is_shown(one)}:
            return None
        # An escaped `$$(NAME)` is masked too: that costs nothing.
        values = {each.get(name, "") for each in environments for name in names}
        expression = text(mount, "subPathExpr")
        wholes = {
            _REFERENCE.sub(lambda match, each=each: each.get(match[1], ""), expression)  # type: ignore[misc]
            for each in environments
        }
        found = {value.strip("/") for value in (*values, *wholes)}
        path = _normal(text(mount, "mountPath"))
        return cls(path, text(mount, "name"), {one for one in found if len(one) >= _FEWEST})


def _is_shown(variable: Variable) -> bool:
    """Whether every known value of it may be read by anyone."""
    sides = (variable.declared, variable.injected, variable.process)
    known = [side for side in sides if side is not None]
    return bool(known) and all(side.text is not None for side in known)


def _sealed(sealer: Sealer, mount: Mount, masks: Sequence[_Mask]) -> Mount:
    path, root, source = mount.path, mount.root, mount.source
    for mask in masks:
        if _normal(path) == mask.path:
            root = _masked(root, mask.volume)
        elif _folder(root, mask.volume) is not None:
            # The mount path is a link of the image, or another mount of the same volume.
            root = _masked(root, mask.volume)
        for value in mask.values:
            root, source = _without(root, value), _without(source, value)
            if _normal(path) != mask.path:
                path = _without(path, value)
    return replace(
        mount, path=sealer.scrub(path), root=sealer.scrub(root), source=sealer.scrub(source)
    )


def _masked(root: str, volume: str) -> str:
    """The root up to the kubelet's folder of the volume; what follows is not told."""
    end = _DELETED if root.endswith(_DELETED) else ""
    folder = _folder(root.removesuffix(_DELETED), volume)
    if folder is None:
        return f"/{HIDDEN}{end}"
    return folder + (f"/{HIDDEN}" if folder != root.removesuffix(_DELETED) else "") + end


def _folder(root: str, volume: str) -> str | None:
    """`…/volumes/PLUGIN/NAME` or `…/volume-subpaths/NAME/CONTAINER/INDEX` where the root begins."""
    parts = root.split("/")
    for index, part in enumerate(parts):
        if part == "volumes" and parts[index + 2 : index + 3] == [volume]:
            return "/".join(parts[: index + 3])
        if part == "volume-subpaths" and parts[index + 1 : index + 2] == [volume]:
            return "/".join(parts[: index + 4])
    return None


def _without(path: str, value: str) -> str:
    """Folders of this name, or with a long value in their names, hidden."""
    if len(value) > 2 * _FEWEST:
        return path.replace(value, HIDDEN)
    pattern = rf"(?<![\w]){re.escape(value)}(?![\w])"
    return re.sub(pattern, lambda _: HIDDEN, path)


def _normal(path: str) -> str:
    normal = posixpath.normpath("/" + path.strip("/"))
    return normal.removeprefix("/var") if normal.startswith("/var/run/") else normal
