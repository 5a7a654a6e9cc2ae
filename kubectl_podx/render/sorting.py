"""`--sort-by`: the rows of a document in the order of one of their fields."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from kubectl_podx.analysis.reports import DriftReport, TriageReport, WorkloadReport
from kubectl_podx.model.errors import UsageError
from kubectl_podx.model.nearest import near
from kubectl_podx.model.wire import Wire
from kubectl_podx.sections.report import PodReport, PodReportList

_D = TypeVar("_D", bound=Wire)


def sort_rows(document: _D, key: str, sections: tuple[str, ...] = ()) -> _D:
    """The document with its rows in ascending order of a key of theirs, as `-o json` names it.

    `key` may be a path (`resources.memory.limit`), with kubectl's dot and braces around it. Rows
    without a value stand last, numbers before words. UsageError where no row has such a key.
    """
    path = key.strip("{}").lstrip(".").split(".")
    found = _Sorter(path, key)
    made: Any = document
    match document:
        case TriageReport() | DriftReport():
            made = msgspec.structs.replace(document, rows=found.sort(document.rows))
        case PodReport():
            made = found.sections(document, sections)
        case PodReportList() | WorkloadReport():
            items = [found.sections(each, sections) for each in document.items]
            made = msgspec.structs.replace(document, items=items)
    found.check()
    return made  # type: ignore[no-any-return]


class _Sorter:
    """Sorts rows, and knows whether any of them had the key."""

    def __init__(self, path: list[str], key: str) -> None:
        self._path, self._key = path, key
        self._known: dict[str, None] = {}
        self._seen = self._any = False

    def sections(self, report: PodReport, names: tuple[str, ...]) -> PodReport:
        """The report with the rows of these sections sorted."""
        fields = {each.encode_name: each.name for each in msgspec.structs.fields(report)}
        lists = {}
        for name in names:
            rows = getattr(report, fields[name])
            if isinstance(rows, Wire):
                raise UsageError(f"--sort-by: {name} is no list of rows")
            lists[fields[name]] = self.sort(rows or [])
        return msgspec.structs.replace(report, **lists)

    def sort(self, rows: list[Any]) -> list[Any]:
        """The rows in order; what stands equal stays as it was."""
        keyed = [(self._of(msgspec.to_builtins(row)), row) for row in rows]
        return [row for _, row in sorted(keyed, key=lambda each: each[0])]

    def _of(self, row: dict[str, Any]) -> tuple[int, float, str]:
        self._any = True
        self._known |= dict.fromkeys(row)
        value: Any = row
        for step in self._path:
            if not isinstance(value, dict) or step not in value:
                return 3, 0.0, ""
            value = value[step]
        self._seen = True
        if isinstance(value, bool | int | float):
            return 1, float(value), ""
        return (3, 0.0, "") if value in (None, "", [], {}) else (2, 0.0, str(value))

    def check(self) -> None:
        """Raises UsageError where there were rows, and none had the key."""
        if self._any and not self._seen:
            meant = near(self._path[0], self._known) or list(self._known)
            raise UsageError(f"--sort-by {self._key}: no such field; there is {', '.join(meant)}")
