"""The other documents that podx prints: of a comparison, of a triage, of the doctor."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.drift.report import DriftRow
from kubectl_podx.model.parts import Coverage, Finding, Metadata, Time, Verdict
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import GroupedBy, Severity, Symptom, TriageBasis
from kubectl_podx.sections.report import Distinction, PodGroup, PodReport, PodReportList
from kubectl_podx.start.report import PodStart
from kubectl_podx.workload.report import Workload


class ComparedPod(Wire, frozen=True, kw_only=True):
    label: Annotated[
        str, Meta(description="What the pod is called here: its name, and its file's where needed.")
    ]
    namespace: Annotated[str, Meta(description="The pod's namespace.")]
    name: Annotated[str, Meta(description="The pod's name.")]
    captured_at: Annotated[Time, Meta(description="When it was inspected, by the server's clock.")]
    source: Annotated[
        Literal["live", "bundle", "manifest"],
        Meta(description="Where what is compared comes from."),
    ]
    file: Annotated[str, Meta(description="The bundle that it was read from; empty when live.")] = (
        ""
    )


class Difference(Wire, frozen=True, kw_only=True):
    section: Annotated[str, Meta(description="The section of the report that tells of it.")]
    container: Annotated[str, Meta(description="Empty where it is the whole pod's.")] = ""
    fact: Annotated[str, Meta(description="What differs, such as `image digest`.")]
    values: Annotated[
        list[str],
        Meta(
            description="One for each of `pods`, in that order: what may be shown, else a state; `none` where the pod has no such thing, `unknown` if it was not checked."
        ),
    ]
    outliers: Annotated[
        list[str],
        Meta(description="Labels of the outliers; empty if there is no majority to compare with."),
    ] = []


class ComparisonReport(Wire, frozen=True, kw_only=True):
    """Two pods or more, fact by fact: only what differs."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["ComparisonReport"], Meta(description="Always `ComparisonReport`.")] = (
        "ComparisonReport"
    )
    metadata: Annotated[Metadata, Meta(description="When the first of them was inspected.")]
    pods: Annotated[list[ComparedPod], Meta(description="What was compared.")]
    compared: Annotated[int, Meta(description="How many facts were compared.")] = 0
    differences: Annotated[
        list[Difference], Meta(description="The facts that differ; what has an outlier first.")
    ] = []
    notes: Annotated[
        list[str], Meta(description="What could not be compared, pod by pod, and why.")
    ] = []


RightState = Literal["held", "missing", "unknown"]


class RightRow(Wire, frozen=True, kw_only=True):
    verb: Annotated[str, Meta(description="As in a Role, such as `list`.")]
    resource: Annotated[
        str, Meta(description="Plural, with its subresource after a slash: `pods/exec`.")
    ]
    group: Annotated[str, Meta(description="API group; empty for the core group.")] = ""
    namespace: Annotated[str, Meta(description="Empty for what is cluster-wide.")] = ""
    name: Annotated[str, Meta(description="Empty where every object of the resource is meant.")] = (
        ""
    )
    state: Annotated[RightState, Meta(description="`held`, `missing` or `unknown`.")]
    optional: Annotated[
        bool, Meta(description="Not part of the least Role, as it amounts to root on the node.")
    ] = False
    sections: Annotated[
        list[str], Meta(description="What loses rows without it; `all` for the whole report.")
    ] = []


class PodForecast(Wire, frozen=True, kw_only=True):
    namespace: Annotated[str, Meta(description="The pod's namespace.")]
    name: Annotated[str, Meta(description="The pod's name.")]
    coverage: Annotated[
        list[Coverage],
        Meta(description="The rows that `describe` will have as far as rights decide them."),
    ] = []


class DoctorReport(Wire, frozen=True, kw_only=True):
    """What the person of this kubeconfig may see of a pod."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["DoctorReport"], Meta(description="Always `DoctorReport`.")] = (
        "DoctorReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the answer comes from.")]
    namespace: Annotated[str, Meta(description="The namespace that was asked about.")]
    rights: Annotated[list[RightRow], Meta(description="Every right that the plan asks for.")] = []
    coverage: Annotated[
        list[Coverage],
        Meta(description="What a report on any pod of the namespace will lack."),
    ] = []
    pods: Annotated[
        list[PodForecast], Meta(description="The pods that the target names, one by one.")
    ] = []


class TriageRow(Wire, frozen=True, kw_only=True):
    """Sick pods that have one owner and one symptom; with `--by`, one cause or one node."""

    namespace: Annotated[str, Meta(description="Empty where the row spans several.")] = ""
    kind: Annotated[
        str,
        Meta(
            description="Of the owner, such as `Deployment`; `Pod` for a pod without one, `Node` where the node is what is sick."
        ),
    ] = ""
    name: Annotated[str, Meta(description="The owner's name; empty where there are several.")] = ""
    owners: Annotated[int, Meta(description="How many owners the row represents.")] = 1
    pods: Annotated[int, Meta(description="How many sick pods the row represents.")]
    missing: Annotated[
        int, Meta(description="Pods that the workload should have and does not.")
    ] = 0
    names: Annotated[
        list[str],
        Meta(description="Some of them, as `NAMESPACE/NAME`; the first was inspected."),
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
    codes: Annotated[list[str], Meta(description="Codes of the findings behind the verdict.")] = []
    basis: Annotated[
        TriageBasis,
        Meta(
            description="`status`: by the pod's status alone; `api`: with its events, logs, node and sources; `inside`: with an exec in its containers."
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
    by: Annotated[GroupedBy, Meta(description="What a row represents.")] = "owner"
    scanned: Annotated[int, Meta(description="Pods that were looked through.")] = 0
    healthy: Annotated[int, Meta(description="Pods that nothing is the matter with.")] = 0
    sick: Annotated[
        int, Meta(description="Pods that the rows represent, including those left out.")
    ] = 0
    lacking: Annotated[
        int, Meta(description="Workloads that lack pods or runs: each has a row.")
    ] = 0
    rows: Annotated[list[TriageRow], Meta(description="The sick, worst first.")] = []
    rows_left_out: Annotated[int, Meta(description="Rows beyond `--limit`.")] = 0
    nodes: Annotated[
        list[TriageNode], Meta(description="Nodes that are sick, or on which most pods are.")
    ] = []
    coverage: Annotated[
        list[Coverage], Meta(description="What could not be checked, and what is missing for it.")
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


class WorkloadReport(Wire, frozen=True, kw_only=True):
    """A workload with its pods: its own verdict first, as it may lack pods that nobody can see."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["WorkloadReport"], Meta(description="Always `WorkloadReport`.")] = (
        "WorkloadReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    verdict: Annotated[Verdict, Meta(description="On the workload, with its one reason.")]
    workload: Annotated[Workload, Meta(description="What it wants and has, and what guards it.")]
    findings: Annotated[
        list[Finding], Meta(description="Problems of the workload itself, worst first.")
    ] = []
    silenced: Annotated[
        list[str],
        Meta(
            description="Codes of findings that are left out: by --ignore, --min-severity or the workload's annotation podx.dev/ignore."
        ),
    ] = []
    groups: Annotated[
        list[PodGroup], Meta(description="Its pods by what their verdicts rest on, worst first.")
    ] = []
    distinctions: Annotated[
        list[str], Meta(description="What sets one pod apart from the others.")
    ] = []
    differences: Annotated[list[Distinction], Meta(description="The same, field by field.")] = []
    coverage: Annotated[
        list[Coverage],
        Meta(description="What about the workload could not be read, and the missing right."),
    ] = []
    items: Annotated[list[PodReport], Meta(description="A report of every pod.")] = []


class RehearsalReport(Wire, frozen=True, kw_only=True):
    """Whether pods would start again now, as they are declared: references, admission, nodes."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["RehearsalReport"], Meta(description="Always `RehearsalReport`.")] = (
        "RehearsalReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    verdict: Annotated[Verdict, Meta(description="On all of them, with the first reason.")]
    would_start: Annotated[int, Meta(description="Pods that would start.")] = 0
    would_not_start: Annotated[int, Meta(description="Pods that would not.")] = 0
    unknown: Annotated[int, Meta(description="Pods of which not all could be checked.")] = 0
    items: Annotated[list[PodStart], Meta(description="Every pod, the worst first.")] = []
    coverage: Annotated[
        list[Coverage], Meta(description="Which shards of a Job are missing; of a pod see `items`.")
    ] = []


class PreflightReport(Wire, frozen=True, kw_only=True):
    """What would go wrong with manifests that are not applied yet, by the line of the file."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["PreflightReport"], Meta(description="Always `PreflightReport`.")] = (
        "PreflightReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    file: Annotated[str, Meta(description="The file, as it was named; `-` for standard input.")]
    offline: Annotated[bool, Meta(description="No cluster was asked.")] = False
    verdict: Annotated[Verdict, Meta(description="On all objects, with the first reason.")]
    would_start: Annotated[int, Meta(description="Objects whose pods would start.")] = 0
    would_not_start: Annotated[int, Meta(description="Objects whose pods would not.")] = 0
    unknown: Annotated[int, Meta(description="Objects of which not all could be checked.")] = 0
    items: Annotated[
        list[PodStart], Meta(description="Every object that makes pods, in the file's order.")
    ] = []


class DriftReport(Wire, frozen=True, kw_only=True):
    """Which running pods hold something older than its source; or who uses one source."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["DriftReport"], Meta(description="Always `DriftReport`.")] = (
        "DriftReport"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    namespace: Annotated[str, Meta(description="The namespace; empty for all.")] = ""
    source: Annotated[
        str, Meta(description="The one source that was asked about, as `KIND/NAME`.")
    ] = ""
    verdict: Annotated[Verdict, Meta(description="On all of them, in one line.")]
    scanned: Annotated[int, Meta(description="Pods that were looked through.")] = 0
    workloads: Annotated[int, Meta(description="Workloads that they belong to.")] = 0
    stale: Annotated[int, Meta(description="Workloads with something older or gone.")] = 0
    looked_into: Annotated[int, Meta(description="Pods whose values were compared by an exec.")] = 0
    rows: Annotated[list[DriftRow], Meta(description="What was found, worst first.")] = []
    coverage: Annotated[
        list[Coverage], Meta(description="What could not be checked, and what is missing for it.")
    ] = []


DOCUMENTS: tuple[type[Wire], ...] = (
    PodReport,
    PodReportList,
    WorkloadReport,
    DoctorReport,
    ComparisonReport,
    TriageReport,
    TriageShard,
    RehearsalReport,
    DriftReport,
    PreflightReport,
)
"""Each has `apiVersion: podx/v1` and a `kind` of its own."""
