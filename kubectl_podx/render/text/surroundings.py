"""Scheduling, node, images, hooks, hosts, changes, injections: only what stands out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kubectl_podx.facts.injectors import ORDINARY
from kubectl_podx.model.report.health import Hook, TimelineEntry
from kubectl_podx.model.report.surroundings import Change, Hosts, Image, Injection, Node, Scheduling
from kubectl_podx.render.columns.health import HOOK, TIMELINE
from kubectl_podx.render.columns.pod import CONDITION, condition_is_bad
from kubectl_podx.render.columns.surroundings import (
    ALIAS,
    CHANGE,
    HOSTS,
    IMAGE,
    INJECTION,
    NODE,
    REQUIREMENT,
)
from kubectl_podx.render.text.page import Page

_MOST_CHANGES = 5
_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def changes(found: Sequence[Change], page: Page) -> list[str]:
    """The newest changes; which of them broke it, the findings say."""
    if not found:
        return ["Changes: none seen"] if page.everything else []
    newest = sorted(found, key=lambda change: change.time or "", reverse=True)
    shown = newest if page.everything else newest[:_MOST_CHANGES]
    lines = ["Changes:", *page.table(CHANGE, shown)]
    if len(shown) < len(newest):
        lines += page.say(f"and {len(newest) - len(shown)} older: kubectl podx changes")
    return lines


def lifecycle(found: Sequence[Hook], page: Page) -> list[str]:
    """Hooks that failed."""
    rows = found if page.everything else [hook for hook in found if hook.state != "declared"]
    if not rows:
        return ["Lifecycle: no hooks"] if page.everything else []
    return ["Lifecycle:", *page.table(HOOK, rows)]


def scheduling(found: Scheduling, page: Page) -> list[str]:
    """Why it is pending, and requirements that the node does not meet."""
    rows = found.requirements
    if not page.everything:
        rows = [row for row in rows if row.satisfied is False]
        if found.state == "scheduled" and not rows:
            return []
    lines = [f"Scheduling: {found.state}"]
    for reason in filter(page.news, found.reasons):
        lines += page.say(reason)
    return lines + page.table(REQUIREMENT, rows)


def node(found: Node, page: Page) -> list[str]:
    """A node that is not ready, cordoned or under pressure; an old status is a finding."""
    if page.everything:
        lines = ["Node:", *page.table(NODE, [found])]
        return [*lines, "", *page.table(CONDITION, found.conditions)] if found.conditions else lines
    notes: list[str] = []
    if found.state not in ("ready", "unknown", "denied"):
        notes.append(found.state)
    if found.cordoned:
        notes.append("cordoned")
    for condition in found.conditions:
        pressed = condition.type in _PRESSURE and condition.status == "True"
        if pressed or (condition.type == "Ready" and condition_is_bad(condition)):
            notes.append(f"{condition.type}={condition.status} {condition.reason}".rstrip())
    return page.say(f"Node: {found.name}: {', '.join(notes)}", 0) if notes else []


def images(found: Sequence[Image], page: Page) -> list[str]:
    """Images that cannot be pulled, and pull secrets that are missing or of the wrong type."""
    rows = found if page.everything else [row for row in found if _image_is_odd(row)]
    if not rows:
        return ["Images: none"] if page.everything else []
    lines = ["Images:", *page.table(IMAGE, rows)]
    for row in rows:
        if page.news(row.message) and not page.wide:
            lines += page.say(f"{row.container}: {row.message}")
    return lines


def _image_is_odd(row: Image) -> bool:
    bad_secret = any(each.endswith(("missing", "wrongType")) for each in row.pull_secrets)
    return row.state == "failed" or (bad_secret and row.state != "present")


def hosts(found: Hosts, page: Page) -> list[str]:
    """What /etc/hosts and resolv.conf hold that was not declared, or lack that was."""
    if page.everything:
        lines = ["Hosts:", *page.table(HOSTS, [found])]
        return [*lines, "", *page.table(ALIAS, found.aliases)] if found.aliases else lines
    lines = [line for text in found.differs for line in page.say(text)]
    lines += page.table(ALIAS, [a for a in found.aliases if a.state in ("missing", "undeclared")])
    return ["Hosts:", *lines] if lines else []


def injections(found: Sequence[Injection], page: Page) -> list[str]:
    """What admission added, counted by who did it."""
    if page.everything:
        if not found:
            return ["Injections: none"]
        return ["Injections:", *page.table(INJECTION, found)]
    there = (row for row in found if row.by and row.change != "absent")
    rows = [row for row in there if row.by not in ORDINARY]
    counts = Counter(row.by for row in rows)
    who = ", ".join(f"{count} by {by}" for by, count in counts.most_common())
    return page.say(f"Not as in the template: {who}", 0) if rows else []


def timeline(found: Sequence[TimelineEntry], page: Page) -> list[str]:
    """All dated facts, only where all is wanted: the other blocks are made of them."""
    if not page.everything:
        return []
    return ["Timeline:", *page.table(TIMELINE, found)] if found else ["Timeline: empty"]
