"""The one view of a captured workload that its facts are made from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from kubectl_podx.model.capture import Capture, CapturedWorkload, StoredObject
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.view import event_count, event_time
from kubectl_podx.pod.workload import Counts, counts


class WorkloadEvent(NamedTuple):
    """One event, with the object that it is about."""

    reference: Reference
    body: Json

    @property
    def reason(self) -> str:
        """Such as `FailedCreate`."""
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


class WorkloadView:
    """One workload of a Capture. `now` is the moment of the capture by the server's clock."""

    def __init__(self, capture: Capture, captured: CapturedWorkload) -> None:
        self.capture = capture
        self.captured = captured
        self.reference = Reference.of_key(captured.reference)
        stored = capture.objects.get(captured.reference)
        self.body: Json = (stored.body if stored else None) or {}

    @cached_property
    def now(self) -> datetime | None:
        """When the capture was made; None where that is not known."""
        return parse_time(self.capture.captured_at)

    @cached_property
    def counts(self) -> Counts:
        """Pods wanted, made, ready and updated."""
        return counts(self.reference.kind, self.body)

    @cached_property
    def events(self) -> list[WorkloadEvent]:
        """Its own and those of its ReplicaSets or Jobs, oldest first."""
        return sorted(self._events(), key=lambda event: event.time)

    def _events(self) -> Iterator[WorkloadEvent]:
        mine = (self.reference, *(reference for reference, _ in self.made))
        for reference in mine:
            for event in self._list(f"Event/{reference.key}"):
                yield WorkloadEvent(reference, event)

    @cached_property
    def made(self) -> list[tuple[Reference, Json]]:
        """The ReplicaSets of a Deployment, the Jobs of a CronJob: newest first."""
        kind = {"Deployment": "ReplicaSet", "CronJob": "Job"}.get(self.reference.kind)
        found = self.listed(kind) if kind else []
        namespace = self.reference.namespace
        return [(Reference(kind or "", namespace, text(b, "metadata", "name")), b) for b in found]

    def listed(self, kind: str) -> list[Json]:
        """What the workload owns of this kind, newest first."""
        found = self._list(f"{kind}/{self.reference.key}")
        return sorted(
            found, key=lambda one: text(one, "metadata", "creationTimestamp"), reverse=True
        )

    def all_of(self, kind: str) -> list[Json]:
        """Those of the workload's namespace, or of the cluster."""
        return [
            *self._list(f"{kind}/{self.reference.namespace}"),
            *self._list(f"{kind}/"),
        ]

    def was_read(self, kind: str) -> bool:
        """Whether a list of this kind was asked for and answered."""
        return any(
            stored is not None and stored.state == "present"
            for stored in (
                self.capture.lists.get(f"{kind}/{self.reference.namespace}"),
                self.capture.lists.get(f"{kind}/"),
            )
        )

    def object(self, kind: str, name: str, *, of_cluster: bool = False) -> StoredObject | None:
        """The stored object of the workload's namespace; None where nobody asked."""
        namespace = "" if of_cluster else self.reference.namespace
        return self.capture.objects.get(Reference(kind, namespace, name).key)

    @cached_property
    def pods(self) -> list[Json]:
        """The pods that it owns or selects."""
        stored = (self.capture.objects.get(key) for key in self.captured.pods)
        return [one.body for one in stored if one is not None and one.body is not None]

    def _list(self, key: str) -> list[Json]:
        stored = self.capture.lists.get(key)
        return items({"items": stored.items}, "items") if stored is not None else []
