"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.parts import Handler, Seconds
from kubectl_podx.model.wire import Wire


class Hook(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that has the hook.")]
    type: Annotated[Literal["postStart", "preStop"], Meta(description="`postStart` or `preStop`.")]
    handler: Annotated[Handler, Meta(description="What is run.")]
    state: Annotated[str, Meta(description="`declared` or `failed`.")] = "declared"
    reason: Annotated[str, Meta(description="What went wrong.")] = ""
    grace_period: Annotated[
        Seconds | None, Meta(description="The time that preStop and the stop share.")
    ] = None
    stop_signal: Annotated[
        str, Meta(description="The signal of the stop, where it is not TERM.")
    ] = ""
