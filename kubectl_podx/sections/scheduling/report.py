"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.wire import Wire


class Requirement(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`nodeSelector`, `nodeAffinity`, `toleration`, `schedulingGate`, `schedulerName`, `topology`."
        ),
    ]
    text: Annotated[str, Meta(description="The requirement as the spec has it.")]
    satisfied: Annotated[
        bool | None, Meta(description="By the node as it is now; null where it cannot be told.")
    ] = None
    detail: Annotated[str, Meta(description="What the node has instead.")] = ""


class Scheduling(Wire, frozen=True, kw_only=True):
    state: Annotated[str, Meta(description="`scheduled`, `pending`, `gated` or `unknown`.")]
    requirements: Annotated[
        list[Requirement], Meta(description="What the pod asks of a node, a row each.")
    ] = []
    reasons: Annotated[
        list[str], Meta(description="Why it is pending, as the scheduler counts it.")
    ] = []
