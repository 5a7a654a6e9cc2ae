"""The report: the public document that `-o json` prints, `--query` asks and `explain` explains."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from kubectl_podx.model.parts import (
    FROM_POD,
    FROM_STATUS,
    WORKED_OUT,
    Coverage,
    Finding,
    Metadata,
    Verdict,
)
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Severity
from kubectl_podx.sections.changes.report import Change
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.sections.downward.report import DownwardRow
from kubectl_podx.sections.environment.report import VariableRow
from kubectl_podx.sections.files.report import FileRow
from kubectl_podx.sections.hosts.report import Hosts
from kubectl_podx.sections.images.report import Image
from kubectl_podx.sections.injections.report import Injection
from kubectl_podx.sections.lifecycle.report import Hook
from kubectl_podx.sections.namespaces.report import Namespaces
from kubectl_podx.sections.network.report import Network
from kubectl_podx.sections.node.report import Node
from kubectl_podx.sections.pod.report import Pod
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.scheduling.report import Scheduling
from kubectl_podx.sections.security.report import Security
from kubectl_podx.sections.timeline.report import TimelineEntry
from kubectl_podx.sections.tokens.report import TokenRow
from kubectl_podx.sections.volumes.report import Volume

API_VERSION: Final = "podx/v1"


class PodReport(Wire, frozen=True, kw_only=True):
    """One pod from three sides. A section that was not asked for is null."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = API_VERSION
    kind: Annotated[Literal["PodReport"], Meta(description="Always `PodReport`.")] = "PodReport"
    metadata: Annotated[Metadata, Meta(description="Where and when the report comes from.")]
    verdict: Annotated[Verdict, Meta(description="The one sentence to read first.")]
    pod: Annotated[Pod, Meta(description="The pod as a whole.")]
    containers: Annotated[
        list[Container] | None, Meta(description="Every container, in the order they start.")
    ] = None
    namespaces: Annotated[
        Namespaces | None, Meta(description="Which namespaces are shared, and by whom.")
    ] = None
    network: Annotated[
        Network | None, Meta(description="Connections that hang, Services, readiness gates.")
    ] = None
    volumes: Annotated[list[Volume] | None, Meta(description="Every volume with every mount.")] = (
        None
    )
    files: Annotated[
        list[FileRow] | None, Meta(description="Mounted ConfigMap, Secret and projected files.")
    ] = None
    environment: Annotated[
        list[VariableRow] | None, Meta(description="Every variable of every container.")
    ] = None
    downward_api: Annotated[
        list[DownwardRow] | None, Meta(description="Downward API values against the pod now.")
    ] = None
    service_account_tokens: Annotated[
        list[TokenRow] | None, Meta(description="Claims of projected tokens; never the token.")
    ] = None
    probes: Annotated[
        list[Probe] | None, Meta(description="Probes with counters, failures and state.")
    ] = None
    restarts: Annotated[
        list[Restart] | None,
        Meta(description="Per container: count, cause of the last termination, evidence."),
    ] = None
    changes: Annotated[list[Change] | None, Meta(description="What changed before it broke.")] = (
        None
    )
    lifecycle: Annotated[list[Hook] | None, Meta(description="Hooks and the grace budget.")] = None
    scheduling: Annotated[Scheduling | None, Meta(description="What the pod asks of a node.")] = (
        None
    )
    node: Annotated[Node | None, Meta(description="The node and how fresh its word is.")] = None
    images: Annotated[
        list[Image] | None, Meta(description="Images, digests, pull policy and pull secrets.")
    ] = None
    hosts: Annotated[
        Hosts | None, Meta(description="/etc/hosts, hostname and resolv.conf against the spec.")
    ] = None
    security: Annotated[
        list[Security] | None,
        Meta(description="What securityContext declares, and what the process really has."),
    ] = None
    injections: Annotated[
        list[Injection] | None, Meta(description="What admission added to the owner's template.")
    ] = None
    timeline: Annotated[
        list[TimelineEntry] | None, Meta(description="Every dated fact, oldest first.")
    ] = None
    findings: Annotated[list[Finding] | None, Meta(description="Problems, worst first.")] = None
    silenced: Annotated[
        list[str],
        Meta(
            description="Codes of findings that are left out: by --ignore, --min-severity or the pod's annotation podx.dev/ignore."
        ),
    ] = []
    coverage: Annotated[
        list[Coverage],
        Meta(description="What could not be checked, and the missing right or flag."),
    ] = []


class OtherValue(Wire, frozen=True, kw_only=True):
    value: Annotated[str, Meta(description="What these pods have.")]
    pods: Annotated[list[str], Meta(description="Names, with the namespace where two are alike.")]


class Distinction(Wire, frozen=True, kw_only=True):
    """One fact that sets pods apart from the others."""

    fact: Annotated[str, Meta(description="What is compared, such as `image of app`.")]
    pods: Annotated[list[str], Meta(description="Names, with the namespace where two are alike.")]
    value: Annotated[str, Meta(description="What these pods have.")]
    others: Annotated[list[OtherValue], Meta(description="What the others have.")] = []


class PodGroup(Wire, frozen=True, kw_only=True):
    """Pods whose verdicts rest on the same."""

    severity: Annotated[Severity, Meta(description="Of the verdicts.")]
    summary: Annotated[str, Meta(description="The verdict on the first of them.")]
    codes: Annotated[list[str], Meta(description="Codes that the verdicts rest on.")] = []
    pods: Annotated[
        list[str],
        Meta(description="Names, with the namespace where two are alike; the worst first."),
    ]


class PodReportList(Wire, frozen=True, kw_only=True):
    """Several pods."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = API_VERSION
    kind: Annotated[Literal["PodReportList"], Meta(description="Always `PodReportList`.")] = (
        "PodReportList"
    )
    metadata: Annotated[Metadata, Meta(description="Where and when the reports come from.")]
    verdict: Annotated[Verdict, Meta(description="The worst of all, in one line.")]
    distinctions: Annotated[
        list[str], Meta(description="What sets one pod apart from the others.")
    ] = []
    differences: Annotated[list[Distinction], Meta(description="The same, field by field.")] = []
    notes: Annotated[
        list[str], Meta(description="The verdict on each workload or Service that was named.")
    ] = []
    groups: Annotated[
        list[PodGroup], Meta(description="The pods by what their verdicts rest on, worst first.")
    ] = []
    items: Annotated[list[PodReport], Meta(description="A report of every pod.")] = []


ORIGINS: dict[str, str] = {
    "ComparisonReport": "the reports of the pods, and the versions of what they read",
    "DoctorReport": "SelfSubjectAccessReviews about the rights of the plan",
    "TriageReport": "the lists of pods and nodes, and the reports on representative pods",
    "RehearsalReport": "the owners' templates, what they refer to, the nodes, and a server dry run",
    "PreflightReport": "the manifest, what it refers to, the nodes, and a server dry run",
    "DriftReport": "the lists of pods, of workloads and of the metadata of ConfigMaps and Secrets",
    "TriageShard": "the lines that one completion of a Job prints",
    "apiVersion": "podx",
    "kind": "podx",
    "metadata": "podx",
    "metadata.capturedAt": "the Date header of the API server's answer",
    "metadata.serverVersion": "GET /version",
    "verdict": f"{WORKED_OUT} from the findings and the containers' states",
    "pod": FROM_POD,
    "pod.status": f"{WORKED_OUT} as kubectl's printer does, from phase, reasons and states",
    "pod.ready": f"{FROM_STATUS}: containerStatuses",
    "pod.restarts": f"{FROM_STATUS}: containerStatuses",
    "pod.startedAt": f"{FROM_STATUS}: startTime",
    "pod.owners": "metadata.ownerReferences, and those of the owner",
    "pod.age": "metadata.creationTimestamp and the time of the capture",
    "silenced": "the findings that --ignore, --min-severity or the annotation podx.dev/ignore leave out",
    "coverage": "the calls that were refused, failed or not made",
    "WorkloadReport": "the workload in the API, and the reports on its pods",
}
"""Where the fields of no section come from, by path, and what other documents are made of."""
