"""Every dated fact of a pod in one order, oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, number, text
from kubectl_podx.model.words import TimelineKind, TimelineSource
from kubectl_podx.pod.mounted_files import normal
from kubectl_podx.pod.view import PodView, event_count, event_time
from kubectl_podx.sections.timeline.report import TimelineEntry

if TYPE_CHECKING:
    from kubectl_podx.sections.report import PodReport
from datetime import timedelta
from typing import TYPE_CHECKING

_FIELD_PATH = lazy(r"spec\.(?:c|initC|ephemeralC)ontainers\{([^{}]+)\}")
_LONGEST_MESSAGE = 400
_API_ACCESS = "kube-api-access-"


def build(view: PodView, report: PodReport) -> list[TimelineEntry]:
    """Facts up to the moment of the capture; a merged event stands at its first and last time.

    Times are cut to whole seconds, as most of the API's are; what has no time is not in it. What
    is known to be missing is an entry too, before the first fact after it.
    """
    found = [
        *(
            entry
            for gap in gaps(view, report)
            for entry in _entry(gap.time, gap.what, "gap", "gap", container=gap.container)
        ),
        *_pod(view),
        *_conditions(view.pod, ""),
        *_containers(view),
        *_events(view),
        *_writes(view),
        *_changes(report),
        *_tokens_and_certificates(view, report),
        *_node(report),
    ]
    # The same fact may come from two sections: the first one is kept.
    unique = {(entry.time, entry.what, entry.container): entry for entry in reversed(found)}
    rank = {id(entry): place for place, entry in enumerate(found)}
    return sorted(unique.values(), key=lambda entry: (entry.time, rank[id(entry)]))


def _entry(
    moment: object,
    what: str,
    source: TimelineSource,
    kind: TimelineKind,
    *,
    container: str = "",
    count: int = 1,
    first: datetime | None = None,
) -> Iterator[TimelineEntry]:
    time = moment if isinstance(moment, datetime) else parse_time(moment)
    # A container that never started has the epoch as its start.
    if time is not None and time.year > 1970:
        yield TimelineEntry(
            time=format_time(time),
            what=what,
            container=container,
            source=source,
            count=count,
            kind=kind,
            first=format_time(first) if first else None,
        )


def _pod(view: PodView) -> Iterator[TimelineEntry]:
    meta = dig(view.pod, "metadata")
    yield from _entry(dig(meta, "creationTimestamp"), "pod created", "metadata", "pod")
    yield from _entry(
        dig(view.pod, "status", "startTime"), "accepted by the kubelet", "status", "pod"
    )
    deleted = dig(meta, "deletionTimestamp")
    yield from _entry(deleted, "end of the grace period of its deletion", "metadata", "pod")


def _conditions(body: Json, prefix: str) -> Iterator[TimelineEntry]:
    for condition in items(body, "status", "conditions"):
        reason = text(condition, "reason")
        yield from _entry(
            dig(condition, "lastTransitionTime"),
            f"{prefix}{text(condition, 'type')} became {text(condition, 'status')}"
            + (f" ({reason})" if reason else ""),
            "condition",
            "condition",
        )


def _containers(view: PodView) -> Iterator[TimelineEntry]:
    for entry in view.containers:
        name = entry.name
        running = dig(entry.status, "state", "running", "startedAt")
        for state in ("lastState", "state"):
            ended = dig(entry.status, state, "terminated")
            began, end = dig(ended, "startedAt"), dig(ended, "finishedAt")
            kind: TimelineKind = "completed" if number(ended, "exitCode") == 0 else "ended"
            yield from _entry(began, "started", "status", "started", container=name)
            yield from _entry(end, _end(ended), "status", kind, container=name)
        yield from _entry(running, "started", "status", "started", container=name)


def _end(terminated: Json | None) -> str:
    code, reason = number(terminated, "exitCode"), text(terminated, "reason")
    exit_text = "ended" if code is None else f"ended with exit code {code}"
    return f"{exit_text} ({reason})" if reason else exit_text


def _events(view: PodView) -> Iterator[TimelineEntry]:
    for event in view.events:
        match = _FIELD_PATH.fullmatch(text(event, "involvedObject", "fieldPath"))
        container = match.group(1) if match else ""
        message = " ".join(text(event, "message").split())[:_LONGEST_MESSAGE]
        what = f"{text(event, 'reason')}: {message}" if message else text(event, "reason")
        kind = _kind_of_event(event)
        count, last = event_count(event), parse_time(event_time(event))
        first = parse_time(dig(event, "firstTimestamp")) or parse_time(dig(event, "eventTime"))
        merged = count > 1 and first is not None and last is not None and first < last
        if merged:
            before = f"{what} (first of {count})"
            yield from _entry(first, before, "event", kind, container=container)
        yield from _entry(
            last,
            what,
            "event",
            kind,
            container=container,
            count=count,
            first=first if merged else None,
        )


def _kind_of_event(event: Json) -> TimelineKind:
    """The kubelet's reasons (pkg/kubelet/events/event.go): Unhealthy and ProbeWarning, Killing."""
    match text(event, "reason"):
        case "Unhealthy" | "ProbeWarning":
            return "probe"
        case "Killing":
            return "killing"
        case _:
            return "warning" if text(event, "type") == "Warning" else "event"


def _writes(view: PodView) -> Iterator[TimelineEntry]:
    """One entry for each write of a volume, however many containers see it."""
    for entry in view.containers:
        observation = view.observations.get(entry.name)
        names = {
            normal(text(mount, "mountPath")): text(mount, "name")
            for mount in items(entry.spec, "volumeMounts")
        }
        for volume in observation.volumes if observation else []:
            name = names.get(normal(volume.mount), volume.mount)
            what = f"the kubelet wrote the content of volume {name}"
            # Such a volume is the admission plugin ServiceAccount's: a token and what goes with it.
            kind: TimelineKind = "token" if name.startswith(_API_ACCESS) else "volume"
            yield from _entry(volume.written_at, what, "volume", kind)


def _changes(report: PodReport) -> Iterator[TimelineEntry]:
    for change in report.changes or []:
        by = f" (by {change.by})" if change.by else ""
        turn = f": {change.before} -> {change.after}" if change.before and change.after else ""
        kind: TimelineKind = "source" if change.kind == "config" else "pod"
        yield from _entry(change.time, f"{change.what}{turn}{by}", "managedFields", kind)


def _tokens_and_certificates(view: PodView, report: PodReport) -> Iterator[TimelineEntry]:
    for token in report.service_account_tokens or []:
        # The containers that mount one volume share its token.
        shared = "" if token.volume else token.container
        what = f"token {token.path} issued"
        yield from _entry(token.issued_at, what, "volume", "token", container=shared)
        expired = f"token {token.path} expired"
        yield from _past(view, token.expires_at, expired, "token", token.container)
    for file in report.files or []:
        what = f"certificate in {file.path} expired"
        yield from _past(view, file.not_after, what, "certificate", file.container)


def _past(
    view: PodView, moment: str | None, what: str, kind: TimelineKind, container: str
) -> Iterator[TimelineEntry]:
    time = parse_time(moment)
    if time is not None and view.now is not None and time <= view.now:
        yield from _entry(time, what, "volume", kind, container=container)


def _node(report: PodReport) -> Iterator[TimelineEntry]:
    """The node's conditions since the pod was made: older ones are no part of its story."""
    created = parse_time(report.pod.created_at)
    for condition in report.node.conditions if report.node else []:
        since = parse_time(condition.since)
        if since is not None and created is not None and since >= created:
            yield from _entry(
                since, f"node: {condition.type} became {condition.status}", "condition", "node"
            )


# The API server's --event-ttl, an hour where nobody set it.
_KEPT = timedelta(hours=1)
_LONG = timedelta(minutes=10)
_EXPIRE = "events expire, after an hour by default"


class Gap(Struct, frozen=True):
    """A stretch of which nothing is told, at the moment where it ends."""

    time: datetime
    what: str
    container: str = ""


def gaps(view: PodView, report: PodReport) -> Iterator[Gap]:
    """Events that are gone, and runs of containers that left no record."""
    yield from _gap_events(view)
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


def _gap_events(view: PodView) -> Iterator[Gap]:
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
