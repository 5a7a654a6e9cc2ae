"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, WORKED_OUT, KeySource, StateField
from kubectl_podx.model.wire import Wire


class VariableRow(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that has the variable.")]
    name: Annotated[str, Meta(description="The variable's name.")]
    source: Annotated[KeySource, Meta(description="Where it comes from.")]
    declared: Annotated[
        str | None,
        Meta(
            description="What spec and sources give now; `<hidden>` where it is not to be shown; null where it is not declared or not known."
        ),
    ] = None
    injected: Annotated[
        str | None,
        Meta(
            description="In an exec session's environment: what the kubelet set; `<hidden>` where it is not shown."
        ),
    ] = None
    process: Annotated[
        str | None,
        Meta(
            description="The value in the main process's environment, which a program may change; `<hidden>` where it is not shown."
        ),
    ] = None
    current: Annotated[
        str | None, Meta(description="What a start of the container now would give it.")
    ] = None
    state: StateField
    reason: Annotated[str, Meta(description="Why it is in that state.")] = ""
    shadows: Annotated[
        list[str], Meta(description="Sources of the same name that this one overrides.")
    ] = []
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` if it cannot be told."
        ),
    ] = ""


ORIGINS: dict[str, str] = {
    "": f"{WORKED_OUT} from the three columns",
    "container": f"{FROM_SPEC}: containers",
    "name": f"{FROM_SPEC}: env and envFrom; an exec for what is not declared",
    "source": f"{FROM_SPEC}: env and envFrom",
    "declared": f"{FROM_SPEC}: env and envFrom, with their objects in the API now",
    "injected": f"{FROM_INSIDE}: the environment of the exec session",
    "process": f"{FROM_INSIDE}: /proc/N/environ of the main process",
    "current": f"{FROM_SPEC}: env and envFrom, with their objects in the API now",
    "shadows": f"{FROM_SPEC}: env and envFrom",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
