"""The block of this section in the text."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.pod.containers import LOOPING
from kubectl_podx.sections.containers.columns import CONTAINER
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.view.columns import Grid
from kubectl_podx.view.page import INDENT, Page

_LOG_TAIL = 5


def grids(found: Sequence[Container]) -> list[Grid]:
    """Its tables."""
    return [Grid(CONTAINER, found)]


def block(found: Sequence[Container], page: Page) -> list[str]:
    """A table, then per container its message, what it waits for, and its last log lines."""
    if not found:
        return ["Containers: none"] if page.everything else []
    lines = ["Containers:", *page.table(CONTAINER, found)]
    for container in found:
        lines += _trouble(container, page)
    return lines


def _trouble(container: Container, page: Page) -> list[str]:
    lines: list[str] = []
    if container.waits_for:
        lines += page.say(f"{container.name} waits for {container.waits_for}")
    # How long the back-off is, and when it ends, stands with the restarts.
    looping = container.reason == LOOPING and not page.everything
    if page.news(container.message) and not page.wide and not looping:
        lines += page.say(f"{container.name}: {container.message}")
    look = container.observation
    if look.state != "observed" and container.state == "running" and look.reason:
        needs = f"; needs {look.needs}" if look.needs else ""
        lines += page.say(f"{container.name} was not seen from inside: {look.reason}{needs}")
    logs = container.recent_logs if page.everything else container.recent_logs[-_LOG_TAIL:]
    if any(page.everything or (page.news(line) and line not in page.logged) for line in logs):
        lines += page.say(f"{container.name} says:")
        lines += page.verbatim(logs, 2 * INDENT)
    return lines
