"""Marks what was injected wherever else the report shows it. Pure; after all sections are built."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.volumes.report import Volume

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport

_UNKNOWN = "unknown"
_FROM = re.compile(r"\.envFrom\[(configMap|secret) ([^ \]]+)")


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
