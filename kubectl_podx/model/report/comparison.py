"""What `compare` prints: the facts in which pods differ."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.pod import Metadata, Time
from kubectl_podx.model.wire import Wire


class ComparedPod(Wire, frozen=True, kw_only=True):
    label: Annotated[
        str, Meta(description="What the pod is called here: its name, and its file's where needed.")
    ]
    namespace: Annotated[str, Meta(description="The pod's namespace.")]
    name: Annotated[str, Meta(description="The pod's name.")]
    captured_at: Annotated[Time, Meta(description="When it was looked at, by the server's clock.")]
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
            description="One for each of `pods`, in that order: what may be shown, else a state; `none` where the pod has no such thing, `unknown` where it was not seen."
        ),
    ]
    outliers: Annotated[
        list[str],
        Meta(
            description="Labels of the pods that stand apart from a majority; empty where there is none."
        ),
    ] = []


class ComparisonReport(Wire, frozen=True, kw_only=True):
    """Two pods or more, fact by fact: only what differs."""

    api_version: Annotated[Literal["podx/v1"], Meta(description="Always `podx/v1`.")] = "podx/v1"
    kind: Annotated[Literal["ComparisonReport"], Meta(description="Always `ComparisonReport`.")] = (
        "ComparisonReport"
    )
    metadata: Annotated[Metadata, Meta(description="When the first of them was looked at.")]
    pods: Annotated[list[ComparedPod], Meta(description="What was compared.")]
    compared: Annotated[int, Meta(description="How many facts were compared.")] = 0
    differences: Annotated[
        list[Difference], Meta(description="The facts that differ; what has an outlier first.")
    ] = []
    notes: Annotated[
        list[str], Meta(description="What could not be compared, pod by pod, and why.")
    ] = []
