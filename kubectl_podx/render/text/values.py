"""Files, variables and downward API values: counts, and the rows that are not as they should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubectl_podx.model.report.content import DownwardRow, FileRow, TokenRow, VariableRow
from kubectl_podx.model.report.words import ValueState
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.columns.content import DOWNWARD, FILE, TOKEN, VARIABLE
from kubectl_podx.render.text.page import Page

SIGNALS = frozenset({"orphaned", "missing", "unresolved", "frozen", "stuck", "stale"})
"""States worth a row each. What could not be seen is counted, and coverage says why."""

_QUIET_TOKENS = frozenset({"valid", "unknown", "unreadable"})


def files(found: Sequence[FileRow], page: Page) -> list[str]:
    """Mounted ConfigMap, Secret and projected files."""
    return _values("Files", found, FILE, page)


def environment(found: Sequence[VariableRow], page: Page) -> list[str]:
    """Variables; what nobody declared, and what the program changed, is no drift."""
    declared = [row for row in found if row.state != "extra"]
    others = len(found) - len(declared)
    note = f"{others} undeclared (image, runtime or Services)" if others else ""
    if not declared and not page.everything:
        return []
    return _values("Environment", found if page.everything else declared, VARIABLE, page, note)


def downward(found: Sequence[DownwardRow], page: Page) -> list[str]:
    """Values of the pod itself."""
    return _values("Downward API", found, DOWNWARD, page)


def tokens(found: Sequence[TokenRow], page: Page) -> list[str]:
    """Service account tokens that are expired, overdue or bound to something else."""
    rows = found if page.everything else [r for r in found if r.state not in _QUIET_TOKENS]
    if not rows:
        return ["Service account tokens: none"] if page.everything else []
    return ["Service account tokens:", *page.table(TOKEN, rows)]


def _values(
    title: str,
    found: Sequence[FileRow | VariableRow | DownwardRow],
    columns: Sequence[Column],
    page: Page,
    note: str = "",
) -> list[str]:
    """The head with a count of every state, then the rows that are worth one."""
    if not page.everything:
        found = [r for r in found if r.state != "unknown" or r.container not in page.closed]
    if not found:
        return [f"{title}: none"] if page.everything else []
    counts = Counter[ValueState](row.state for row in found if not note or row.state != "extra")
    head = f"{title}: {', '.join(filter(None, [_counted(counts), note]))}"
    rows = [row for row in found if page.everything or _has_signal(row)]
    return [head + ":", *page.table(columns, rows)] if rows else [head]


def _counted(counts: Counter[ValueState]) -> str:
    """`1 current`, `6, all current`, or `9 (8 current, 1 frozen)`."""
    total = counts.total()
    if not total:
        return ""
    if len(counts) == 1:
        (state,) = counts
        return f"{total}, all {state}" if total > 1 else f"{total} {state}"
    states = ", ".join(f"{count} {state}" for state, count in counts.most_common())
    return f"{total} ({states})"


def _has_signal(row: FileRow | VariableRow | DownwardRow) -> bool:
    """A file that the main process may not read is one, too."""
    return row.state in SIGNALS or (isinstance(row, FileRow) and row.readable is False)
