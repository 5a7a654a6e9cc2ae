"""The block of this section in the text."""

from __future__ import annotations

from kubectl_podx.model.parts import ListenerRow
from kubectl_podx.sections.namespaces.columns import (
    KINDS,
    LISTENER,
    NAMESPACE,
    PROCESS,
    address,
    namespace_lines,
)
from kubectl_podx.sections.namespaces.report import Namespace, NamespaceGroup, Namespaces
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import counted

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
