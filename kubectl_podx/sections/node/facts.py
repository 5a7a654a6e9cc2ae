"""The node the pod runs on, and how fresh its word is."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import NONE, Fact
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.model.words import NodeState
from kubectl_podx.pod.nodes import taint_text
from kubectl_podx.pod.pod import conditions, of_type
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.node.report import Node


def build(view: PodView) -> Node:
    """The node as the API has it; `unknown` without a name for a pod that has none yet."""
    name = view.api.node
    stored = view.object("Node", name) if name else None
    if stored is None:
        return Node(name=name, state="unknown")
    if stored.state != "present" or stored.body is None:
        state = stored.state if stored.state in ("missing", "denied") else "unknown"
        return Node(name=name, state=state)
    body = stored.body
    return Node(
        name=name,
        state=_state(body),
        cordoned=dig(body, "spec", "unschedulable") is True,
        heartbeat_age=_heartbeat_age(view, body),
        clock_ahead=_clock_ahead(view),
        conditions=conditions(body),
        taints=[taint_text(taint) for taint in items(body, "spec", "taints")],
        kubelet_version=text(body, "status", "nodeInfo", "kubeletVersion"),
        runtime=text(body, "status", "nodeInfo", "containerRuntimeVersion"),
    )


def compared(found: Node, _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common, whichever node they are on."""
    if found.kubelet_version:
        yield Fact("", "kubelet", found.kubelet_version)
        yield Fact("", "container runtime", found.runtime or NONE)


def _state(node: Json) -> NodeState:
    """Ready False (the kubelet says so) and Unknown (it says nothing) are both not ready."""
    ready = of_type(conditions(node), "Ready")
    if ready is None:
        return "unknown"
    return "ready" if ready.status == "True" else "notReady"


def _heartbeat_age(view: PodView, node: Json) -> float | None:
    """Seconds since the newest lastHeartbeatTime.

    A kubelet with nothing to say writes its status every 5 minutes only (nodeStatusReportFrequency)
    and proves its life by a Lease, so some minutes are normal.
    """
    beats = [
        beat
        for condition in items(node, "status", "conditions")
        if (beat := parse_time(dig(condition, "lastHeartbeatTime")))
    ]
    if not beats or view.now is None:
        return None
    return max(0.0, (view.now - max(beats)).total_seconds())


def _clock_ahead(view: PodView) -> float | None:
    """Of the first look, which came some seconds after the moment of the capture."""
    clocks = (parse_time(found.clock) for found in view.captured.observations if found.clock)
    clock = next((moment for moment in clocks if moment is not None), None)
    if clock is None or view.now is None:
        return None
    return (clock - view.now).total_seconds()
