"""Downward API values, in variables and in files, against the pod as it is now."""

from __future__ import annotations

from itertools import chain

from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import items, mapping, text
from kubectl_podx.pod.mounted_files import MountedFile, mounted_files
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.downward.report import DownwardRow
from kubectl_podx.sections.environment import facts as environment
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files import facts as files
from kubectl_podx.sections.files.report import FileRow

_SUBSCRIPT = lazy(r"metadata\.(labels|annotations)\['(.+)'\]")
_HIDDEN = environment.HIDDEN


def build(view: PodView) -> list[DownwardRow]:
    """One row for each variable by fieldRef or resourceFieldRef, and for each such file.

    Labels and annotations in variables are those of the container's start; in files they follow
    the pod.
    """
    divisors = _divisors(view)
    variables = (
        _variable(row, divisors)
        for row in environment.build(view)
        if row.source.kind in ("field", "resource") and row.state != "shadowed"
    )
    rows = {(row.container, row.path): row for row in files.build(view)}
    declared = (
        _file(view, file, rows[(file.entry.name, file.path)])
        for file in mounted_files(view)
        if file.origin.kind == "downwardAPI"
    )
    order = {entry.name: place for place, entry in enumerate(view.containers)}
    found = chain(variables, declared)
    return sorted(found, key=lambda row: order.get(row.container, len(order)))


def _variable(row: VariableRow, divisors: dict[tuple[str, str], str]) -> DownwardRow:
    return DownwardRow(
        container=row.container,
        form="env",
        name=row.name,
        field=_field(row.source, row.container),
        divisor=divisors.get((row.container, row.name), ""),
        observed=row.injected if row.injected is not None else row.process,
        current=row.current,
        state=row.state,
        reason=row.reason,
    )


def _file(view: PodView, file: MountedFile, row: FileRow) -> DownwardRow:
    now = current_value(view, row.source.key)
    observed = None
    if file.observed is not None and row.state in ("current", "frozen", "stuck", "stale"):
        same = row.state == "current"
        observed = (file.observed.text or now or _HIDDEN) if same else environment.DIFFERS
    if now is None and file.observed is not None:
        now = file.observed.text
    return DownwardRow(
        container=row.container,
        form="file",
        name=row.path,
        field=_field(row.source, row.container),
        observed=observed,
        current=now,
        state=row.state,
        reason=row.reason,
    )


def _field(origin: KeySource, container: str) -> str:
    other = f" of {origin.name}" if origin.name and origin.name != container else ""
    return origin.key + other


def _divisors(view: PodView) -> dict[tuple[str, str], str]:
    """(container, variable) -> the divisor that is not the default 1."""
    return {
        (entry.name, text(variable, "name")): divisor
        for entry in view.containers
        for variable in items(entry.spec, "env")
        if (divisor := text(variable, "valueFrom", "resourceFieldRef", "divisor"))
        not in ("", "0", "1")
    }


def current_value(view: PodView, field: str) -> str | None:
    """What a downward API file of this field holds now; None where the pod alone does not tell.

    Whole maps are sorted lines `key="quoted"` without a newline at the end (pkg/fieldpath).
    """
    meta = mapping(view.pod, "metadata")
    if field in ("metadata.name", "metadata.namespace", "metadata.uid"):
        return text(meta, field.rpartition(".")[2]) or None
    subscript = _SUBSCRIPT.fullmatch(field)
    if subscript is not None:
        return text(meta, *subscript.groups())
    if field in ("metadata.labels", "metadata.annotations"):
        found = mapping(meta, field.rpartition(".")[2])
        return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(found.items()))
    return None


def _quoted(value: object) -> str:
    """`%q` of Go as far as plain text goes; a value that was hidden stays so."""
    if not isinstance(value, str):
        return '""'
    plain = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'
