"""Columns of namespaces, processes and listeners, and their block in the text."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.model.parts import ListenerRow
from kubectl_podx.sections.namespaces.report import Namespace, NamespaceGroup, Namespaces
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, ago, counted, human_size, text_or_none, yes_no

KINDS = ("network", "pid", "ipc", "uts", "user", "mount", "cgroup")


class NamespaceLine(Struct, frozen=True):
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


_MOST_LISTENERS = 8

# Of the user namespace the node's is the default (hostUsers), of these it is not.
_NOT_OF_THE_NODE = ("network", "pid", "ipc", "uts")


def grids(found: Namespaces) -> list[Grid]:
    """Its tables."""
    return [
        Grid(NAMESPACE, namespace_lines(found)),
        Grid(PROCESS, found.processes),
        Grid(LISTENER, found.listeners),
    ]


def block(found: Namespaces, page: Page) -> list[str]:
    """One line per set of namespaces that are shared alike; tables where all is wanted."""
    if page.everything:
        lines = [
            "Namespaces:",
            *page.table(NAMESPACE, namespace_lines(found)),
            *_pid_one(found, page),
        ]
        for columns, rows in ((PROCESS, found.processes), (LISTENER, found.listeners)):
            if rows:
                lines += ["", *page.table(columns, rows)]
        if found.processes_left_out:
            lines += page.say(
                f"and {counted(found.processes_left_out, 'more process', 'more processes')}"
            )
        return lines
    kinds: dict[str, list[str]] = {}
    for kind in KINDS:
        text = _sharing(kind, getattr(found, kind))
        if text:
            kinds.setdefault(text, []).append(kind)
    lines = [
        line for text, names in kinds.items() for line in page.say(f"{', '.join(names)}: {text}")
    ]
    if found.pid.mode != "container" or any(len(g.containers) > 1 for g in found.pid.groups):
        lines += _pid_one(found, page)
    lines += _listeners(found.listeners, page)
    return ["Namespaces:", *lines] if lines else []


def _sharing(kind: str, namespace: Namespace) -> str:
    """Empty where every container has its own, as it was declared."""
    if namespace.agrees is False:
        reason = namespace.reason or "what was observed is not what was declared"
        return f"{namespace.mode} is declared, but {reason}"
    if namespace.mode == "node" and kind in _NOT_OF_THE_NODE:
        return "the node's own" + (f" ({namespace.declared_by})" if namespace.declared_by else "")
    shared = [group for group in namespace.groups if len(group.containers) > 1]
    return "; ".join(_group(group) for group in shared)


def _group(group: NamespaceGroup) -> str:
    return f"shared by {', '.join(group.containers)} ({group.basis})"


def _pid_one(found: Namespaces, page: Page) -> list[str]:
    return page.say(f"PID 1 is {found.pid_one}") if found.pid_one else []


def _listeners(found: list[ListenerRow], page: Page) -> list[str]:
    if not found:
        return []
    shown = [_listener(row) for row in found[:_MOST_LISTENERS]]
    if len(found) > len(shown):
        shown.append(f"and {len(found) - len(shown)} more")
    return page.say(f"listening: {', '.join(shown)}")


def _listener(row: ListenerRow) -> str:
    who = " ".join(part for part in (row.container or "", row.executable) if part)
    return f"{address(row.address)}:{row.port}" + (f" ({who})" if who else "")
