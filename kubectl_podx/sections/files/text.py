"""The block of this section in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.files.columns import FILE
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.values import has_signal, value_block


def grids(found: Sequence[FileRow]) -> list[Grid]:
    """Its tables."""
    return [Grid(FILE, found)]


def block(found: Sequence[FileRow], page: Page) -> list[str]:
    """Mounted ConfigMap, Secret and projected files."""
    return value_block("Files", found, FILE, page, signal=_has_signal)


def _has_signal(row: FileRow) -> bool:
    """A file that the main process may not read is one, too."""
    return has_signal(row) or row.readable is False
