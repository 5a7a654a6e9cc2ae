"""The type of a row of drift."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Time
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Confidence, DriftKind, DriftState, Severity


class DriftRow(Wire, frozen=True, kw_only=True):
    """Running pods of one workload that hold something older than one source."""

    namespace: Annotated[str, Meta(description="The pods' namespace.")] = ""
    kind: Annotated[
        str, Meta(description="Of the owner, such as `Deployment`; `Pod` for a pod without one.")
    ]
    name: Annotated[str, Meta(description="The owner's name.")]
    drift: Annotated[DriftKind, Meta(description="What of the pods is older than its source.")]
    state: Annotated[DriftState, Meta(description="What is known of it.")]
    severity: Annotated[Severity, Meta(description="How bad that is.")]
    confidence: Annotated[
        Confidence,
        Meta(
            description="`likely` by the times of the API; `proven` where an exec has compared the values, or where the API itself says so."
        ),
    ] = "likely"
    source: Annotated[
        str, Meta(description="`KIND/NAME` of what they are older than; empty for none.")
    ] = ""
    how: Annotated[
        list[str], Meta(description="As what they use it, such as `LEVEL of app`; at most five.")
    ] = []
    pods: Annotated[int, Meta(description="How many pods.")] = 0
    of: Annotated[int, Meta(description="How many the owner has.")] = 0
    names: Annotated[list[str], Meta(description="Some of them; at most five.")] = []
    changed_at: Annotated[
        Time | None, Meta(description="When the source was last written; null where not known.")
    ] = None
    changed_by: Annotated[str, Meta(description="The field manager that wrote it.")] = ""
    started_at: Annotated[
        Time | None, Meta(description="When the oldest of their containers started.")
    ] = None
    expires_at: Annotated[
        Time | None, Meta(description="When the earliest certificate in the source ends.")
    ] = None
    summary: Annotated[str, Meta(description="What is the matter, in one line.")]
    evidence: Annotated[list[str], Meta(description="The evidence, with values.")] = []
    next: Annotated[str, Meta(description="A command that tells more and changes nothing.")] = ""
    fix: Annotated[
        str, Meta(description="The command that brings them up to date; empty for none.")
    ] = ""
