"""What `doctor` prints: which rights are held, and what a report will lack without the others."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.finding import Coverage
from kubectl_podx.model.report.pod import Metadata
from kubectl_podx.model.wire import Wire

RightState = Literal["held", "missing", "unknown"]


class RightRow(Wire, frozen=True, kw_only=True):
    verb: Annotated[str, Meta(description="As in a Role: `get`, `list`, `create`.")]
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
