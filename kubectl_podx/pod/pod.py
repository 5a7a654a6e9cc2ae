"""A pod as the API tells of it, and what it has in common with a node: conditions and moments.

Read as tolerantly as all raw JSON is (`model.raw`): what is missing or of another shape is empty.
What a pod is in has one word for it here, which the sections and a scan of a cluster share.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Condition
from kubectl_podx.model.raw import Json, dig, items, number, text

ENDED = ("Succeeded", "Failed")
"""The phases in which nothing of a pod runs any more, or ever will."""

STARTING_SECONDS = 60
"""Seconds in which a pod that is not ready, or has no node yet, is simply starting."""


class Pod(NamedTuple):
    """What the API says of one pod."""

    body: Json
    """The object itself."""

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return text(self.body, "metadata", "name")

    @property
    def phase(self) -> str:
        """`status.phase`; empty before there is one."""
        return phase(self.body)

    @property
    def reason(self) -> str:
        """`status.reason`, such as `Evicted`."""
        return text(self.body, "status", "reason")

    @property
    def message(self) -> str:
        """`status.message`."""
        return text(self.body, "status", "message")

    @property
    def ended(self) -> bool:
        """Whether it is over: it has succeeded or failed."""
        return self.phase in ENDED

    @property
    def deletion(self) -> str | None:
        """`metadata.deletionTimestamp`, with the grace period in it: the moment of the end."""
        return moment(self.body, "metadata", "deletionTimestamp")

    @property
    def terminating(self) -> bool:
        """Whether it is being deleted."""
        return bool(text(self.body, "metadata", "deletionTimestamp"))

    @property
    def created_at(self) -> str | None:
        """When the API server took it."""
        return moment(self.body, "metadata", "creationTimestamp")

    @property
    def started_at(self) -> str | None:
        """When the kubelet took it."""
        return moment(self.body, "status", "startTime")

    @property
    def conditions(self) -> list[Condition]:
        """`status.conditions` in their own order."""
        return conditions(self.body)

    def condition(self, kind: str) -> Condition | None:
        """The first condition of that type."""
        found = items(self.body, "status", "conditions")
        return next((_condition(one) for one in found if text(one, "type") == kind), None)

    def has(self, kind: str, status: str = "True") -> bool:
        """Whether a condition of that type has that status."""
        found = self.condition(kind)
        return found is not None and found.status == status

    @property
    def ready(self) -> bool:
        """Whether its condition Ready is True."""
        return self.has("Ready")

    @property
    def node(self) -> str:
        """The node it is bound to; empty before it is."""
        return text(self.body, "spec", "nodeName")

    @property
    def nominated_node(self) -> str:
        """The node where the scheduler makes room for it."""
        return text(self.body, "status", "nominatedNodeName")

    @property
    def scheduler(self) -> str:
        """`spec.schedulerName`; empty where the default is meant."""
        return text(self.body, "spec", "schedulerName")

    @property
    def service_account(self) -> str:
        """`spec.serviceAccountName`."""
        return text(self.body, "spec", "serviceAccountName")

    @property
    def finalizers(self) -> list[str]:
        """`metadata.finalizers`."""
        found = dig(self.body, "metadata", "finalizers")
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    @property
    def generations(self) -> tuple[int, int]:
        """`metadata.generation` and the one that the kubelet has acted on; 0 where not told."""
        wanted = number(self.body, "metadata", "generation")
        return wanted or 0, number(self.body, "status", "observedGeneration") or 0

    @property
    def image_volumes(self) -> list[tuple[str, str]]:
        """Name and image of each volume that is an image."""
        found = ((text(v, "name"), text(v, "image", "reference")) for v in self.volumes)
        return [(name, image) for name, image in found if image]

    @property
    def volumes(self) -> list[Json]:
        """`spec.volumes`."""
        return items(self.body, "spec", "volumes")


def phase(body: Json) -> str:
    """`status.phase` of a pod, a claim or a volume; empty before there is one."""
    return text(body, "status", "phase")


def conditions(body: Json) -> list[Condition]:
    """`status.conditions` of a pod or a node, in their own order."""
    return [_condition(condition) for condition in items(body, "status", "conditions")]


def of_type(several: Iterable[Condition], kind: str) -> Condition | None:
    """The first condition of that type."""
    return next((one for one in several if one.type == kind), None)


def _condition(condition: Json) -> Condition:
    return Condition(
        type=text(condition, "type"),
        status=text(condition, "status") or "Unknown",
        reason=text(condition, "reason"),
        message=text(condition, "message"),
        since=moment(condition, "lastTransitionTime"),
    )


def moment(body: Json, *path: str | int) -> str | None:
    """The text of a time below `path`; None where it is missing or no RFC 3339 time."""
    found = text(body, *path)
    return found if parse_time(found) else None
