"""The state of a file, a variable or a downward value: one ladder, and who wrote a source last."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.words import ValueState
from kubectl_podx.pod.view import PodView


class Witness(NamedTuple):
    """What is known of one value. A text is the reason why something holds; empty: it does not."""

    denied: str = ""
    """The source may not be read."""
    gone: str = ""
    """The source is not there."""
    present: bool | None = None
    """Whether the container has it; None where nobody could look."""
    alive: bool = True
    """Whether the container runs, so that it may hold what nobody could look at."""
    unreadable: str = ""
    """The observed side is there and its content could not be read."""
    declared: bool = True
    shadowed: str = ""
    """Another source of the same name wins."""
    unresolved: str = ""
    """A `$(VAR)` was left as it is."""
    equal: bool | None = None
    """Whether the observed value is the source's; None where that cannot be told."""
    program: str = ""
    """The main process holds another value than it was given."""
    frozen: str = ""
    """Only a restart brings the source's value."""
    stuck: str = ""
    """The refresh is failing or overdue."""
    note: str = ""
    """What is to be said where none of the texts above decides."""


class Judgement(NamedTuple):
    """The decided state and why."""

    state: ValueState
    reason: str = ""


def decide(seen: Witness) -> Judgement:
    """The first rung of the ladder that holds.

    denied, orphaned, unreadable, missing, extra, shadowed, unresolved, current, changedByProgram,
    frozen, stuck, stale, unknown: what cannot be known comes before what differs, so a value is
    never called stale on half of the evidence.
    """
    ladder: tuple[tuple[bool, ValueState, str], ...] = (
        (bool(seen.denied), "denied", seen.denied),
        (bool(seen.gone) and seen.present is True, "orphaned", seen.gone),
        (bool(seen.unreadable), "unreadable", seen.unreadable),
        (seen.declared and seen.present is False, "missing", seen.gone or seen.note),
        (bool(seen.gone) and not seen.alive, "missing", seen.gone),
        (not seen.declared and seen.present is True and not seen.program, "extra", seen.note),
        (bool(seen.shadowed), "shadowed", seen.shadowed),
        (bool(seen.unresolved), "unresolved", seen.unresolved),
        (seen.equal is True and not seen.program, "current", seen.note),
        (
            bool(seen.program) and (seen.equal is True or not seen.declared),
            "changedByProgram",
            seen.program,
        ),
        (seen.equal is False and bool(seen.frozen), "frozen", seen.frozen),
        (seen.equal is False and bool(seen.stuck), "stuck", seen.stuck),
        (seen.equal is False, "stale", seen.note),
    )
    for holds, state, reason in ladder:
        if holds:
            return Judgement(state, reason)
    return Judgement("unknown", seen.gone or seen.note)


class Write(NamedTuple):
    """The last write of an object."""

    time: datetime | None = None
    by: str = ""
    """The field manager; empty where managedFields do not tell."""

    @property
    def text(self) -> str | None:
        """The moment as RFC 3339."""
        return format_time(self.time) if self.time else None


def last_write(body: Json | None, subresource: str = "") -> Write:
    """The newest entry of `metadata.managedFields` for the object itself or one subresource.

    Without such entries the object's creation is the last write that is known.
    """
    found = Write()
    for entry in items(body, "metadata", "managedFields"):
        moment = parse_time(entry.get("time"))
        if moment is None or text(entry, "subresource") != subresource:
            continue
        if found.time is None or moment >= found.time:
            found = Write(moment, text(entry, "manager"))
    if found.time is None and not subresource:
        return Write(parse_time(text(body, "metadata", "creationTimestamp")))
    return found


def container_start(view: PodView, name: str) -> datetime | None:
    """When the running instance of a container started."""
    entry = view.container(name)
    if entry is None:
        return None
    return entry.started_at
