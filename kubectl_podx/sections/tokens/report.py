"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, WORKED_OUT, Seconds, Time
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import TokenState


class TokenRow(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that mounts it.")]
    path: Annotated[str, Meta(description="The token's path in the container.")]
    volume: Annotated[str, Meta(description="The volume's name.")] = ""
    audiences: Annotated[list[str], Meta(description="Claim `aud`: who may accept it.")] = []
    issued_at: Annotated[Time | None, Meta(description="Claim `iat`: when it was issued.")] = None
    expires_at: Annotated[
        Time | None,
        Meta(
            description="Claim `exp`; a year later than asked for where the API server extends tokens."
        ),
    ] = None
    warn_after: Annotated[
        Time | None,
        Meta(
            description="Claim `kubernetes.io.warnafter`: from here on the API server counts its use as stale."
        ),
    ] = None
    refresh_at: Annotated[
        Time | None, Meta(description="When the kubelet renews it: 80 % of its life, 24 h at most.")
    ] = None
    expiration_seconds: Annotated[
        Seconds | None, Meta(description="How long a token lives, as the volume declares it.")
    ] = None
    bound_pod: Annotated[
        str, Meta(description="Claim `kubernetes.io/pod`: the pod it is bound to.")
    ] = ""
    bound_node: Annotated[
        str, Meta(description="Claim `kubernetes.io/node`: the node it is bound to.")
    ] = ""
    service_account: Annotated[
        str, Meta(description="Claim `kubernetes.io/serviceaccount`: whose token it is.")
    ] = ""
    state: Annotated[
        TokenState,
        Meta(description="Whether the API server would take it."),
    ] = "unknown"
    reason: Annotated[str, Meta(description="What no longer matches.")] = ""


ORIGINS: dict[str, str] = {
    "": f"{FROM_INSIDE}: the token's claims, read once where it is sealed",
    "container": f"{FROM_SPEC}: volumeMounts",
    "path": f"{FROM_SPEC}: volumeMounts",
    "volume": f"{FROM_SPEC}: volumes",
    "expirationSeconds": f"{FROM_SPEC}: serviceAccountToken of the volume",
    "refreshAt": f"{WORKED_OUT} from iat and the declared life",
    "state": f"{WORKED_OUT} from the claims, the pod and the clock",
    "reason": f"{WORKED_OUT} from the claims, the pod and the clock",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
