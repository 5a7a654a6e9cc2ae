"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import (
    FROM_INSIDE,
    FROM_SPEC,
    WORKED_OUT,
    Bytes,
    KeySource,
    StateField,
    Time,
)
from kubectl_podx.model.wire import Wire


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
    not_before: Annotated[
        Time | None, Meta(description="When a mounted certificate becomes valid.")
    ] = None
    not_after: Annotated[Time | None, Meta(description="When a mounted certificate expires.")] = (
        None
    )


ORIGINS: dict[str, str] = {
    "": f"{FROM_INSIDE}: the mounted file",
    "container": f"{FROM_SPEC}: volumeMounts",
    "volume": f"{FROM_SPEC}: volumes",
    "source": f"{FROM_SPEC}: volumes",
    "subPath": f"{FROM_SPEC}: volumeMounts",
    "state": f"{WORKED_OUT} from the file and its source in the API now",
    "reason": f"{WORKED_OUT} from the file and its source in the API now",
    "declaredMode": f"{FROM_SPEC}: mode, defaultMode and securityContext",
    "readable": f"{WORKED_OUT} from the file's mode and the main process's ids",
    "sourceDigest": "the ConfigMap in the API now",
    "sourceSize": "the ConfigMap or Secret in the API now",
    "volumeWrittenAt": f"{FROM_INSIDE}: the time of the volume's ..data link",
    "volumeWrittenAfterStart": f"{FROM_INSIDE}: the ..data link; status: startedAt",
    "sourceChangedAt": "metadata.managedFields of the ConfigMap or Secret",
    "sourceChangedBy": "metadata.managedFields of the ConfigMap or Secret",
    "notAfter": "the certificate in the file, read once where it is sealed",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
