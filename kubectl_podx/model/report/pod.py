"""The pod itself and its containers."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.report.words import (
    CaptureSource,
    ContainerKind,
    ObservationMethod,
    ObservationState,
    Severity,
)
from kubectl_podx.model.wire import Wire

Seconds = Annotated[float, Meta(extra_json_schema={"x-unit": "s"})]
Bytes = Annotated[int, Meta(extra_json_schema={"x-unit": "B"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Metadata(Wire, frozen=True, kw_only=True):
    captured_at: Annotated[
        str, Meta(description="When the pod was looked at, by the API server's clock.")
    ]
    source: Annotated[
        CaptureSource,
        Meta(
            description="`live`: a cluster; `bundle`: a file made by `capture`; `manifest`: a saved pod."
        ),
    ]
    server_version: Annotated[
        str, Meta(description="The API server's gitVersion; empty where it was not read.")
    ] = ""
    podx_version: Annotated[str, Meta(description="The version of podx that made the report.")] = ""


class Verdict(Wire, frozen=True, kw_only=True):
    severity: Annotated[
        Severity, Meta(description="`unknown` when what matters could not be seen.")
    ]
    summary: Annotated[
        str,
        Meta(
            description="One line: what blocks now, before what loops, before what is past; the cause, not the symptom."
        ),
    ]
    codes: Annotated[
        list[str], Meta(description="Codes of the findings that the verdict rests on.")
    ] = []


class Condition(Wire, frozen=True, kw_only=True):
    type: str
    status: Annotated[str, Meta(description="`True`, `False` or `Unknown`.")]
    reason: str = ""
    message: str = ""
    since: Annotated[Time | None, Meta(description="lastTransitionTime.")] = None


class Owner(Wire, frozen=True, kw_only=True):
    kind: str
    name: str
    controller: bool = False


class Pod(Wire, frozen=True, kw_only=True):
    namespace: str
    name: str
    uid: str = ""
    status: Annotated[str, Meta(description="The word kubectl's STATUS column shows.")]
    ready: Annotated[str, Meta(description="Ready containers of all that count, such as `1/2`.")]
    phase: str = ""
    reason: Annotated[str, Meta(description="status.reason, such as `Evicted`.")] = ""
    message: str = ""
    restarts: Annotated[int, Meta(description="kubectl's RESTARTS column.")] = 0
    node: str = ""
    pod_ips: Annotated[list[str], Meta(description="status.podIPs.")] = []
    host_ip: str = ""
    qos_class: str = ""
    restart_policy: str = ""
    service_account: str = ""
    priority_class: str = ""
    created_at: Time | None = None
    started_at: Annotated[Time | None, Meta(description="When the kubelet accepted the pod.")] = (
        None
    )
    deletion_timestamp: Time | None = None
    age: Annotated[Seconds | None, Meta(description="Since creation, at the time of capture.")] = (
        None
    )
    owners: Annotated[
        list[Owner], Meta(description="From the direct owner upwards: ReplicaSet, Deployment.")
    ] = []
    conditions: list[Condition] = []


class Quantity(Wire, frozen=True, kw_only=True):
    request: Annotated[str | None, Meta(description="spec: resources.requests.")] = None
    limit: Annotated[str | None, Meta(description="spec: resources.limits.")] = None
    allocated: Annotated[str | None, Meta(description="status: what the kubelet admitted.")] = None
    actual_limit: Annotated[
        str | None, Meta(description="status: the limit the runtime reports.")
    ] = None
    observed_limit: Annotated[
        float | None,
        Meta(description="The container's cgroup: bytes, or CPU cores; null where unlimited."),
    ] = None
    observed_usage: Annotated[
        float | None, Meta(description="The container's cgroup: bytes in use.")
    ] = None


class Resources(Wire, frozen=True, kw_only=True):
    cpu: Quantity = Quantity()
    memory: Quantity = Quantity()
    ephemeral_storage: Quantity = Quantity()
    throttled_share: Annotated[
        float | None,
        Meta(description="Share of CPU periods in which this instance was throttled, 0 to 1."),
    ] = None
    oom_kills: Annotated[
        int | None, Meta(description="OOM kills in the cgroup of this instance, children included.")
    ] = None


class Limit(Wire, frozen=True, kw_only=True):
    limit: int | None = None
    used: int | None = None


class PullPolicy(Wire, frozen=True, kw_only=True):
    value: str = ""
    basis: Annotated[
        str,
        Meta(
            description="`matchesDefault` where the value is what the API server sets by the tag; `declared` where it is another one."
        ),
    ] = "declared"


class ObservationReport(Wire, frozen=True, kw_only=True):
    state: ObservationState
    method: ObservationMethod = "none"
    through: Annotated[
        str, Meta(description="The container that looked, where it is a neighbour's look.")
    ] = ""
    reason: Annotated[str, Meta(description="Why the look is partial or was not possible.")] = ""
    needs: Annotated[
        str, Meta(description="The right, capability or flag that would make it full.")
    ] = ""


class Container(Wire, frozen=True, kw_only=True):
    name: str
    kind: ContainerKind
    image: str = ""
    image_id: str = ""
    image_pull_policy: PullPolicy = PullPolicy()
    state: Annotated[str, Meta(description="`running`, `waiting`, `terminated` or `unknown`.")] = (
        "unknown"
    )
    reason: Annotated[str, Meta(description="The state's reason, such as `CrashLoopBackOff`.")] = ""
    message: Annotated[
        str, Meta(description="The state's message: what `kubectl describe` leaves out.")
    ] = ""
    exit_code: int | None = None
    started_at: Time | None = None
    finished_at: Time | None = None
    started: bool | None = None
    ready: bool = False
    restart_count: int = 0
    restart_policy: Annotated[
        str, Meta(description="Of the container, where it has one of its own.")
    ] = ""
    waits_for: Annotated[str, Meta(description="The container that must end or start first.")] = ""
    container_id: str = ""
    resources: Resources = Resources()
    pids: Limit = Limit()
    files: Limit = Limit()
    user: Annotated[int | None, Meta(description="Effective user id of the main process.")] = None
    recent_logs: Annotated[
        list[str], Meta(description="Last lines of a container that is not ready or blocks.")
    ] = []
    observation: ObservationReport
