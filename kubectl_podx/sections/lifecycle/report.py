"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.parts import FROM_SPEC, FROM_STATUS, Handler, Seconds
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import HookState


class Hook(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that has the hook.")]
    type: Annotated[Literal["postStart", "preStop"], Meta(description="`postStart` or `preStop`.")]
    handler: Annotated[Handler, Meta(description="What is run.")]
    state: Annotated[HookState, Meta(description="Whether it is known to have failed.")] = (
        "declared"
    )
    reason: Annotated[str, Meta(description="What went wrong.")] = ""
    grace_period: Annotated[
        Seconds | None, Meta(description="The time that preStop and the stop share.")
    ] = None
    stop_signal: Annotated[
        str, Meta(description="The signal of the stop, where it is not TERM.")
    ] = ""


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: lifecycle of the containers",
    "state": f"{FROM_STATUS}: state.waiting; events: FailedPostStartHook, FailedPreStopHook",
    "reason": f"{FROM_STATUS}: state.waiting; events: FailedPostStartHook, FailedPreStopHook",
    "gracePeriod": f"{FROM_SPEC}: terminationGracePeriodSeconds",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
