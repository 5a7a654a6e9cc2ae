"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.parts import FROM_SPEC, FROM_STATUS
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import ImageState, PolicyBasis, PullSecretState


class PullSecret(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The Secret's name.")]
    state: Annotated[PullSecretState, Meta(description="Whether the kubelet can pull with it.")]
    type: Annotated[str, Meta(description="The Secret's type, where it is a wrong one.")] = ""
    elsewhere: Annotated[
        list[str] | None,
        Meta(
            description="Of one that is missing: other namespaces with a Secret of that name; null where that could not be listed."
        ),
    ] = None


class Image(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that runs it.")]
    image: Annotated[str, Meta(description="As the spec names it.")]
    tag: Annotated[str, Meta(description="The tag, `latest` where none is written.")] = ""
    digest: Annotated[str, Meta(description="The digest of what runs.")] = ""
    pull_policy: Annotated[str, Meta(description="imagePullPolicy: when the kubelet pulls it.")] = (
        ""
    )
    pull_policy_basis: Annotated[
        PolicyBasis | Literal[""],
        Meta(description="Whether the policy is the one that the API server sets by the tag."),
    ] = ""
    state: Annotated[ImageState, Meta(description="Whether the node has it.")] = "unknown"
    reason: Annotated[str, Meta(description="Why it is not there, in one word.")] = ""
    message: Annotated[str, Meta(description="Why it is not there, as the kubelet has it.")] = ""
    pull_secrets: Annotated[
        list[str],
        Meta(
            description="Names of the pull secrets, each with what is known of it, such as `regcred: missing`."
        ),
    ] = []
    pull_secret_states: Annotated[
        list[PullSecret], Meta(description="The same, field by field.")
    ] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: image",
    "digest": f"{FROM_STATUS}: imageID",
    "pullPolicy": f"{FROM_SPEC}: imagePullPolicy",
    "pullPolicyBasis": f"{FROM_SPEC}: imagePullPolicy, and the image's tag",
    "state": f"{FROM_STATUS}: state; events of the pod",
    "reason": f"{FROM_STATUS}: state; events of the pod",
    "message": f"{FROM_STATUS}: state; events of the pod",
    "pullSecrets": f"{FROM_SPEC}: imagePullSecrets, with the type of each Secret",
    "pullSecretStates": f"{FROM_SPEC}: imagePullSecrets, with the type of each Secret",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
