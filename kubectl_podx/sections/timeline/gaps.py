"""Where a timeline knows that it does not know: named, so that silence does not read as peace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import dig, text
from kubectl_podx.pod.view import PodView, event_time

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport

# The API server's --event-ttl, an hour where nobody set it.
_KEPT = timedelta(hours=1)
_LONG = timedelta(minutes=10)
_EXPIRE = "events expire, after an hour where nobody set another time"


class Gap(NamedTuple):
    """A stretch of which nothing is told, at the moment where it ends."""

    time: datetime
    what: str
    container: str = ""


def gaps(view: PodView, report: PodReport) -> Iterator[Gap]:
    """Events that are gone, and runs of containers that left no record."""
    yield from _events(view)
    for restart in report.restarts or ():
        entry = view.container(restart.container)
        untold = restart.count - restart.explained
        last = dig(entry.status, "lastState", "terminated") if entry else None
        began = parse_time(dig(last, "startedAt"))
        if untold > 0 and began is not None and began.year > 1970:
            runs = "1 run" if untold == 1 else f"{untold} runs"
            yield Gap(
                began,
                f"why {runs} before this ended is not recorded: only the last end is kept",
                restart.container,
            )


def _events(view: PodView) -> Iterator[Gap]:
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    if created is None or view.now is None:
        return
    stored = view.capture.lists.get(f"Event/{view.captured.reference}")
    if stored is None:
        return
    if stored.state != "present":
        yield Gap(view.now, "the pod's events could not be read")
        return
    firsts = [
        moment
        for event in view.events
        if (moment := parse_time(text(event, "firstTimestamp") or event_time(event)))
    ]
    oldest = min(firsts, default=view.now)
    if view.now - created > _KEPT and oldest - created > _LONG:
        which = "events from before this are gone" if firsts else "no event of the pod is left"
        yield Gap(oldest, f"{which}: {_EXPIRE}")
