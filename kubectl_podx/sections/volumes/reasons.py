"""Reasons that stand in a volume: it may only be read, or is smaller than what is written to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kubectl_podx.pod.places import WRITTEN_BY_KUBELET, Place, place, places
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner
from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.volumes.source import declared_read_only

if TYPE_CHECKING:
    from kubectl_podx.pod.said import Said

_VOLUMES = DOCS + "concepts/storage/volumes/"
_TOKEN = "/run/secrets/kubernetes.io"  # noqa: S105 - a folder
_SHM = "/dev/shm"  # noqa: S108 - a mount of every container
_SHARED_MEMORY = ("shared memory", "/PostgreSQL.", "shm_open", "shmget")


def read_only(case: Case) -> Iterator[Hit]:
    """The program writes to a volume that may only be read."""
    for ending in endings(case):
        for said, line in ending.of("readOnly"):
            where = _read_only_place(case, ending, said)
            why = _why_read_only(case, where) if where is not None else ""
            if where is not None and why:
                yield ending.hit(
                    why,
                    line,
                    f"{where.label} at {where.mount_path} ({where.mount_field})",
                    fix=edit_owner(case),
                )
                break


def _read_only_place(case: Case, ending: Ending, said: Said) -> Place | None:
    if said.path:
        return place(case.view, ending.entry, said.path)
    rows = case.report.security or ()
    if said.capability or any(r.read_only_root for r in rows if r.container == ending.entry.name):
        return None
    # Without a path in the line only one mount may be meant; nobody writes to the account's token.
    found = [
        one
        for one in places(case.view, ending.entry)
        if not one.mount_path.startswith(_TOKEN) and _why_read_only(case, one)
    ]
    return found[0] if len(found) == 1 else None


def _why_read_only(case: Case, where: Place) -> str:
    if where.kind in WRITTEN_BY_KUBELET:
        return f"{where.mount_path} is {where.label}, and such volumes are always read-only"
    if where.kind == "image":
        return f"{where.mount_path} is {where.label}, and images are always read-only"
    if where.read_only:
        return f"{where.mount_field}.readOnly is true for {where.mount_path} ({where.label})"
    if declared_read_only(case.view, where.volume):
        return f"{where.label} at {where.mount_path} may only be read ({where.volume_field})"
    return ""


def too_small(case: Case) -> Iterator[Hit]:
    """What is written to is in memory and has a size of its own."""
    for ending in endings(case):
        for said, line in ending.of("noSpace"):
            where = place(case.view, ending.entry, said.path) if said.path else None
            title = _why_full(ending, where, said.path, line)
            if title:
                yield ending.hit(title, line, fix=edit_owner(case))
                break


def _why_full(ending: Ending, where: Place | None, path: str, line: str) -> str:
    if where is not None and where.kind == "emptyDir" and where.size_limit:
        return (
            f"{where.volume_field}.sizeLimit is {where.size_limit} for {where.mount_path} "
            f"(volume {where.volume})"
        )
    if where is not None and where.medium == "Memory":
        limit = ending.entry.memory_limit
        return f"{where.mount_path} is an emptyDir of medium Memory" + (
            f", which ends at the memory limit of {limit}" if limit else ""
        )
    shared = path.startswith(_SHM) or any(words in line for words in _SHARED_MEMORY)
    if shared and (where is None or where.mount_path != _SHM):
        return f"{_SHM} has 64 MiB unless an emptyDir of medium Memory is mounted there"
    return ""


RULES: tuple[Rule, ...] = (
    reason_rule(
        code="VOL020",
        section="volumes",
        title="A program writes to a read-only volume",
        meaning="Volumes of a ConfigMap, a Secret, the downward API and an image are read-only, "
        "whatever readOnly says. Entrypoints that chown or template their configuration need a "
        "copy.",
        known_by="`Read-only file system` with a path in the log, and the volume behind the path.",
        remedy="Copy the files into an emptyDir in an init container, and write there.",
        link=_VOLUMES,
        check=read_only,
    ),
    reason_rule(
        code="VOL021",
        section="volumes",
        title="A file system in memory is too small for what is written to it",
        meaning="An emptyDir of medium Memory ends at its sizeLimit or at the memory limit, and "
        "/dev/shm has 64 MiB in every container that mounts nothing there.",
        known_by="`No space left on device` in the log, and the volume behind the path.",
        remedy="Mount an emptyDir of medium Memory with a larger sizeLimit.",
        link=_VOLUMES + "#emptydir",
        check=too_small,
    ),
)
