"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import (
    FROM_SPEC,
    FROM_STATUS,
    WORKED_OUT,
    BackOff,
    Evidence,
    Seconds,
    Time,
)
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    Confidence,
    ContainerKind,
    RestartCause,
)


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
    crash_line: Annotated[
        str, Meta(description="The log line that most likely explains the crash.")
    ] = ""
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


ORIGINS: dict[str, str] = {
    "": f"{WORKED_OUT} from status, events, the kubelet's metrics and the cgroup",
    "container": f"{FROM_SPEC}: containers",
    "kind": f"{FROM_SPEC}: its list, and its restartPolicy",
    "count": f"{FROM_STATUS}: restartCount",
    "exitCode": f"{FROM_STATUS}: lastState.terminated, else state.terminated",
    "reason": f"{FROM_STATUS}: lastState.terminated, else state.terminated",
    "startedAt": f"{FROM_STATUS}: lastState.terminated, else state.terminated",
    "finishedAt": f"{FROM_STATUS}: lastState.terminated, else state.terminated",
    "duration": f"{FROM_STATUS}: lastState.terminated, else state.terminated",
    "terminationMessage": f"{FROM_STATUS}: message of the termination",
    "previousLogs": "GET pods/log of the instance that ended",
    "crashLine": f"{WORKED_OUT} from previousLogs",
    "backoff": f"{FROM_STATUS}: the waiting message, and the end before it",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
