"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Time
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import ChangeKind


class Change(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        ChangeKind,
        Meta(description="What kind of change it is."),
    ]
    what: Annotated[str, Meta(description="What changed, in a sentence.")]
    before: Annotated[str, Meta(description="The value before.")] = ""
    after: Annotated[str, Meta(description="The value after.")] = ""
    time: Annotated[Time | None, Meta(description="When it was written.")] = None
    by: Annotated[str, Meta(description="The field manager, where managedFields tell.")] = ""
    object: Annotated[str, Meta(description="The object, as KIND/NAME.")] = ""


ORIGINS: dict[str, str] = {
    "": "managedFields, the owner's revisions and the objects that the pod reads",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
