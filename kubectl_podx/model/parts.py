"""Types that several sections of the report share."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    CaptureSource,
    CoverageState,
    EvidenceSource,
    FindingSeverity,
    HandlerKind,
    PolicyBasis,
    Protocol,
    Severity,
    SourceKind,
    ValueState,
)

# Where a field comes from, as a section's ORIGINS say it.
FROM_POD = "the Pod in the API"
FROM_SPEC = "the Pod's spec"
FROM_STATUS = "the Pod's status"
FROM_INSIDE = "an exec in the container"
WORKED_OUT = "worked out by podx"

Seconds = Annotated[float, Meta(extra_json_schema={"x-unit": "s"})]
Bytes = Annotated[int, Meta(extra_json_schema={"x-unit": "B"})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
NONE = "none"
"""A value that is not there, in a comparison."""


class Fact(Struct, frozen=True):
    """What replicas should have in common: one fact of one pod, beside those of the others."""

    container: str
    """Empty for one of the whole pod."""
    name: str
    value: str


class Metadata(Wire, frozen=True, kw_only=True):
    captured_at: Annotated[
        Time, Meta(description="When the pod was inspected, by the API server's clock.")
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
    codes: Annotated[list[str], Meta(description="Codes of the findings behind the verdict.")] = []


class Condition(Wire, frozen=True, kw_only=True):
    type: Annotated[str, Meta(description="The condition, such as `Ready`.")]
    status: Annotated[str, Meta(description="As the API has it, such as `True`.")]
    reason: Annotated[str, Meta(description="Why, in one word, as its writer gave it.")] = ""
    message: Annotated[str, Meta(description="Why, in a sentence, as its writer gave it.")] = ""
    since: Annotated[
        Time | None, Meta(description="lastTransitionTime: since when it has this status.")
    ] = None


class Owner(Wire, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(description="The owner's kind, such as `ReplicaSet`.")]
    name: Annotated[str, Meta(description="The owner's name.")]
    controller: Annotated[
        bool, Meta(description="It is the managing controller: it recreates the pod.")
    ] = False


class PullPolicy(Wire, frozen=True, kw_only=True):
    value: Annotated[str, Meta(description="As the API has it, such as `Always`.")] = ""
    basis: Annotated[
        PolicyBasis,
        Meta(
            description="matchesDefault: the value is what the API server sets by the tag; declared: it is another one."
        ),
    ] = "declared"


class Finding(Wire, frozen=True, kw_only=True):
    code: Annotated[
        str,
        Meta(
            description="The section's letters and three digits; never reused. `kubectl podx explain CODE` tells more."
        ),
    ]
    severity: Annotated[FindingSeverity, Meta(description="`info`, `warning` or `critical`.")]
    title: Annotated[str, Meta(description="One line, with the names it is about.")]
    container: Annotated[str, Meta(description="Empty where it is about the whole pod.")] = ""
    evidence: Annotated[list[str], Meta(description="The evidence, with values.")] = []
    remedy: Annotated[
        str, Meta(description="What to do, as a sentence; empty where `fix` says it all.")
    ] = ""
    next: Annotated[
        str, Meta(description="A command that tells more and changes nothing; empty for none.")
    ] = ""
    fix: Annotated[
        str,
        Meta(
            description="A command that changes what is wrong and that the API server accepts; empty for none."
        ),
    ] = ""
    blocking: Annotated[bool, Meta(description="It keeps the pod from being ready now.")] = False
    rivals: Annotated[
        list[str],
        Meta(
            description="What else leaves the same evidence, and what would tell it apart; empty where the cause is proven."
        ),
    ] = []


class Coverage(Wire, frozen=True, kw_only=True):
    section: Annotated[str, Meta(description="The section that lost rows.")]
    container: Annotated[str, Meta(description="Empty where it concerns the whole pod.")] = ""
    state: Annotated[
        CoverageState,
        Meta(description="`partial`, `denied`, `unobservable`, `timedOut` or `skipped`."),
    ]
    reason: Annotated[str, Meta(description="Why the rows are missing.")] = ""
    needs: Annotated[str, Meta(description="The missing right or flag.")] = ""


StateField = Annotated[ValueState, Meta(description="Decided in the order of docs/REPORT.md.")]


class KeySource(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        SourceKind,
        Meta(description="What gives the value."),
    ]
    name: Annotated[str, Meta(description="The object's name.")] = ""
    key: Annotated[str, Meta(description="The key, field path or resource.")] = ""
    optional: Annotated[
        bool, Meta(description="It is marked optional: its absence is no error.")
    ] = False


class Handler(Wire, frozen=True, kw_only=True):
    kind: Annotated[HandlerKind, Meta(description="How it is run.")]
    text: Annotated[
        str,
        Meta(description="In one line, such as `exec cat /tmp/healthy`; secret-like words hidden."),
    ]
    port: Annotated[str, Meta(description="As written: a number or a name.")] = ""
    resolved_port: Annotated[
        int | None, Meta(description="The number that a named port stands for in this container.")
    ] = None
    host: Annotated[
        str, Meta(description="`host` of httpGet or tcpSocket; empty: the pod's own address.")
    ] = ""
    scheme: Annotated[str, Meta(description="Of httpGet, such as `HTTPS`; empty for others.")] = ""


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


class Evidence(Wire, frozen=True, kw_only=True):
    source: Annotated[
        EvidenceSource,
        Meta(description="Where it was seen."),
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


class ProcessRow(Wire, frozen=True, kw_only=True):
    container: Annotated[
        str | None,
        Meta(
            description="By the end of /proc/N/cgroup; null where it cannot be told; `pause` for the sandbox."
        ),
    ]
    pid: Annotated[int, Meta(description="The process id, in the PID namespace it was seen from.")]
    seen_from: Annotated[str, Meta(description="The container whose PID namespace numbers it.")]
    parent: Annotated[int | None, Meta(description="The parent's pid.")] = None
    executable: Annotated[
        str, Meta(description="The first 15 bytes of its name, which it chooses itself.")
    ] = ""
    argument_count: Annotated[
        int | None, Meta(description="Number of arguments; their text stays in the container.")
    ] = None
    state: Annotated[
        str, Meta(description="R running, S sleeping, D waiting for a device, Z zombie, T stopped.")
    ] = ""
    uid: Annotated[int | None, Meta(description="Effective user id.")] = None
    gid: Annotated[int | None, Meta(description="Effective group id.")] = None
    started_at: Annotated[
        Time | None, Meta(description="When it started, by the node's clock.")
    ] = None
    main: Annotated[
        bool, Meta(description="It is the container's main process, whose end is the container's.")
    ] = False
    handles_term: Annotated[
        bool | None,
        Meta(
            description="It has a handler for SIGTERM (SigCgt); false: as PID 1 it ignores it, else it ends at once."
        ),
    ] = None
    resident: Annotated[Bytes | None, Meta(description="Resident memory.")] = None


class ListenerRow(Wire, frozen=True, kw_only=True):
    protocol: Annotated[Protocol, Meta(description="The transport protocol.")] = "TCP"
    address: Annotated[
        str,
        Meta(
            description="`0.0.0.0` and `::` are every address; a loopback one is reached from inside the pod only."
        ),
    ]
    port: Annotated[int, Meta(description="The port that is listened on.")]
    container: Annotated[
        str | None, Meta(description="The container of the process that listens.")
    ] = None
    pid: Annotated[int | None, Meta(description="The process that listens.")] = None
    executable: Annotated[str, Meta(description="The name of the process that listens.")] = ""
    uid: Annotated[int | None, Meta(description="The user that made the socket.")] = None
    reason: Annotated[str, Meta(description="Why the process is not known.")] = ""
    declared_as: Annotated[
        str, Meta(description="The containerPort that matches, as `CONTAINER:NAME`.")
    ] = ""
    host_port: Annotated[int | None, Meta(description="The node's port that leads here.")] = None
    queue: Annotated[int | None, Meta(description="Connections waiting to be accepted.")] = None
