"""How a pod lives and dies: probes, restarts, lifecycle, timeline."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.pod import Seconds, Time
from kubectl_podx.model.report.words import (
    Confidence,
    ContainerKind,
    ProbeState,
    ProbeType,
    RestartCause,
)
from kubectl_podx.model.wire import Wire


class Handler(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str, Meta(description="`exec`, `httpGet`, `tcpSocket`, `grpc`, `sleep` or `none`.")
    ]
    text: Annotated[
        str,
        Meta(description="In one line, such as `exec cat /tmp/healthy`; secret-like words hidden."),
    ]
    port: Annotated[str, Meta(description="As written: a number or a name.")] = ""
    resolved_port: int | None = None


class Timing(Wire, frozen=True, kw_only=True):
    initial_delay: Seconds = 0
    period: Seconds = 10
    timeout: Seconds = 1
    failure_threshold: int = 3
    success_threshold: int = 1
    termination_grace_period: Seconds | None = None


class Counters(Wire, frozen=True, kw_only=True):
    successful: int = 0
    failed: int = 0


class ProbeFailure(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        Literal["failed", "errored", "warning"],
        Meta(description="An errored probe never counts against the threshold."),
    ]
    count: Annotated[
        int, Meta(description="At least this many: events are merged and dropped.")
    ] = 1
    first: Time | None = None
    last: Time | None = None
    message: str = ""


class LiveProbe(Wire, frozen=True, kw_only=True):
    succeeded: bool
    seconds: Seconds
    method: Annotated[str, Meta(description="From where it was run.")]
    detail: str = ""


class Probe(Wire, frozen=True, kw_only=True):
    container: str
    type: ProbeType
    handler: Handler
    timing: Timing = Timing()
    seconds_to_action: Annotated[
        Seconds | None, Meta(description="From the first failure to the action, at most.")
    ] = None
    counters: Annotated[
        Counters | None,
        Meta(description="From the kubelet; null where its metrics could not be read."),
    ] = None
    recent_failures: list[ProbeFailure] = []
    state: ProbeState
    reason: str = ""
    coverage: Annotated[
        str, Meta(description="What the state rests on, and what could not be seen.")
    ] = ""
    live: list[LiveProbe] = []


class Evidence(Wire, frozen=True, kw_only=True):
    source: Annotated[
        str,
        Meta(
            description="`status`, `event`, `metrics`, `cgroup`, `logs`, `spec`, `node`, `process`."
        ),
    ]
    text: str
    time: Time | None = None


class BackOff(Wire, frozen=True, kw_only=True):
    delay: Annotated[Seconds | None, Meta(description="The whole delay, not what remains.")] = None
    next: Annotated[Time | None, Meta(description="When the next start is due.")] = None
    resets: Annotated[str, Meta(description="When the delay starts again at 10 s.")] = ""


class Restart(Wire, frozen=True, kw_only=True):
    container: str
    kind: ContainerKind
    count: int = 0
    explained: Annotated[
        int, Meta(description="How many of the count the evidence accounts for.")
    ] = 0
    cause: Annotated[
        RestartCause | None, Meta(description="Of the last termination; null where there was none.")
    ] = None
    confidence: Confidence | None = None
    summary: Annotated[str, Meta(description="The cause in one sentence.")] = ""
    evidence: list[Evidence] = []
    exit_code: int | None = None
    signal: Annotated[str, Meta(description="The signal's name for exit codes above 128.")] = ""
    reason: Annotated[str, Meta(description="As the runtime or kubelet wrote it.")] = ""
    started_at: Time | None = None
    finished_at: Time | None = None
    duration: Annotated[Seconds | None, Meta(description="How long that instance ran.")] = None
    termination_message: str = ""
    previous_logs: list[str] = []
    crash_line: Annotated[str, Meta(description="The log line that looks like the crash.")] = ""
    looping: Annotated[bool, Meta(description="The container keeps going down now.")] = False
    tempo: Annotated[
        str, Meta(description="How often in which time, such as `4 times in 2 min`; empty at 0.")
    ] = ""
    backoff: BackOff | None = None


class Hook(Wire, frozen=True, kw_only=True):
    container: str
    type: Literal["postStart", "preStop"]
    handler: Handler
    state: Annotated[str, Meta(description="`declared` or `failed`.")] = "declared"
    reason: str = ""
    grace_period: Annotated[
        Seconds | None, Meta(description="What preStop and the stop share.")
    ] = None
    stop_signal: str = ""


class TimelineEntry(Wire, frozen=True, kw_only=True):
    time: Time
    what: str
    container: str = ""
    source: Annotated[
        str,
        Meta(description="`event`, `status`, `condition`, `metadata`, `volume`, `managedFields`."),
    ] = ""
    count: int = 1
