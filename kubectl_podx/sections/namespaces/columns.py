"""Columns of this section's rows."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.model.parts import ListenerRow
from kubectl_podx.sections.namespaces.report import Namespace, NamespaceGroup, Namespaces
from kubectl_podx.view.columns import Column
from kubectl_podx.view.units import NONE, ago, human_size, text_or_none, yes_no

KINDS = ("network", "pid", "ipc", "uts", "user", "mount", "cgroup")


class NamespaceLine(NamedTuple):
    """One group of containers that are in one namespace of a kind."""

    kind: str
    namespace: Namespace
    group: NamespaceGroup | None


def namespace_lines(found: Namespaces) -> list[NamespaceLine]:
    """A line per group; a kind whose groups are not known has one line without."""
    lines: list[NamespaceLine] = []
    for kind in KINDS:
        namespace: Namespace = getattr(found, kind)
        groups: list[NamespaceGroup | None] = [*namespace.groups] or [None]
        lines += [NamespaceLine(kind, namespace, group) for group in groups]
    return lines


NAMESPACE: tuple[Column, ...] = (
    Column("NAMESPACE", lambda row, _: row.kind),
    Column("MODE", lambda row, _: text_or_none(row.namespace.mode)),
    Column("CONTAINERS", lambda row, _: text_or_none(row.group and row.group.containers)),
    Column("BASIS", lambda row, _: row.group.basis if row.group else NONE),
    Column("AS-DECLARED", lambda row, _: yes_no(row.namespace.agrees)),
    Column("DECLARED-BY", lambda row, _: text_or_none(row.namespace.declared_by), wide=True),
    Column("INODE", lambda row, _: text_or_none(row.group and row.group.inode), wide=True),
    Column("REASON", lambda row, _: text_or_none(row.namespace.reason), wide=True, prose=True),
)

PROCESS: tuple[Column, ...] = (
    Column("PID", lambda row, _: str(row.pid)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("EXECUTABLE", lambda row, _: f"{row.executable}{' (main)' if row.main else ''}"),
    Column("STATE", lambda row, _: text_or_none(row.state)),
    Column("UID", lambda row, _: text_or_none(row.uid)),
    Column("HANDLES-TERM", lambda row, _: yes_no(row.handles_term)),
    Column("STARTED", lambda row, now: ago(row.started_at, now)),
    Column("ARGS", lambda row, _: text_or_none(row.argument_count), wide=True),
    Column("PARENT", lambda row, _: text_or_none(row.parent), wide=True),
    Column("GID", lambda row, _: text_or_none(row.gid), wide=True),
    Column("MEMORY", lambda row, _: human_size(row.resident), wide=True),
    Column("SEEN-FROM", lambda row, _: row.seen_from, wide=True),
)


def _process(row: ListenerRow) -> str:
    if row.pid is None:
        return row.reason or NONE
    return f"{row.executable or '?'} ({row.pid})"


LISTENER: tuple[Column, ...] = (
    Column("LISTENS-ON", lambda row, _: f"{address(row.address)}:{row.port}"),
    Column("PROTOCOL", lambda row, _: row.protocol),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("PROCESS", lambda row, _: _process(row)),
    Column("DECLARED-AS", lambda row, _: text_or_none(row.declared_as)),
    Column("HOST-PORT", lambda row, _: text_or_none(row.host_port), wide=True),
    Column("UID", lambda row, _: text_or_none(row.uid), wide=True),
)


def address(text: str) -> str:
    """An IPv6 address in brackets, so that its port can be told."""
    return f"[{text}]" if ":" in text else text
