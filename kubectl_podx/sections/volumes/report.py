"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, Bytes
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Basis


class VolumeMount(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that mounts it.")]
    path: Annotated[str, Meta(description="mountPath: where it is in the container.")]
    read_only: Annotated[bool, Meta(description="readOnly is declared.")] = False
    sub_path: Annotated[str, Meta(description="subPath, or subPathExpr expanded.")] = ""
    propagation: Annotated[str, Meta(description="mountPropagation as declared.")] = ""
    state: Annotated[
        str,
        Meta(description="`mounted`, or what is wrong, such as `coveredBy:/srv`."),
    ] = "unknown"
    device: Annotated[str | None, Meta(description="`major:minor` of the file system.")] = None
    inode: Annotated[str | None, Meta(description="The inode number of the mount's root.")] = None
    fstype: Annotated[str | None, Meta(description="The file system's type.")] = None
    observed_read_only: Annotated[
        bool | None, Meta(description="It is read-only in the container's mount table.")
    ] = None
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` if it cannot be told."
        ),
    ] = ""


class Volume(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The volume's name.")]
    type: Annotated[str, Meta(description="The field of the volume source, such as `configMap`.")]
    source: Annotated[
        str, Meta(description="What it is made from: an object's name, a path, an image.")
    ] = ""
    details: Annotated[
        list[str], Meta(description="What matters of its own type, a fact each.")
    ] = []
    mounts: Annotated[list[VolumeMount], Meta(description="Every mount of it.")] = []
    shared: Annotated[bool, Meta(description="Mounted by two containers or more.")] = False
    basis: Annotated[
        Basis, Meta(description="`proven` where device and inode of its mounts are equal.")
    ] = "declared"
    size: Annotated[
        Bytes | None, Meta(description="The size of its file system, which may be the node's disk.")
    ] = None
    used: Annotated[Bytes | None, Meta(description="Bytes in use on its file system.")] = None
    available: Annotated[
        Bytes | None, Meta(description="Bytes that a user without privileges can still write.")
    ] = None
    inodes: Annotated[int | None, Meta(description="Inodes of its file system.")] = None
    inodes_used: Annotated[int | None, Meta(description="Inodes in use on its file system.")] = None
    injected: Annotated[bool, Meta(description="The owner's template does not have it.")] = False
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` if it cannot be told."
        ),
    ] = ""


ORIGINS: dict[str, str] = {
    "": f"{FROM_SPEC}: volumes",
    "source": f"{FROM_SPEC}: volumes; the claim and its PersistentVolume",
    "details": f"{FROM_SPEC}: volumes; the claim and its PersistentVolume",
    "mounts": f"{FROM_SPEC}: volumeMounts",
    "mounts.state": f"{FROM_INSIDE}: /proc/N/mountinfo",
    "mounts.device": f"{FROM_INSIDE}: /proc/N/mountinfo",
    "mounts.inode": f"{FROM_INSIDE}: the mount's root",
    "mounts.fstype": f"{FROM_INSIDE}: /proc/N/mountinfo",
    "mounts.observedReadOnly": f"{FROM_INSIDE}: /proc/N/mountinfo",
    "basis": f"{FROM_INSIDE}: device and inode of its mounts",
    "size": f"{FROM_INSIDE}: its file system",
    "used": f"{FROM_INSIDE}: its file system",
    "available": f"{FROM_INSIDE}: its file system",
    "inodes": f"{FROM_INSIDE}: its file system",
    "inodesUsed": f"{FROM_INSIDE}: its file system",
    "injected": "the pod template of the owner",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
