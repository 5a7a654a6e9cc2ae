"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Time
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import (
    TimelineKind,
    TimelineSource,
)


class TimelineEntry(Wire, frozen=True, kw_only=True):
    time: Annotated[Time, Meta(description="When it happened.")]
    what: Annotated[str, Meta(description="What happened, in a sentence.")]
    container: Annotated[str, Meta(description="Empty where it is about the whole pod.")] = ""
    source: Annotated[
        TimelineSource,
        Meta(description="Where the fact stands; gap: it is known to be missing."),
    ] = ""
    count: Annotated[int, Meta(description="How often it happened, at least.")] = 1
    kind: Annotated[
        TimelineKind,
        Meta(
            description="`started`, `ended` or `completed` (exit code 0) of a container; `probe` for a probe that failed, `killing`, `warning` and `event` for other events; `source` for a write of an object, `volume` for one of the kubelet; `pod`, `condition`, `node`, `token`, `certificate`; `gap` for what is known to be missing."
        ),
    ] = "event"
    first: Annotated[
        Time | None, Meta(description="When it happened first, where it happened several times.")
    ] = None


ORIGINS: dict[str, str] = {
    "": "events of the pod, status, conditions, volumes and managedFields",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
