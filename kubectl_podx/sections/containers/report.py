"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import (
    FROM_INSIDE,
    FROM_SPEC,
    FROM_STATUS,
    WORKED_OUT,
    PullPolicy,
    Time,
)
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    ContainerKind,
    ContainerState,
    LookWay,
    ObservationMethod,
    ObservationState,
    WayState,
)


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
        float | None,
        Meta(
            description="Bytes in use, by the container's cgroup; of local disk, and of a container "
            "that nobody could look into, by the kubelet or the metrics server."
        ),
    ] = None


class Stall(Wire, frozen=True, kw_only=True):
    some: Annotated[
        float | None,
        Meta(description="Share of the last minute in which a process waited, 0 to 1."),
    ] = None
    full: Annotated[
        float | None,
        Meta(description="Share of the last minute in which all of them waited at once, 0 to 1."),
    ] = None


class Stalled(Wire, frozen=True, kw_only=True):
    memory: Annotated[Stall, Meta(description="Waits for memory to be reclaimed.")] = Stall()
    cpu: Annotated[Stall, Meta(description="Waits for a CPU, throttling included.")] = Stall()
    io: Annotated[Stall, Meta(description="Waits for disks.")] = Stall()


class Resources(Wire, frozen=True, kw_only=True):
    cpu: Annotated[Quantity, Meta(description="CPU, in cores.")] = Quantity()
    memory: Annotated[Quantity, Meta(description="Memory, in bytes.")] = Quantity()
    ephemeral_storage: Annotated[Quantity, Meta(description="Local disk, in bytes.")] = Quantity()
    throttled_share: Annotated[
        float | None,
        Meta(description="Share of CPU periods in which this instance was throttled, 0 to 1."),
    ] = None
    oom_kills: Annotated[
        int | None, Meta(description="OOM kills in the cgroup of this instance, children included.")
    ] = None
    memory_high: Annotated[
        int | None,
        Meta(
            description="memory.high of the cgroup (v2): above it the kernel stalls whoever "
            "allocates. Null where there is none.",
            extra_json_schema={"x-unit": "B"},
        ),
    ] = None
    memory_high_events: Annotated[
        int | None,
        Meta(description="How often this instance was stalled at memory.high."),
    ] = None
    swap_usage: Annotated[
        int | None,
        Meta(description="Swap in use (v2).", extra_json_schema={"x-unit": "B"}),
    ] = None
    swap_limit: Annotated[
        int | None,
        Meta(
            description="Limit of swap (v2); 0 is none at all, null unlimited or unknown.",
            extra_json_schema={"x-unit": "B"},
        ),
    ] = None
    stalled: Annotated[
        Stalled, Meta(description="Time lost waiting for a resource (PSI, cgroup v2).")
    ] = Stalled()


class Limit(Wire, frozen=True, kw_only=True):
    limit: Annotated[
        int | None, Meta(description="The most there may be; null where unlimited or unknown.")
    ] = None
    used: Annotated[
        int | None, Meta(description="How many there are; null where it could not be seen.")
    ] = None


class Way(Wire, frozen=True, kw_only=True):
    way: Annotated[
        LookWay,
        Meta(
            description="`exec` in the container; `neighbour`: from a container that shares its PID "
            "namespace; `ephemeral`: from a debug container that `--debug-image` adds; `outside`: "
            "what the API, the metrics server and the kubelet tell."
        ),
    ]
    state: Annotated[
        WayState,
        Meta(description="`used`, `open` (it would tell more) or `closed`."),
    ]
    reason: Annotated[str, Meta(description="What it shows, what it takes, or why it is closed.")]


class ObservationReport(Wire, frozen=True, kw_only=True):
    state: Annotated[ObservationState, Meta(description="`observed`, `partial` or `unobservable`.")]
    method: Annotated[
        ObservationMethod,
        Meta(
            description="`exec`, `neighbour` (through the shared PID namespace), `ephemeral` (from "
            "a debug container of podx) or `none`."
        ),
    ] = "none"
    through: Annotated[
        str, Meta(description="The container that the exec ran in, if it was another one.")
    ] = ""
    reason: Annotated[str, Meta(description="Why the exec gave only a part, or nothing.")] = ""
    needs: Annotated[
        str, Meta(description="The right, capability or flag that would make it full.")
    ] = ""
    ways: Annotated[
        list[Way],
        Meta(
            description="The four ways to see a running container, and why each is open or not; "
            "empty if an exec in it has shown everything."
        ),
    ] = []


class Container(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The container's name.")]
    kind: Annotated[
        ContainerKind,
        Meta(
            description="`init`, `sidecar` (an init container that restarts always), `app` or `ephemeral`."
        ),
    ]
    image: Annotated[str, Meta(description="The image as the spec names it.")] = ""
    image_id: Annotated[str, Meta(description="What runs, by digest, as the runtime tells it.")] = (
        ""
    )
    image_pull_policy: Annotated[
        PullPolicy, Meta(description="When the kubelet pulls the image.")
    ] = PullPolicy()
    state: Annotated[ContainerState, Meta(description="What it is doing, by its status.")] = (
        "unknown"
    )
    reason: Annotated[str, Meta(description="The state's reason, such as `CrashLoopBackOff`.")] = ""
    message: Annotated[
        str, Meta(description="The state's message: what `kubectl describe` leaves out.")
    ] = ""
    exit_code: Annotated[
        int | None,
        Meta(description="Exit code of a container that has ended; null while it runs or waits."),
    ] = None
    started_at: Annotated[Time | None, Meta(description="When this instance started.")] = None
    finished_at: Annotated[Time | None, Meta(description="When this instance ended.")] = None
    started: Annotated[
        bool | None, Meta(description="It runs and its startup probe has succeeded.")
    ] = None
    ready: Annotated[bool, Meta(description="The kubelet counts it as ready.")] = False
    restart_count: Annotated[
        int,
        Meta(description="As the kubelet counts; a guess where the runtime lost the container."),
    ] = 0
    restart_policy: Annotated[
        str, Meta(description="The container's own restartPolicy; empty where the pod's holds.")
    ] = ""
    restart_rules: Annotated[
        list[str], Meta(description="Its restartPolicyRules, such as `Restart on exit code 42`.")
    ] = []
    waits_for: Annotated[str, Meta(description="The container that must end or start first.")] = ""
    waits_since: Annotated[
        Time | None, Meta(description="Since when that one has held it back, as far as known.")
    ] = None
    container_id: Annotated[
        str, Meta(description="The runtime's id of this instance, without its prefix.")
    ] = ""
    resources: Annotated[Resources, Meta(description="Declared, admitted and in the cgroup.")] = (
        Resources()
    )
    pids: Annotated[Limit, Meta(description="Processes and threads of the cgroup.")] = Limit()
    files: Annotated[Limit, Meta(description="Open files of the main process.")] = Limit()
    user: Annotated[int | None, Meta(description="Effective user id of the main process.")] = None
    security: Annotated[
        list[str],
        Meta(
            description="What of securityContext, its own or the pod's, decides which files it may read or write."
        ),
    ] = []
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` if it cannot be told."
        ),
    ] = ""
    recent_logs: Annotated[
        list[str], Meta(description="Last lines of a container that is not ready or blocks.")
    ] = []
    observation: Annotated[ObservationReport, Meta(description="Whether podx ran an exec in it.")]


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC} and status, joined by the container's name",
    "kind": f"{FROM_SPEC}: its list, and its restartPolicy",
    "image": f"{FROM_SPEC}: image",
    "imageID": f"{FROM_STATUS}: imageID",
    "imagePullPolicy": f"{FROM_SPEC}: imagePullPolicy, and the image's tag",
    "state": f"{FROM_STATUS}: state",
    "reason": f"{FROM_STATUS}: state.waiting or state.terminated",
    "message": f"{FROM_STATUS}: state.waiting or state.terminated",
    "exitCode": f"{FROM_STATUS}: state.terminated",
    "startedAt": f"{FROM_STATUS}: state",
    "finishedAt": f"{FROM_STATUS}: state.terminated",
    "started": f"{FROM_STATUS}: started",
    "ready": f"{FROM_STATUS}: ready",
    "restartCount": f"{FROM_STATUS}: restartCount",
    "restartPolicy": f"{FROM_SPEC}: restartPolicy of the container",
    "restartRules": f"{FROM_SPEC}: restartPolicyRules",
    "waitsFor": f"{WORKED_OUT} from the order of the containers and their states",
    "waitsSince": f"{FROM_STATUS}: the states of the containers before it",
    "containerID": f"{FROM_STATUS}: containerID",
    "resources": f"{FROM_SPEC}: resources",
    "resources.cpu.allocated": f"{FROM_STATUS}: allocatedResources",
    "resources.cpu.actualLimit": f"{FROM_STATUS}: resources.limits",
    "resources.cpu.observedLimit": f"{FROM_INSIDE}: the CPU quota of its cgroup",
    "resources.cpu.observedUsage": f"{FROM_INSIDE}: its cgroup",
    "resources.memory.allocated": f"{FROM_STATUS}: allocatedResources",
    "resources.memory.actualLimit": f"{FROM_STATUS}: resources.limits",
    "resources.memory.observedLimit": f"{FROM_INSIDE}: the memory limit of its cgroup",
    "resources.memory.observedUsage": f"{FROM_INSIDE}: the memory in use by its cgroup",
    "resources.ephemeralStorage.allocated": f"{FROM_STATUS}: allocatedResources",
    "resources.ephemeralStorage.actualLimit": f"{FROM_STATUS}: resources.limits",
    "resources.throttledShare": f"{FROM_INSIDE}: cpu.stat of its cgroup",
    "resources.oomKills": f"{FROM_INSIDE}: the OOM counter of its cgroup",
    "pids": f"{FROM_INSIDE}: the pids controller of its cgroup",
    "files": f"{FROM_INSIDE}: /proc/N/limits and /proc/N/fd of the main process",
    "user": f"{FROM_INSIDE}: /proc/N/status; else the status: user.linux.uid",
    "security": f"{FROM_SPEC}: securityContext of the container and of the pod",
    "recentLogs": "GET pods/log",
    "observation": "the exec, or why there was none",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
