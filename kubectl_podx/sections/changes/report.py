"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import Time
from kubectl_podx.model.wire import Wire


class Change(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`rollout`, `image`, `template`, `config`, `resize`, `labels`, `replaced`."
        ),
    ]
    what: Annotated[str, Meta(description="What changed, in a sentence.")]
    before: Annotated[str, Meta(description="The value before.")] = ""
    after: Annotated[str, Meta(description="The value after.")] = ""
    time: Annotated[Time | None, Meta(description="When it was written.")] = None
    by: Annotated[str, Meta(description="The field manager, where managedFields tell.")] = ""
    object: Annotated[str, Meta(description="The object, as KIND/NAME.")] = ""
