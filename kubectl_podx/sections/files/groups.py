"""Rows of the files section put together as a finding names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_podx.model.parts import KeySource
from kubectl_podx.rules.rule import Case
from kubectl_podx.sections.files.report import FileRow

Group = list[FileRow]


def groups(case: Case, keep: Callable[[FileRow], bool]) -> Iterator[Group]:
    """The rows that count, together by container, volume and source object."""
    found: dict[tuple[str, str, str, str], Group] = {}
    for row in case.report.files or []:
        if keep(row):
            key = (row.container, row.volume, row.source.kind, row.source.name)
            found.setdefault(key, []).append(row)
    yield from found.values()


def names(group: Group) -> str:
    """The paths of a group, three at most by name."""
    paths = [row.path for row in group]
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def label(source: KeySource) -> str:
    """`ConfigMap web`."""
    return f"{source.kind} {source.name}".strip() or "its source"


def evidence(group: Group) -> tuple[str, ...]:
    """State, sizes and reason of each file, and when source and volume were last written."""
    found: list[str] = []
    for row in group[:5]:
        sizes = f" ({row.size} bytes, source {row.source_size})" if _sizes_differ(row) else ""
        found.append(f"{row.path}: {row.state}{sizes}" + (f", {row.reason}" if row.reason else ""))
    first = group[0]
    if first.source_changed_at:
        by = f" by {first.source_changed_by}" if first.source_changed_by else ""
        found.append(f"{label(first.source)} was last written at {first.source_changed_at}{by}")
    if first.volume_written_at:
        found.append(f"the kubelet last wrote the volume at {first.volume_written_at}")
    return tuple(found)


def _sizes_differ(row: FileRow) -> bool:
    return row.size is not None and row.source_size is not None and row.size != row.source_size


def from_config(row: FileRow) -> bool:
    """Whether the file comes from a ConfigMap or Secret."""
    return row.source.kind in ("ConfigMap", "Secret")
