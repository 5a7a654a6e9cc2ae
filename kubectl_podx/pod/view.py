"""The one view of a captured pod that every section reads, and what was looked into."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Literal, TypeVar

from msgspec import Struct

from kubectl_podx.model.capture import (
    Call,
    Capture,
    CapturedPod,
    LogTail,
    Observation,
    StoredObject,
)
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, number, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import CallKind, CoverageState, ObservationMethod, ObservationState
from kubectl_podx.pod.own import is_own_event
from kubectl_podx.pod.pod import ContainerEntry, Pod, containers, field_path

_T = TypeVar("_T")


class Event(Struct, frozen=True):
    """One event, of a pod or of a workload and what it made."""

    body: Json

    @property
    def reason(self) -> str:
        """Such as `FailedMount`."""
        return text(self.body, "reason")

    @property
    def message(self) -> str:
        """What it says."""
        return text(self.body, "message")

    @property
    def seen(self) -> int:
        """How often it happened; at least 1."""
        return event_count(self.body)

    @property
    def time(self) -> str:
        """The newest moment that it names, as sortable RFC 3339 text."""
        return event_time(self.body)

    @property
    def about(self) -> str:
        """The object that it is about: `ReplicaSet/web-5f`."""
        kind, name = (text(self.body, "involvedObject", part) for part in ("kind", "name"))
        return f"{kind}/{name}"


class PodView:
    """One pod of a Capture, with what belongs to it already found.

    `now` is the moment of the capture by the server's clock: ages and due times are counted from
    it, so a replayed bundle gives the same report.
    """

    def __init__(
        self, capture: Capture, captured: CapturedPod, kinds: frozenset[str] | None = None
    ) -> None:
        """`kinds`: those of the capture's objects and lists; found here where they are not given,
        as somebody with many pods of one capture has them already.
        """
        self.capture = capture
        self.known: dict[object, Any] = {}
        """What functions with `per_view` have worked out."""
        self._kinds = kinds_of(capture) if kinds is None else kinds
        self.captured = captured
        self.reference = Reference.of_key(captured.reference)
        stored = capture.objects.get(captured.reference)
        self.pod: Json = (stored.body if stored else None) or {}
        self.api = Pod(self.pod)
        """The same with words for what it is in."""
        self.applied: Json | None = stored.applied if stored else None
        """What `kubectl apply` sent last, of a pod without an owner."""

    def annotation(self, name: str) -> str:
        """The pod's annotation of this name; empty where it has none that may be shown."""
        return text(self.pod, "metadata", "annotations", name)

    def holds(self, kind: str) -> bool:
        """Whether the capture holds any object, or the answer to a list, of this kind."""
        return kind in self._kinds

    @cached_property
    def now(self) -> datetime | None:
        """When the capture was made, by the server's clock; None where that is not known."""
        return parse_time(self.capture.captured_at)

    @cached_property
    def containers(self) -> list[ContainerEntry]:
        """Every container in start order, spec joined with status by name."""
        return list(containers(self.pod))

    def container(self, name: str) -> ContainerEntry | None:
        """The container of that name."""
        return next((entry for entry in self.containers if entry.name == name), None)

    def older_than(self, major: int, minor: int) -> bool:
        """Whether the server says that it is older than this release; no where it is not known."""
        found = re.match(r"v?(\d{1,3})\.(\d{1,3})", self.capture.server_version)
        return found is not None and (int(found[1]), int(found[2])) < (major, minor)

    def running_for(self, entry: ContainerEntry) -> float | None:
        """For how many seconds the container had been running at the capture; None: it was not."""
        return entry.running_for(self.now)

    @cached_property
    def observations(self) -> dict[str, Observation]:
        """Container name -> what the look inside found; containers not looked at are absent."""
        return {found.container: found for found in self.captured.observations}

    def object(self, kind: str, name: str) -> StoredObject | None:
        """The stored object of the pod's namespace (Nodes: of none); None where nobody asked."""
        namespace = "" if kind in ("Node", "PersistentVolume") else self.reference.namespace
        return self.capture.objects.get(Reference(kind, namespace, name).key)

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The pod's own events (by uid), oldest first."""
        stored = self.capture.lists.get(f"Event/{self.captured.reference}")
        own = [
            event
            for event in (stored.items if stored else [])
            if not is_own_event(self.pod, event)
            if not self.captured.uid or text(event, "involvedObject", "uid") == self.captured.uid
        ]
        return sorted(own, key=event_time)

    @cached_property
    def events_read(self) -> bool:
        """Whether the events could be read: a missing event proves nothing, a denied list less."""
        stored = self.capture.lists.get(f"Event/{self.captured.reference}")
        return stored is not None and stored.state == "present"

    def events_of(self, entry: ContainerEntry) -> list[dict[str, Any]]:
        """The events whose fieldPath names this container."""
        path = field_path(entry)
        return [e for e in self.events if text(e, "involvedObject", "fieldPath") == path]

    def said(self, *reasons: str) -> list[Event]:
        """The pod's own events with one of these reasons, oldest first."""
        return [e for e in map(Event, self.events) if e.reason in reasons]

    def said_of(self, entry: ContainerEntry) -> list[Event]:
        """All events that name this container, oldest first."""
        return [Event(event) for event in self.events_of(entry)]

    @cached_property
    def pid_mode(self) -> Literal["node", "pod", "container"]:
        """Whose PID namespace the containers have (pkg/kubelet/kuberuntime/util/util.go)."""
        if dig(self.pod, "spec", "hostPID") is True:
            return "node"
        shared = dig(self.pod, "spec", "shareProcessNamespace") is True
        return "pod" if shared else "container"

    @cached_property
    def host_network(self) -> bool:
        """Whether the pod's network namespace is the node's."""
        return dig(self.pod, "spec", "hostNetwork") is True

    @cached_property
    def architecture(self) -> str:
        """The CPU of the pod's node, such as `amd64`; empty where the node was not read."""
        stored = self.object("Node", self.api.node) if self.api.node else None
        return text(stored.body if stored else None, "status", "nodeInfo", "architecture")

    @cached_property
    def siblings(self) -> list[Json]:
        """Pods of the same owner, where they were read."""
        calls = self.captured.calls
        asked = (one.target for one in calls if one.kind == "list" and one.about == "Pod")
        return self.capture.listed(next(asked, ""))


def per_view(function: Callable[[PodView], _T]) -> Callable[[PodView], _T]:
    """For a pure function of a view that several sections ask: worked out once for each view."""

    @wraps(function)
    def once(view: PodView) -> _T:
        if function not in view.known:
            view.known[function] = function(view)
        found: _T = view.known[function]
        return found

    return once


def kinds_of(capture: Capture) -> frozenset[str]:
    """The kinds of everything that is stored in the capture."""
    return frozenset(key.partition("/")[0] for key in (*capture.objects, *capture.lists))


def event_time(event: Json) -> str:
    """The newest moment an event names, as sortable RFC 3339 text; empty where it names none.

    The events API recorder fills `eventTime` and `series`, the older one `lastTimestamp`.
    """
    return (
        text(event, "series", "lastObservedTime")
        or text(event, "lastTimestamp")
        or text(event, "eventTime")
        or text(event, "firstTimestamp")
        or text(event, "metadata", "creationTimestamp")
    )


def event_count(event: Json) -> int:
    """How often an event says that it happened; at least 1."""
    for found in (number(event, "count"), number(event, "series", "count")):
        if found is not None and found > 0:
            return found
    return 1


NO_EXEC = "run without --no-exec"

_LOST: dict[str, CoverageState] = {
    "denied": "denied",
    "timedOut": "timedOut",
    "skipped": "skipped",
}


class Look(Struct, frozen=True):
    """How the look inside one container ended."""

    state: ObservationState
    coverage: CoverageState
    """The same in the words of `coverage[]`."""
    method: ObservationMethod = "none"
    reason: str = ""
    needs: str = ""
    through: str = ""
    """The neighbour that looked."""


def look(view: PodView, entry: ContainerEntry) -> Look:
    """How this container was looked into."""
    found = view.observations.get(entry.name)
    call = exec_call(view, entry.name)
    added = debug_call(view, entry.name)
    # A look that lost something says what right it lacked on the call, in RBAC's words.
    needs = (found.needs if found else "") or (call.needs if call else "")
    if found is not None and found.state != "unobservable":
        covered: CoverageState = "full" if found.state == "observed" else "partial"
        return Look(found.state, covered, found.method, found.reason, needs, found.through)
    coverage = _LOST.get(call.state) if call is not None else None
    if call is not None and coverage is not None:
        reason = (found.reason if found else "") or call.reason
        return Look("unobservable", coverage, reason=reason, needs=needs)
    if found is not None:
        tried = f"; debug container: {added.reason}" if added and added.reason else ""
        needs = (added.needs if added else "") or needs
        return Look("unobservable", "unobservable", reason=found.reason + tried, needs=needs)
    if view.capture.source == "manifest":
        return Look("unobservable", "skipped", reason="no cluster: this is a saved manifest")
    if not entry.running:
        return Look("unobservable", "unobservable", reason=not_running(entry))
    if call is not None:
        reason = call.reason or "the exec gave no answer"
        return Look("unobservable", "unobservable", reason=reason, needs=needs)
    if any(each.kind == "exec" for each in view.captured.calls):
        return Look("unobservable", "skipped", reason="only another container was asked for")
    return Look(
        "unobservable",
        "skipped",
        reason="not checked inside: --no-exec, or only sections that need no exec",
        needs=NO_EXEC,
    )


def exec_call(view: PodView, container: str) -> Call | None:
    """The exec of this container, where one was planned."""
    return _call(view, container, "exec")


def debug_call(view: PodView, container: str) -> Call | None:
    """The write of a debug container for it, where one was asked for."""
    return _call(view, container, "debug")


def _call(view: PodView, container: str, kind: CallKind) -> Call | None:
    calls = view.captured.calls
    return next((one for one in calls if (one.container, one.kind) == (container, kind)), None)


def not_running(entry: ContainerEntry) -> str:
    """Why there is nothing to look into: `container is waiting (CrashLoopBackOff)`."""
    for state in ("waiting", "terminated"):
        if dig(entry.status, "state", state) is not None:
            reason = text(entry.status, "state", state, "reason")
            return f"container is {state}" + (f" ({reason})" if reason else "")
    return "container has no status yet"


# The kubelet answers with this text, and success, where the runtime has removed the container.
_GONE = "unable to retrieve container logs for "


def written(tail: LogTail) -> list[str]:
    """The lines of the container itself, oldest first."""
    return [line for line in tail.lines if not line.startswith(_GONE)]
