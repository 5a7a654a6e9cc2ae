"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, Condition, Seconds
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import NodeState


class Node(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The node's name.")]
    state: Annotated[NodeState, Meta(description="Its condition Ready, or why that is not known.")]
    cordoned: Annotated[
        bool | None, Meta(description="spec.unschedulable: it takes no new pods.")
    ] = None
    heartbeat_age: Annotated[
        Seconds | None,
        Meta(description="Since the newest heartbeat: an old one means an old status."),
    ] = None
    clock_ahead: Annotated[
        Seconds | None,
        Meta(
            description="How far its clock, as seen in a container, is ahead of the API server's; negative where it is behind."
        ),
    ] = None
    conditions: Annotated[list[Condition], Meta(description="status.conditions.")] = []
    taints: Annotated[
        list[str], Meta(description="Its taints, such as `key=value:NoSchedule`.")
    ] = []
    kubelet_version: Annotated[str, Meta(description="status.nodeInfo.kubeletVersion.")] = ""
    runtime: Annotated[str, Meta(description="status.nodeInfo.containerRuntimeVersion.")] = ""


ORIGINS: dict[str, str] = {
    "": "the Node in the API",
    "name": f"{FROM_SPEC}: nodeName",
    "clockAhead": f"{FROM_INSIDE}: the clock; the Date header of the API server's answer",
    "heartbeatAge": "the Node's status: lastHeartbeatTime of its conditions",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
