"""What could not be looked at, and what it would need."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kubectl_podx.model.parts import Coverage
from kubectl_podx.view.page import Page

_MOST_SECTIONS = 4


def coverage(found: Sequence[Coverage], page: Page) -> list[str]:
    """A line per reason, with all the sections that it touches."""
    together: dict[Coverage, list[str]] = {}
    for row in found:
        if row.state != "full":
            alike = msgspec.structs.replace(row, section="")
            together.setdefault(alike, []).append(row.section)
    if not together:
        return []
    lines = ["Not seen:"]
    for alike, sections in together.items():
        merged = msgspec.structs.replace(alike, section=_listed(alike, sections, page))
        lines += page.say(coverage_line(merged))
    return lines


def _listed(row: Coverage, sections: list[str], page: Page) -> str:
    """A container that cannot be looked into touches ten sections: to say so is enough."""
    names = [*dict.fromkeys(sections)]
    if page.everything or len(names) <= _MOST_SECTIONS:
        return ", ".join(names)
    if row.container and row.state in ("unobservable", "denied"):
        return "the inside"
    more = len(names) - _MOST_SECTIONS + 1
    return f"{', '.join(names[: _MOST_SECTIONS - 1])} and {more} more sections"


_NOT_SEEN = {"denied": "forbidden", "timedOut": "no answer in time"}


def coverage_line(row: Coverage) -> str:
    """`probes of app: forbidden; needs get nodes/proxy`."""
    whose = f"{row.section} of {row.container}" if row.container else row.section
    reason = row.reason or _NOT_SEEN.get(row.state, row.state)
    if row.state == "partial":
        reason = f"in part: {reason}"
    return f"{whose}: {reason}" + (f"; needs {row.needs}" if row.needs else "")
