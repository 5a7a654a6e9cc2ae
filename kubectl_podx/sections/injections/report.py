"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Confidence, InjectionChange


class Injection(Wire, frozen=True, kw_only=True):
    path: Annotated[
        str, Meta(description="Where in the pod, such as `spec.containers[app].env[X]`.")
    ]
    change: Annotated[
        InjectionChange,
        Meta(
            description="What became of the field; absent: it was to be expected and is not there."
        ),
    ]
    by: Annotated[
        str, Meta(description="Who added it, such as a webhook or an admission plugin.")
    ] = ""
    confidence: Annotated[Confidence, Meta(description="`proven`, `likely` or `possible`.")] = (
        "possible"
    )
    detail: Annotated[str, Meta(description="How it is known.")] = ""
    edited: Annotated[
        bool, Meta(description="It was written after the pod was created: no work of admission.")
    ] = False


ORIGINS: dict[str, str] = {
    "": "the Pod against the pod template of its owner",
    "edited": "managedFields of the pod",
    "by": "managedFields, annotations and known names of what injects",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
