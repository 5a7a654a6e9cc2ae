"""What a container reads: files, environment, downward API, tokens."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from kubectl_podx.model.report.pod import Bytes, Seconds, Time
from kubectl_podx.model.report.words import ValueState
from kubectl_podx.model.wire import Wire

StateField = Annotated[ValueState, Meta(description="Decided in the order of docs/REPORT.md.")]


class KeySource(Wire, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(
            description="`ConfigMap`, `Secret`, `downwardAPI`, `serviceAccountToken`, `clusterTrustBundle`, `podCertificate`, `literal`, `field`, `resource`, `file`, `service`, `image`."
        ),
    ]
    name: Annotated[str, Meta(description="The object's name.")] = ""
    key: Annotated[str, Meta(description="The key, field path or resource.")] = ""
    optional: Annotated[
        bool, Meta(description="It is marked optional: its absence is no error.")
    ] = False


class FileRow(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that mounts it.")]
    path: Annotated[str, Meta(description="The file's path in the container.")]
    volume: Annotated[str, Meta(description="The volume's name.")]
    source: Annotated[KeySource, Meta(description="What it is made from.")]
    sub_path: Annotated[bool, Meta(description="Mounted by subPath: never updated in place.")] = (
        False
    )
    state: StateField
    reason: Annotated[str, Meta(description="Why it is in that state.")] = ""
    mode: Annotated[str | None, Meta(description="Its permissions in the container, in octal.")] = (
        None
    )
    declared_mode: Annotated[
        str | None,
        Meta(
            description="The permissions it should have, in octal, with the rules of fsGroup and runAsUser applied."
        ),
    ] = None
    uid: Annotated[int | None, Meta(description="The user id that owns it.")] = None
    gid: Annotated[int | None, Meta(description="The group id that owns it.")] = None
    readable: Annotated[
        bool | None,
        Meta(
            description="Whether the main process may read it; computed from mode and ids, not tried."
        ),
    ] = None
    digest: Annotated[str | None, Meta(description="sha256 of the file; never for a Secret.")] = (
        None
    )
    source_digest: Annotated[
        str | None, Meta(description="sha256 of the key now; never for a Secret.")
    ] = None
    size: Annotated[Bytes | None, Meta(description="Its size in the container.")] = None
    source_size: Annotated[
        Bytes | None, Meta(description="The size of the key in the API now.")
    ] = None
    modified_at: Annotated[
        Time | None, Meta(description="When the file in the container was last written.")
    ] = None
    volume_written_at: Annotated[
        Time | None, Meta(description="When the kubelet last changed the volume.")
    ] = None
    volume_written_after_start: Annotated[
        bool | None,
        Meta(
            description="The kubelet wrote the volume after the container started, so the program has the old content unless it read the file again."
        ),
    ] = None
    source_changed_at: Annotated[
        Time | None, Meta(description="When the object was last written, by its managedFields.")
    ] = None
    source_changed_by: Annotated[
        str, Meta(description="The field manager that wrote the object last.")
    ] = ""
    not_after: Annotated[
        Time | None, Meta(description="When a mounted certificate ends to be valid.")
    ] = None


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
            description="In an exec session's environment: what the kubelet set; `<differs>` or `<hidden>` where it is not shown."
        ),
    ] = None
    process: Annotated[
        str | None,
        Meta(
            description="The value in the main process's environment, which a program may change; `<differs>` or `<hidden>` where it is not shown."
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
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` where nobody is known."
        ),
    ] = ""


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
        str,
        Meta(
            description="`valid`, `refreshDue`, `expired`, `mismatch`, `unreadable` or `unknown`."
        ),
    ] = "unknown"
    reason: Annotated[str, Meta(description="What no longer matches.")] = ""
