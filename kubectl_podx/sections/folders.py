"""What stands in the folder of a section: found by the section's row, imported when it is wanted.

- `facts.build(view)` makes the section of a pod; `build(view, report)` what is derived.
- `facts.compared(found, view)`, where there is one, gives what replicas should have in common.
- `rules.RULES` are its rules.
- `report.ORIGINS` says where its fields come from, by path below the section.
- `text.grids(found)` are its tables, `text.block(found, page)` is its block in the text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from kubectl_podx.model.parts import Fact
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.rule import Rule
from kubectl_podx.sections.table import SECTIONS, Section
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import Page

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport


def build(section: Section, view: PodView) -> Any:
    """The section of the pod: a value of its type in the report."""
    return _part(section, "facts").build(view)


def compared(section: Section, report: PodReport, view: PodView) -> Iterator[Fact]:
    """What replicas should have in common, as far as the report has the section."""
    found = getattr(report, section.field)
    function = None if found is None or section.derived else _part(section, "facts")
    if function is not None and hasattr(function, "compared"):
        yield from function.compared(found, view)


def rules(section: Section) -> tuple[Rule, ...]:
    """The section's rules; what is derived has none."""
    found: tuple[Rule, ...] = () if section.derived else _part(section, "rules").RULES
    return found


def reasons(section: Section) -> tuple[Rule, ...]:
    """The section's rules about the reason for an end: of a pod without trouble none hits."""
    found: tuple[Rule, ...] = _part(section, "reasons").RULES if section.explains else ()
    return found


def grids(section: Section, report: PodReport) -> list[Grid] | None:
    """The section's tables; None where the report does not have it."""
    found = getattr(report, section.field)
    made: list[Grid] | None = None if found is None else _part(section, "text").grids(found)
    return made


def block(section: Section, found: Any, page: Page) -> list[str]:
    """The section's block in the text: nothing where nothing stands out."""
    lines: list[str] = _part(section, "text").block(found, page)
    return lines


def prepare(keys: Collection[str], *, text: bool) -> None:
    """Imports what will be asked for of these sections, of all of them where none is named."""
    for section in SECTIONS:
        wanted = not keys or section.key in keys
        if wanted and not section.derived:
            _part(section, "facts")
            _part(section, "rules")
        if wanted and text:
            _part(section, "text")


def origins() -> dict[str, str]:
    """Where each field of the sections comes from, by its path in the report."""
    return {
        f"{section.key}.{path}" if path else section.key: origin
        for section in SECTIONS
        for path, origin in _part(section, "report").ORIGINS.items()
    }


def _part(section: Section, name: str) -> ModuleType:
    return _module(section.folder, name)


@cache
def _module(folder: str, name: str) -> ModuleType:
    return import_module(f"{__package__}.{folder}.{name}")
