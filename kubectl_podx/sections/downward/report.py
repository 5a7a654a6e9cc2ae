"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_POD, FROM_SPEC, WORKED_OUT, StateField
from kubectl_podx.model.wire import Wire


class DownwardRow(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that reads it.")]
    form: Annotated[
        Literal["env", "file"],
        Meta(description="`env` (of the container's start) or `file` (follows the pod)."),
    ]
    name: Annotated[str, Meta(description="The variable's name or the file's path.")]
    field: Annotated[
        str,
        Meta(
            description="Field path or resource, such as `metadata.labels['app']` or `limits.cpu`."
        ),
    ]
    divisor: Annotated[
        str, Meta(description="The divisor of a resource; empty where it is the default of 1.")
    ] = ""
    observed: Annotated[
        str | None,
        Meta(
            description="The value in the container; `<differs>` where it is not the current one."
        ),
    ] = None
    current: Annotated[str | None, Meta(description="The pod's value now.")] = None
    state: StateField
    reason: Annotated[str, Meta(description="Why it is in that state.")] = ""


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: fieldRef and resourceFieldRef",
    "observed": f"{FROM_INSIDE}: the variable or the file",
    "current": f"{FROM_POD} now",
    "state": f"{WORKED_OUT} from observed and current",
    "reason": f"{WORKED_OUT} from observed and current",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
