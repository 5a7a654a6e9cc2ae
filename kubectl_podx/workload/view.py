"""The one view of a captured workload that its facts are made from."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from kubectl_podx.model.capture import Capture, CapturedWorkload, StoredObject
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.view import Event
from kubectl_podx.pod.workload import Counts, counts


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

    def annotation(self, name: str) -> str:
        """The workload's annotation of this name; empty where it has none that may be shown."""
        return text(self.body, "metadata", "annotations", name)

    @cached_property
    def counts(self) -> Counts:
        """Pods wanted, made, ready and updated."""
        return counts(self.reference.kind, self.body)

    @cached_property
    def events(self) -> list[Event]:
        """Its own and those of its ReplicaSets or Jobs, oldest first."""
        mine = (self.reference, *(reference for reference, _ in self.made))
        told = (self.capture.listed(f"Event/{reference.key}") for reference in mine)
        return sorted((Event(one) for each in told for one in each), key=lambda event: event.time)

    @cached_property
    def made(self) -> list[tuple[Reference, Json]]:
        """The ReplicaSets of a Deployment, the Jobs of a CronJob: newest first."""
        kind = {"Deployment": "ReplicaSet", "CronJob": "Job"}.get(self.reference.kind)
        found = self.listed(kind) if kind else []
        namespace = self.reference.namespace
        return [(Reference(kind or "", namespace, text(b, "metadata", "name")), b) for b in found]

    def listed(self, kind: str) -> list[Json]:
        """What the workload owns of this kind, newest first."""
        found = self.capture.listed(f"{kind}/{self.reference.key}")
        return sorted(
            found, key=lambda one: text(one, "metadata", "creationTimestamp"), reverse=True
        )

    def all_of(self, kind: str) -> list[Json]:
        """Those of the workload's namespace, or of the cluster."""
        return [
            *self.capture.listed(f"{kind}/{self.reference.namespace}"),
            *self.capture.listed(f"{kind}/"),
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
