"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.wire import Wire


class Image(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that runs it.")]
    image: Annotated[str, Meta(description="As the spec names it.")]
    tag: Annotated[str, Meta(description="The tag, `latest` where none is written.")] = ""
    digest: Annotated[str, Meta(description="The digest of what runs.")] = ""
    pull_policy: Annotated[str, Meta(description="imagePullPolicy: when the kubelet pulls it.")] = (
        ""
    )
    pull_policy_basis: Annotated[str, Meta(description="`matchesDefault` or `declared`.")] = ""
    state: Annotated[str, Meta(description="`present`, `pulling`, `failed` or `unknown`.")] = (
        "unknown"
    )
    reason: Annotated[str, Meta(description="Why it is not there, in one word.")] = ""
    message: Annotated[str, Meta(description="Why it is not there, as the kubelet has it.")] = ""
    pull_secrets: Annotated[
        list[str],
        Meta(
            description="Names of the pull secrets, each with `ok`, `missing`, `denied` or `wrongType`."
        ),
    ] = []
