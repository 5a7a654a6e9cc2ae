"""How a pod lives and dies: probes, restarts, lifecycle, timeline."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.pod import Seconds, Time
from kubectl_podx.model.report.words import (
    Confidence,
    ContainerKind,
    LiveResult,
    ProbeState,
    ProbeType,
    RestartCause,
    TimelineKind,
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
    resolved_port: Annotated[
        int | None, Meta(description="The number that a named port stands for in this container.")
    ] = None


class Timing(Wire, frozen=True, kw_only=True):
    initial_delay: Annotated[
        Seconds, Meta(description="initialDelaySeconds, from the container's start.")
    ] = 0
    period: Annotated[Seconds, Meta(description="periodSeconds.")] = 10
    timeout: Annotated[Seconds, Meta(description="timeoutSeconds of one attempt.")] = 1
    failure_threshold: Annotated[int, Meta(description="Failures in a row that count.")] = 3
    success_threshold: Annotated[int, Meta(description="Successes in a row that count.")] = 1
    termination_grace_period: Annotated[
        Seconds | None, Meta(description="The probe's own terminationGracePeriodSeconds.")
    ] = None


class Counters(Wire, frozen=True, kw_only=True):
    successful: Annotated[
        int,
        Meta(description="Attempts that succeeded, since the pod began or the kubelet started."),
    ] = 0
    failed: Annotated[
        int,
        Meta(
            description="Attempts that failed, since the pod began or the kubelet started; errors are not counted."
        ),
    ] = 0


class ProbeFailure(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        Literal["failed", "errored", "warning"],
        Meta(
            description="`failed`; `errored`, which never counts against the threshold; or `warning`, which counts as a success."
        ),
    ]
    count: Annotated[
        int, Meta(description="How often, at least: events are merged and dropped.")
    ] = 1
    first: Annotated[Time | None, Meta(description="The first that the event dates.")] = None
    last: Annotated[Time | None, Meta(description="The last that the event dates.")] = None
    message: Annotated[str, Meta(description="What the kubelet said.")] = ""


class LiveProbe(Wire, frozen=True, kw_only=True):
    succeeded: Annotated[bool, Meta(description="Whether the probe succeeded.")]
    result: Annotated[
        LiveResult,
        Meta(description="As the kubelet would judge it; `notRun` where podx could not run it."),
    ]
    seconds: Annotated[
        Seconds, Meta(description="How long it took, with the way to the API server and back.")
    ]
    method: Annotated[str, Meta(description="From where it was run, such as inside the container.")]
    detail: Annotated[
        str, Meta(description="Exit code, status, or why it was not run; never its output.")
    ] = ""
    needs: Annotated[str, Meta(description="The missing right, where it was not run for that.")] = (
        ""
    )


class Probe(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that is probed.")]
    type: Annotated[ProbeType, Meta(description="`liveness`, `readiness` or `startup`.")]
    handler: Annotated[Handler, Meta(description="What is tried.")]
    timing: Annotated[Timing, Meta(description="How often, how long, how many.")] = Timing()
    seconds_to_action: Annotated[
        Seconds | None, Meta(description="From the first failure to the action, at most.")
    ] = None
    counters: Annotated[
        Counters | None,
        Meta(description="From the kubelet; null where its metrics could not be read."),
    ] = None
    recent_failures: Annotated[
        list[ProbeFailure],
        Meta(description="From events, which expire, are merged and are dropped."),
    ] = []
    state: Annotated[
        ProbeState,
        Meta(
            description="`passing`, `failing`, `erroring` (counts for nothing), `waiting` or `unknown`."
        ),
    ]
    reason: Annotated[str, Meta(description="Why it is in that state.")] = ""
    coverage: Annotated[
        str, Meta(description="What the state rests on, and what could not be seen.")
    ] = ""
    live: Annotated[list[LiveProbe], Meta(description="Results of --run-probes.")] = []


class Evidence(Wire, frozen=True, kw_only=True):
    source: Annotated[
        str,
        Meta(
            description="`status`, `event`, `metrics`, `cgroup`, `logs`, `spec`, `node`, `process`."
        ),
    ]
    text: Annotated[str, Meta(description="What the witness says.")]
    time: Annotated[Time | None, Meta(description="The moment it is about.")] = None


class BackOff(Wire, frozen=True, kw_only=True):
    delay: Annotated[
        Seconds | None,
        Meta(
            description="The whole delay between the end and the next start, not what remains of it."
        ),
    ] = None
    next: Annotated[Time | None, Meta(description="When the next start is due.")] = None
    resets: Annotated[str, Meta(description="When the delay starts again at 10 s.")] = ""


class Restart(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that restarted, or did not.")]
    kind: Annotated[ContainerKind, Meta(description="`init`, `sidecar`, `app` or `ephemeral`.")]
    count: Annotated[
        int, Meta(description="restartCount: how often the kubelet started it again.")
    ] = 0
    explained: Annotated[
        int, Meta(description="How many of the count the evidence accounts for.")
    ] = 0
    cause: Annotated[
        RestartCause | None, Meta(description="Why the last instance ended; null where none has.")
    ] = None
    confidence: Annotated[
        Confidence | None,
        Meta(description="`proven`: the evidence excludes other causes; `likely`; `possible`."),
    ] = None
    summary: Annotated[str, Meta(description="The cause in one sentence.")] = ""
    evidence: Annotated[list[Evidence], Meta(description="The witnesses, strongest first.")] = []
    exit_code: Annotated[
        int | None, Meta(description="Exit code of the last instance that ended.")
    ] = None
    signal: Annotated[str, Meta(description="The signal's name for exit codes above 128.")] = ""
    reason: Annotated[
        str, Meta(description="The reason of the end, as the runtime or kubelet wrote it.")
    ] = ""
    started_at: Annotated[
        Time | None, Meta(description="When the instance that ended had started.")
    ] = None
    finished_at: Annotated[
        Time | None, Meta(description="When the instance that ended did so.")
    ] = None
    duration: Annotated[
        Seconds | None, Meta(description="How long the instance that ended had run.")
    ] = None
    termination_message: Annotated[
        str, Meta(description="What the container left at its terminationMessagePath.")
    ] = ""
    previous_logs: Annotated[
        list[str], Meta(description="The last log lines of the instance that ended.")
    ] = []
    crash_line: Annotated[str, Meta(description="The log line that looks like the crash.")] = ""
    looping: Annotated[bool, Meta(description="The container keeps going down now.")] = False
    tempo: Annotated[
        str, Meta(description="How often in which time, such as `4 times in 2 min`; empty at 0.")
    ] = ""
    backoff: Annotated[
        BackOff | None,
        Meta(
            description="After which delay it is started next, and when that delay resets; null where there is none."
        ),
    ] = None


class Hook(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that has the hook.")]
    type: Annotated[Literal["postStart", "preStop"], Meta(description="`postStart` or `preStop`.")]
    handler: Annotated[Handler, Meta(description="What is run.")]
    state: Annotated[str, Meta(description="`declared` or `failed`.")] = "declared"
    reason: Annotated[str, Meta(description="What went wrong.")] = ""
    grace_period: Annotated[
        Seconds | None, Meta(description="The time that preStop and the stop share.")
    ] = None
    stop_signal: Annotated[
        str, Meta(description="The signal of the stop, where it is not TERM.")
    ] = ""


class TimelineEntry(Wire, frozen=True, kw_only=True):
    time: Annotated[Time, Meta(description="When it happened.")]
    what: Annotated[str, Meta(description="What happened, in a sentence.")]
    container: Annotated[str, Meta(description="Empty where it is about the whole pod.")] = ""
    source: Annotated[
        str,
        Meta(
            description="`event`, `status`, `condition`, `metadata`, `volume`, `managedFields`; `gap` for what is known to be missing."
        ),
    ] = ""
    count: Annotated[int, Meta(description="How often it happened, at least.")] = 1
    kind: Annotated[
        TimelineKind,
        Meta(
            description="`started`, `ended` or `completed` (exit code 0) of a container; `probe` for a probe that failed, `killing`, `warning` and `event` for other events; `source` for a write of an object, `volume` for one of the kubelet; `pod`, `condition`, `node`, `token`, `certificate`; `gap` for what is known to be missing."
        ),
    ] = "event"
    first: Annotated[
        Time | None, Meta(description="When it happened first, where it happened several times.")
    ] = None
