"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_SPEC, FROM_STATUS
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import RequirementKind, SchedulingState


class Requirement(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        RequirementKind,
        Meta(description="The field of the spec that holds it."),
    ]
    text: Annotated[str, Meta(description="The requirement as the spec has it.")]
    satisfied: Annotated[
        bool | None, Meta(description="By the node as it is now; null where it cannot be told.")
    ] = None
    detail: Annotated[str, Meta(description="What the node has instead.")] = ""


class Scheduling(Wire, frozen=True, kw_only=True):
    state: Annotated[SchedulingState, Meta(description="Whether the pod has a node.")]
    requirements: Annotated[
        list[Requirement], Meta(description="What the pod asks of a node, a row each.")
    ] = []
    reasons: Annotated[
        list[str], Meta(description="Why it is pending, as the scheduler counts it.")
    ] = []
    held: Annotated[
        list[str],
        Meta(description="Terms of the pod that the reasons speak of, beside what there is."),
    ] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: nodeSelector, affinity, tolerations, schedulingGates",
    "state": f"{FROM_STATUS}: condition PodScheduled",
    "reasons": f"{FROM_STATUS}: the message of condition PodScheduled",
    "held": "the Pod's spec against Nodes, other Pods and claims",
    "requirements.satisfied": "the Node's labels and taints now",
    "requirements.detail": "the Node's labels and taints now",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
