"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Condition, Owner, Seconds, Time
from kubectl_podx.model.wire import Wire


class CpuThrottling(Wire, frozen=True, kw_only=True):
    periods: Annotated[
        int, Meta(description="Periods of 0.1 s in which something of the pod wanted to run.")
    ]
    throttled: Annotated[int, Meta(description="Those in which the CPU limit was used up.")]
    seconds: Annotated[
        Seconds, Meta(description="How long its threads were held back, all together.")
    ] = 0.0


class Pod(Wire, frozen=True, kw_only=True):
    namespace: Annotated[str, Meta(description="metadata.namespace.")]
    name: Annotated[str, Meta(description="metadata.name.")]
    uid: Annotated[str, Meta(description="metadata.uid.")] = ""
    status: Annotated[str, Meta(description="The word kubectl's STATUS column shows.")]
    ready: Annotated[str, Meta(description="Ready containers of all that count, such as `1/2`.")]
    phase: Annotated[str, Meta(description="status.phase.")] = ""
    reason: Annotated[str, Meta(description="status.reason, such as `Evicted`.")] = ""
    message: Annotated[str, Meta(description="status.message.")] = ""
    restarts: Annotated[
        int, Meta(description="Restarts as kubectl's RESTARTS column counts them.")
    ] = 0
    node: Annotated[str, Meta(description="spec.nodeName; empty while no node is chosen.")] = ""
    pod_ips: Annotated[list[str], Meta(description="status.podIPs.")] = []
    host_ip: Annotated[str, Meta(description="status.hostIP.")] = ""
    qos_class: Annotated[
        str, Meta(description="status.qosClass: decides who is evicted first.")
    ] = ""
    restart_policy: Annotated[str, Meta(description="spec.restartPolicy.")] = ""
    service_account: Annotated[str, Meta(description="spec.serviceAccountName.")] = ""
    priority_class: Annotated[str, Meta(description="spec.priorityClassName.")] = ""
    created_at: Annotated[Time | None, Meta(description="metadata.creationTimestamp.")] = None
    started_at: Annotated[Time | None, Meta(description="When the kubelet accepted the pod.")] = (
        None
    )
    deletion_timestamp: Annotated[
        Time | None,
        Meta(
            description="metadata.deletionTimestamp: when the grace period ends; null unless the pod is being deleted."
        ),
    ] = None
    age: Annotated[
        Seconds | None, Meta(description="How long ago it was created, at the time of the capture.")
    ] = None
    cpu_throttling: Annotated[
        CpuThrottling | None,
        Meta(
            description="Of the pod's cgroup, which outlives the instances of its one container; null where the kubelet was not asked or did not tell."
        ),
    ] = None
    owners: Annotated[
        list[Owner], Meta(description="From the direct owner upwards: ReplicaSet, Deployment.")
    ] = []
    conditions: Annotated[
        list[Condition],
        Meta(description="status.conditions, with the reasons that `kubectl describe` leaves out."),
    ] = []
    debug_containers: Annotated[
        list[str],
        Meta(
            description="The debug containers that `--debug-image` added, which stay in the spec and "
            "are counted nowhere else."
        ),
    ] = []
