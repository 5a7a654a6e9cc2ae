"""What `--reveal` adds below a report: values that the report itself never has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kubectl_podx.model.reference import Reference
from kubectl_podx.model.revealed import Revealed, Side
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.report import PodReport
from kubectl_podx.view.escape import clean
from kubectl_podx.view.layout import aligned
from kubectl_podx.view.units import NONE
from kubectl_podx.view.values import source_text

_SIDES: tuple[Side, ...] = ("declared", "injected", "process")
_NOT_READ = "other bytes, which are not read out"


class RevealedText(NamedTuple):
    """What is printed, and how much of it there is."""

    text: str
    variables: int
    files: int


def revealed_text(
    reports: Sequence[PodReport], found: Revealed, *, everything: bool = False
) -> RevealedText:
    """The tables of values that the reports hide: variables, and files that come from Secrets.

    `everything`: also variables that nobody declared, such as the image's own. Each value is one
    escaped line.
    """
    variables = [row for report in reports for row in _variables(report, found, everything)]
    files = [row for report in reports for row in _files(report, found)]
    parts: list[str] = []
    if variables:
        heads = ["POD", "CONTAINER", "NAME", "SOURCE", "NOW", "INJECTED", "PROCESS"]
        parts.append("\n".join(["Revealed variables:", *_table(heads, variables)]))
    if files:
        heads = ["POD", "CONTAINER", "PATH", "SOURCE", "NOW", "IN THE CONTAINER"]
        parts.append("\n".join(["Revealed files:", *_table(heads, files)]))
    return RevealedText("\n\n".join(parts) + "\n" if parts else "", len(variables), len(files))


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"  {line}" for line in aligned(heads, rows)]


def _variables(report: PodReport, found: Revealed, everything: bool) -> Iterator[list[str]]:
    whose = Reference("Pod", report.pod.namespace, report.pod.name).key
    for row in report.environment or []:
        if row.state == "shadowed" or (row.state == "extra" and not everything):
            continue
        values = [found.variable(whose, row.container, row.name, side) for side in _SIDES]
        if _hides(row, values):
            cells = [NONE if value is None else clean(value) for value in values]
            yield [report.pod.name, row.container, row.name, source_text(row.source), *cells]


def _hides(row: VariableRow, values: list[str | None]) -> bool:
    """Whether the row shows something else than one of the values."""
    shown = (row.declared, row.injected, row.process)
    return any(
        value is not None and value != cell for value, cell in zip(values, shown, strict=True)
    )


def _files(report: PodReport, found: Revealed) -> Iterator[list[str]]:
    for row in report.files or []:
        if row.source.kind != "Secret":
            continue
        secret = Reference("Secret", report.pod.namespace, row.source.name).key
        value = found.key(secret, row.source.key)
        if value is not None:
            now = clean(value.decode("utf-8", "backslashreplace"))
            source = source_text(row.source)
            yield [report.pod.name, row.container, row.path, source, now, _inside(row)]


def _inside(row: FileRow) -> str:
    """The look brings digests of files, no bytes."""
    if row.state == "current":
        return "the same"
    return _NOT_READ if row.digest else row.state
