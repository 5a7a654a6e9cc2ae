"""What `triage` prints: the sick pods of a namespace or cluster, worst first, the healthy counted."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.finding import Coverage
from kubectl_podx.model.report.pod import Metadata, Time
from kubectl_podx.model.report.words import GroupedBy, Severity, Symptom, TriageBasis
from kubectl_podx.model.wire import Wire


class TriageRow(Wire, frozen=True, kw_only=True):
    """Sick pods that have one owner and one symptom; with `--by`, one cause or one node."""

    namespace: Annotated[str, Meta(description="Empty where the row spans several.")] = ""
    kind: Annotated[
        str,
        Meta(
            description="Of the owner: `Deployment`, `StatefulSet`, …; `Pod` for a pod without one, `Node` where the node is what is sick."
        ),
    ] = ""
    name: Annotated[str, Meta(description="The owner's name; empty where there are several.")] = ""
    owners: Annotated[int, Meta(description="How many owners the row stands for.")] = 1
    pods: Annotated[int, Meta(description="How many sick pods the row stands for.")]
    names: Annotated[
        list[str],
        Meta(description="Some of them, as `NAMESPACE/NAME`; the first was looked at."),
    ] = []
    symptom: Annotated[Symptom, Meta(description="What the pods' own status shows.")]
    cause: Annotated[
        str,
        Meta(
            description="Why: a cause of `restarts.cause` where the restarts tell, else the symptom."
        ),
    ]
    severity: Annotated[Severity, Meta(description="Of the verdict on the first pod.")]
    summary: Annotated[str, Meta(description="The verdict on the first pod, in one line.")]
    codes: Annotated[
        list[str], Meta(description="Codes of the findings that the verdict rests on.")
    ] = []
    basis: Annotated[
        TriageBasis,
        Meta(
            description="`status`: by the pod's status alone; `api`: with its events, logs, node and sources; `inside`: with a look inside."
        ),
    ] = "status"
    nodes: Annotated[list[str], Meta(description="Some of the nodes they are on.")] = []
    since: Annotated[
        Time | None, Meta(description="Since when, of the pod that has it for longest.")
    ] = None
    restarts: Annotated[int, Meta(description="Restarts of the pod with the most.")] = 0
    next: Annotated[str, Meta(description="The command that tells more.")] = ""


class TriageNode(Wire, frozen=True, kw_only=True):
    """A node that is sick, or on which most pods are."""

    name: Annotated[str, Meta(description="The node's name.")]
    state: Annotated[
        Literal["ready", "notReady", "unknown"],
        Meta(description="Its Ready condition; `unknown` where it is silent or was not read."),
    ] = "unknown"
    pods: Annotated[int, Meta(description="Pods of the scan that are on it.")] = 0
    sick: Annotated[int, Meta(description="How many of them are sick.")] = 0
    owners: Annotated[int, Meta(description="How many rows have a pod on it.")] = 0
    summary: Annotated[str, Meta(description="What is the matter, in one line.")] = ""


class TriageReport(Wire, frozen=True, kw_only=True):
    """Every sick pod of a namespace or cluster, one row for each owner and symptom."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["TriageReport"], Meta(description="Always `TriageReport`.")] = (
        "TriageReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    namespace: Annotated[str, Meta(description="The namespace; empty for all.")] = ""
    by: Annotated[GroupedBy, Meta(description="What a row stands for.")] = "owner"
    scanned: Annotated[int, Meta(description="Pods that were looked through.")] = 0
    healthy: Annotated[int, Meta(description="Pods that nothing is the matter with.")] = 0
    sick: Annotated[int, Meta(description="Pods that the rows stand for, also those left out.")] = 0
    rows: Annotated[list[TriageRow], Meta(description="The sick, worst first.")] = []
    rows_left_out: Annotated[int, Meta(description="Rows beyond `--limit`.")] = 0
    nodes: Annotated[
        list[TriageNode], Meta(description="Nodes that are sick, or on which most pods are.")
    ] = []
    coverage: Annotated[
        list[Coverage], Meta(description="What could not be looked at, and what is missing for it.")
    ] = []


class TriageShard(Wire, frozen=True, kw_only=True):
    """The last line of one shard, after its rows: one Job's completion has looked at some of the
    namespaces. `triage --from -` makes one TriageReport of all lines of all shards.
    """

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["TriageShard"], Meta(description="Always `TriageShard`.")] = (
        "TriageShard"
    )
    shard: Annotated[int, Meta(description="Which one, from 0.")]
    shards: Annotated[int, Meta(description="How many there are.")]
    row_count: Annotated[int, Meta(description="How many lines with a row came before this one.")]
    report: Annotated[
        TriageReport, Meta(description="The shard's report, its rows in the lines before.")
    ]
