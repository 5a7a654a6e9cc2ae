"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Confidence


class Injection(Wire, frozen=True, kw_only=True):
    path: Annotated[
        str, Meta(description="Where in the pod, such as `spec.containers[app].env[X]`.")
    ]
    change: Annotated[
        str,
        Meta(
            description="`added`, `changed` or `removed`; `absent` where it was to be expected and is not there."
        ),
    ]
    by: Annotated[
        str, Meta(description="Who added it, such as a webhook or an admission plugin.")
    ] = ""
    confidence: Annotated[Confidence, Meta(description="`proven`, `likely` or `possible`.")] = (
        "possible"
    )
    detail: Annotated[str, Meta(description="How it is known.")] = ""
