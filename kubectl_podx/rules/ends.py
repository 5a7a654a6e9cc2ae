"""What containers in trouble said at the end: what the rules that look for the reason begin with.

A reason is a fact of the spec, or of an observation, that explains the line: it stands in the
verdict behind `likely because`, and its title is therefore a whole sentence of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from kubectl_podx.model.words import FindingSeverity
from kubectl_podx.pod.pod import LOOPING, STARTING_SECONDS, ContainerEntry
from kubectl_podx.rules.rule import Case, Fix, Hit
from kubectl_podx.rules.weight import weight

if TYPE_CHECKING:
    from kubectl_podx.pod.said import ErrorKind, Said
    from kubectl_podx.sections.restarts.report import Restart

_NO_FIX = Fix()
_NOT_ITS_OWN = frozenset({"deleted", "evicted", "preempted", "nodeShutdown", "definitionChanged"})
"""Ends that the program's own words do not explain."""


class Ending(Struct, frozen=True):
    """One container that ended, cannot start, or runs and is not ready."""

    entry: ContainerEntry
    row: Restart | None
    """Its end; None where it has none that counts."""
    lines: tuple[str, ...]
    """What it said, the line that tells most first."""
    severity: FindingSeverity
    errors: tuple[tuple[Said, str], ...]
    """What kind of error each line reports, where it reports one, with the line."""

    @property
    def cause(self) -> str:
        """Why it ended; empty where it did not."""
        return (self.row.cause or "") if self.row is not None else ""

    def of(self, *kinds: ErrorKind) -> Iterator[tuple[Said, str]]:
        """The errors of these kinds, the one that tells most first."""
        return ((said, line) for said, line in self.errors if said.kind in kinds)

    def hit(
        self, title: str, line: str = "", *evidence: str, more: str = "", fix: Fix = _NO_FIX
    ) -> Hit:
        """The reason for it, with the line that it explains."""
        told = (f'said: "{line}"',) if line else ()
        return Hit(
            title,
            (*told, *(one for one in evidence if one)),
            container=self.entry.name,
            next=more,
            fix=fix,
            severity=self.severity,
        )


def endings(case: Case) -> list[Ending]:
    """Every container of the pod that is in trouble and said something, in start order."""
    known: tuple[Any, list[Ending]] | None = case.view.known.get(endings)
    if known is None or known[0] is not case.report.restarts:
        known = case.view.known[endings] = (case.report.restarts, list(_endings(case)))
    return known[1]


def _endings(case: Case) -> Iterator[Ending]:
    rows = {row.container: row for row in case.report.restarts or ()}
    for entry in case.view.containers:
        if entry.kind == "ephemeral":
            continue
        row = rows.get(entry.name)
        if row is not None and not _tells(entry, row):
            row = None
        lines = tuple(dict.fromkeys(line for line in _lines(case, entry, row) if line.strip()))
        quiet = row is None and (entry.ready or not (lines or entry.running))
        if quiet or entry_is_done(entry):
            continue
        severity = _weight(case, entry, row)
        yield Ending(entry, row, lines, severity, tuple(_errors(lines)))


def entry_is_done(entry: ContainerEntry) -> bool:
    """Whether it has done its work: it ended with 0 and stays so."""
    return entry.terminated is not None and entry.terminated.exit_code == 0


def _tells(entry: ContainerEntry, row: Restart) -> bool:
    if row.cause is None or row.cause in _NOT_ITS_OWN:
        return False
    return row.cause != "completed" or not entry_is_done(entry)


def _lines(case: Case, entry: ContainerEntry, row: Restart | None) -> Iterator[str]:
    if entry.held_up and not entry.image_failed and entry.waiting_reason != LOOPING:
        yield entry.waiting_message
    if row is not None:
        yield row.crash_line
        yield from reversed(row.termination_message.split("\n"))
        yield from reversed(row.previous_logs)
    for found in case.report.containers or ():
        if found.name == entry.name:
            yield from reversed(found.recent_logs)


def _errors(lines: tuple[str, ...]) -> Iterator[tuple[Said, str]]:
    if not lines:
        return
    # Its patterns take some milliseconds to compile, and most pods have nothing to say.
    from kubectl_podx.pod.said import said_by  # noqa: PLC0415

    for line in lines:
        said = said_by(line)
        if said is not None:
            yield said, line


def _weight(case: Case, entry: ContainerEntry, row: Restart | None) -> FindingSeverity:
    if row is not None:
        return weight(case, row)[0] or "critical"
    age = case.view.running_for(entry)
    if entry.running:
        return "info" if age is not None and age <= STARTING_SECONDS else "warning"
    return "critical" if entry.held_up else "info"
