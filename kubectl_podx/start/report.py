"""The types of what keeps a pod from starting."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    AdmissionState,
    Confidence,
    FindingSeverity,
    StartBasis,
    StartProblemKind,
    StartState,
)


class StartProblem(Wire, frozen=True, kw_only=True):
    """One thing that keeps a pod from starting, or may."""

    kind: Annotated[StartProblemKind, Meta(description="What it is about.")]
    severity: Annotated[
        FindingSeverity,
        Meta(description="`critical`: the pod would not start. `warning`: it may not."),
    ]
    confidence: Annotated[
        Confidence,
        Meta(description="`proven` where the API itself says so, `likely` where it may change."),
    ] = "proven"
    title: Annotated[str, Meta(description="One line, with the names it is about.")]
    evidence: Annotated[list[str], Meta(description="The evidence, with values.")] = []
    container: Annotated[str, Meta(description="Empty where it is about the whole pod.")] = ""
    object: Annotated[
        str, Meta(description="What is missing or refuses, as `KIND/NAME`; empty for none.")
    ] = ""
    field: Annotated[
        str,
        Meta(description="The field of the pod that asks for it; empty where it is no single one."),
    ] = ""
    line: Annotated[
        int, Meta(description="Of the manifest, from 1; 0 without a file or where not known.")
    ] = 0
    next: Annotated[
        str, Meta(description="A command that tells more and changes nothing; empty for none.")
    ] = ""


class AdmissionAnswer(Wire, frozen=True, kw_only=True):
    """What the API server said of the pod, by a dry run."""

    state: Annotated[
        AdmissionState,
        Meta(
            description="`accepted`, `refused`; `notAsked` with --no-dry-run or --offline, `denied` without the right to create pods, `unsupported` where a webhook takes no dry run."
        ),
    ] = "notAsked"
    message: Annotated[str, Meta(description="What it said; empty where it accepted.")] = ""


class NodesForPod(Wire, frozen=True, kw_only=True):
    """Which nodes could take the pod now."""

    fitting: Annotated[list[str], Meta(description="Some of them, by name.")] = []
    fit: Annotated[int, Meta(description="How many could take it.")] = 0
    of: Annotated[int, Meta(description="How many there are.")] = 0
    reasons: Annotated[
        list[str], Meta(description="Why the others could not, with how many, most first.")
    ] = []


class PodStart(Wire, frozen=True, kw_only=True):
    """Whether one pod would start now, as it is declared."""

    namespace: Annotated[str, Meta(description="The pod's namespace.")] = ""
    name: Annotated[
        str,
        Meta(description="The pod whose place it takes, or the workload that would make it."),
    ]
    owner: Annotated[
        str, Meta(description="What makes it, as `KIND/NAME`; empty for a pod of its own.")
    ] = ""
    basis: Annotated[
        StartBasis,
        Meta(
            description="What it is declared by: its owner's `template`, the `pod`, a `manifest`."
        ),
    ] = "pod"
    object: Annotated[
        str, Meta(description="Of a manifest: the object of the file, as `KIND/NAME`.")
    ] = ""
    line: Annotated[
        int, Meta(description="Where it begins in the manifest, from 1; 0 without one.")
    ] = 0
    state: Annotated[
        StartState, Meta(description="`unknown` where nothing is against it and not all was seen.")
    ]
    summary: Annotated[str, Meta(description="Why, in one line.")]
    admission: Annotated[AdmissionAnswer, Meta(description="What the API server said.")]
    nodes: Annotated[
        NodesForPod | None, Meta(description="Where it could run; null where nodes were not read.")
    ] = None
    pulls: Annotated[
        list[str], Meta(description="Images that no node is known to have: they must be pulled.")
    ] = []
    problems: Annotated[
        list[StartProblem], Meta(description="What is against it, worst first.")
    ] = []
    coverage: Annotated[list[Coverage], Meta(description="What could not be checked.")] = []
