"""Columns of mounted files, and their block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.layout import state_cell
from kubectl_podx.view.page import Page, has_signal, source_text, value_block
from kubectl_podx.view.units import NONE, ago, human_size, text_or_none, yes_no


def _sizes(row: FileRow) -> str:
    """The size, and the source's where it is another one."""
    if row.source_size is not None and row.size is not None and row.source_size != row.size:
        return f"{human_size(row.size)} (source {human_size(row.source_size)})"
    return human_size(row.size)


def _owner(row: FileRow) -> str:
    if row.uid is None and row.gid is None:
        return NONE
    return f"{text_or_none(row.uid)}:{text_or_none(row.gid)}"


def _path(row: FileRow) -> str:
    return f"{row.path} (subPath)" if row.sub_path else row.path


FILE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("PATH", lambda row, _: _path(row)),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("SOURCE", lambda row, _: source_text(row.source)),
    Column("MODE", lambda row, _: text_or_none(row.mode)),
    Column("SIZE", lambda row, _: _sizes(row)),
    Column("SOURCE-CHANGED", lambda row, now: ago(row.source_changed_at, now)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("VOLUME", lambda row, _: row.volume, wide=True),
    Column("DECLARED-MODE", lambda row, _: text_or_none(row.declared_mode), wide=True),
    Column("OWNER", lambda row, _: _owner(row), wide=True),
    Column("READABLE", lambda row, _: yes_no(row.readable), wide=True),
    Column("WRITTEN", lambda row, now: ago(row.volume_written_at, now), wide=True),
    Column("AFTER-START", lambda row, _: yes_no(row.volume_written_after_start), wide=True),
    Column("CHANGED-BY", lambda row, _: text_or_none(row.source_changed_by), wide=True),
    Column("NOT-AFTER", lambda row, _: text_or_none(row.not_after), wide=True),
    Column("DIGEST", lambda row, _: _short(row.digest), wide=True),
)


def _short(digest: str | None) -> str:
    return digest.removeprefix("sha256:")[:12] if digest else NONE


def grids(found: Sequence[FileRow]) -> list[Grid]:
    """Its tables."""
    return [Grid(FILE, found)]


def block(found: Sequence[FileRow], page: Page) -> list[str]:
    """Mounted ConfigMap, Secret and projected files."""
    return value_block("Files", found, FILE, page, signal=_has_signal)


def _has_signal(row: FileRow) -> bool:
    """A file that the main process may not read is one, too."""
    return has_signal(row) or row.readable is False
