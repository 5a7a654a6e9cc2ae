"""Findings and coverage."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.report.words import CoverageState, FindingSeverity
from kubectl_podx.model.wire import Wire


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
    evidence: Annotated[list[str], Meta(description="What it rests on, with values.")] = []
    remedy: Annotated[
        str, Meta(description="What to do; a command that can be pasted where one exists.")
    ] = ""
    blocking: Annotated[bool, Meta(description="It keeps the pod from being ready now.")] = False


class Coverage(Wire, frozen=True, kw_only=True):
    section: Annotated[str, Meta(description="The section that lost rows.")]
    container: Annotated[str, Meta(description="Empty where it concerns the whole pod.")] = ""
    state: Annotated[
        CoverageState,
        Meta(description="`partial`, `denied`, `unobservable`, `timedOut` or `skipped`."),
    ]
    reason: Annotated[str, Meta(description="Why the rows are missing.")] = ""
    needs: Annotated[str, Meta(description="The missing right or flag.")] = ""
