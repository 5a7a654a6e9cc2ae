"""Columns of this section, and its block in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.sections.security.facts import capability_words
from kubectl_podx.sections.security.report import Security
from kubectl_podx.view.columns import Column, Grid
from kubectl_podx.view.page import Page
from kubectl_podx.view.units import NONE, text_or_none, yes_no


def _beside(declared: object, observed: object) -> str:
    """The value in the process, and what is declared if that is another one."""
    if observed is None:
        return NONE if declared is None else f"{declared} (declared)"
    return str(observed) if declared in (None, observed) else f"{observed} (declared {declared})"


def _capabilities(row: Security) -> str:
    return NONE if row.capabilities is None else capability_words(row)


SECURITY: tuple[Column, ...] = (
    Column("CONTAINER", lambda row, _: row.container),
    Column("PROCESS", lambda row, _: text_or_none(row.process)),
    Column("USER", lambda row, _: _beside(row.run_as_user, row.user)),
    Column("GROUP", lambda row, _: _beside(row.run_as_group, row.group)),
    Column("PRIVILEGED", lambda row, _: yes_no(row.privileged)),
    Column("SECCOMP", lambda row, _: _beside(row.seccomp_profile or None, row.seccomp)),
    Column("READ-ONLY-ROOT", lambda row, _: yes_no(row.observed_read_only_root)),
    Column("CAPABILITIES", lambda row, _: _capabilities(row), prose=True),
    Column("DIFFERS", lambda row, _: "; ".join([*row.exceeds, *row.differs]) or NONE, prose=True),
    Column("GROUPS", lambda row, _: text_or_none(row.groups), wide=True),
    Column("NO-NEW-PRIVS", lambda row, _: yes_no(row.no_new_privileges), wide=True),
    Column("NON-ROOT", lambda row, _: yes_no(row.run_as_non_root), wide=True),
    Column("ADDED", lambda row, _: text_or_none(row.capabilities_added), wide=True),
    Column("DROPPED", lambda row, _: text_or_none(row.capabilities_dropped), wide=True),
    Column("FS-GROUP", lambda row, _: text_or_none(row.fs_group), wide=True),
)


def grids(found: list[Security]) -> list[Grid]:
    """Its tables."""
    return [Grid(SECURITY, found)]


def block(found: Sequence[Security], page: Page) -> list[str]:
    """Processes that may do more than declared."""
    rows = found if page.everything else [row for row in found if row.exceeds]
    if not rows:
        return ["Security: no containers"] if page.everything else []
    return ["Security:", *page.table(SECURITY, rows)]
