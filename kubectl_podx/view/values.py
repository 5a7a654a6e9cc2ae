"""Values that a container has from elsewhere: their source, and those not as declared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from kubectl_podx.model.parts import KeySource
from kubectl_podx.model.words import ValueState
from kubectl_podx.view.columns import Column
from kubectl_podx.view.page import Page

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


_SIGNALS = frozenset({"orphaned", "missing", "unresolved", "frozen", "stuck", "stale"})
"""States worth a row each. What could not be seen is counted, and coverage says why."""


def has_signal(row: Any) -> bool:
    """Whether the row's state is worth a line of its own."""
    return row.state in _SIGNALS


def value_block(
    title: str,
    found: Sequence[Any],
    columns: Sequence[Column],
    page: Page,
    *,
    note: str = "",
    signal: Callable[[Any], bool] = has_signal,
) -> list[str]:
    """The head with a count of every state, then the rows that are worth one.

    `found` are rows with a container and a ValueState, such as those of files and of variables.
    """
    if not page.everything:
        found = [r for r in found if r.state != "unknown" or r.container not in page.closed]
    if not found:
        return [f"{title}: none"] if page.everything else []
    counts = Counter[ValueState](row.state for row in found if not note or row.state != "extra")
    head = f"{title}: {', '.join(filter(None, [_counted(counts), note]))}"
    rows = [row for row in found if page.everything or signal(row)]
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
