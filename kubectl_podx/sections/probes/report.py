"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_SPEC, WORKED_OUT, Handler, ProbeFailure, Seconds, Timing
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    LiveResult,
    ProbeState,
    ProbeType,
    ProbeWait,
)


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
        str, Meta(description="What the state is based on, and what could not be checked.")
    ] = ""
    live: Annotated[list[LiveProbe], Meta(description="Results of --run-probes.")] = []
    waits_for: Annotated[
        ProbeWait | None, Meta(description="What it waits for; null unless it is `waiting`.")
    ] = None


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: the container's probes",
    "handler.resolvedPort": f"{FROM_SPEC}: ports of the container",
    "secondsToAction": f"{WORKED_OUT} from the timing",
    "counters": "the kubelet's /metrics/probes, which needs get nodes/proxy",
    "recentFailures": "events of the pod: Unhealthy, ProbeWarning",
    "state": f"{WORKED_OUT} from status, counters and events",
    "reason": f"{WORKED_OUT} from status, counters and events",
    "coverage": f"{WORKED_OUT} from what could be read",
    "live": "--run-probes",
    "waitsFor": f"{WORKED_OUT} from the status and the timing",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
