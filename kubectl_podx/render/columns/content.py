"""Columns of what a container reads: files, variables, downward values, tokens."""

from __future__ import annotations

from kubectl_podx.model.report.content import FileRow, KeySource
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.layout import state_cell
from kubectl_podx.render.units import NONE, ago, human_size, text_or_none, yes_no

_SHORT = {
    "ConfigMap": "configmap",
    "Secret": "secret",
    "serviceAccountToken": "token",
    "downwardAPI": "downward",
}


def source_text(source: KeySource) -> str:
    """`configmap/coder:config`, `secret/zhangyu:name`, `field:metadata.name`."""
    kind = _SHORT.get(source.kind, source.kind)
    name = f"{kind}/{source.name}" if source.name else kind
    return f"{name}:{source.key}" if source.key else name


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


VARIABLE: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("NAME", lambda row, _: row.name),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("SOURCE", lambda row, _: source_text(row.source)),
    Column("DECLARED", lambda row, _: text_or_none(row.declared)),
    Column("INJECTED", lambda row, _: text_or_none(row.injected)),
    Column("PROCESS", lambda row, _: text_or_none(row.process)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("NEXT-START", lambda row, _: text_or_none(row.current), wide=True),
    Column("SHADOWS", lambda row, _: text_or_none(row.shadows), wide=True),
    Column("INJECTED-BY", lambda row, _: text_or_none(row.injected_by), wide=True),
)

DOWNWARD: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("FORM", lambda row, _: row.form),
    Column("NAME", lambda row, _: row.name),
    Column("FIELD", lambda row, _: row.field),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("OBSERVED", lambda row, _: text_or_none(row.observed)),
    Column("CURRENT", lambda row, _: text_or_none(row.current)),
    Column("REASON", lambda row, _: text_or_none(row.reason), wide=True, prose=True),
)

TOKEN: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("PATH", lambda row, _: row.path),
    Column("STATE", lambda row, _: state_cell(row.state)),
    Column("ACCOUNT", lambda row, _: text_or_none(row.service_account)),
    Column("EXPIRES", lambda row, now: ago(row.expires_at, now)),
    Column("AUDIENCES", lambda row, _: text_or_none(row.audiences)),
    Column("REASON", lambda row, _: text_or_none(row.reason), prose=True),
    Column("ISSUED", lambda row, now: ago(row.issued_at, now), wide=True),
    Column("REFRESH", lambda row, now: ago(row.refresh_at, now), wide=True),
    Column("POD", lambda row, _: text_or_none(row.bound_pod), wide=True),
    Column("NODE", lambda row, _: text_or_none(row.bound_node), wide=True),
    Column("VOLUME", lambda row, _: text_or_none(row.volume), wide=True),
)
