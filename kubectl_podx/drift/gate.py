"""What a scan for drift decodes of pods, of the metadata of their sources and of their owners.

msgspec skips everything else without making objects of it. Of a ConfigMap or Secret only the
metadata is asked for: its values never travel.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kubectl_podx.model.decoder import Decoder
from kubectl_podx.pod.gate import Camel, OwnerGate, RunningGate


class KeyRef(Camel):
    """configMapKeyRef, secretKeyRef, or a reference to a whole object."""

    name: str = ""
    key: str = ""
    optional: bool | None = None


class ValueFrom(Camel):
    """env.valueFrom."""

    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None


class EnvGate(Camel):
    """One variable."""

    name: str = ""
    value_from: ValueFrom | None = None


class EnvFromGate(Camel):
    """One entry of envFrom."""

    config_map_ref: KeyRef | None = None
    secret_ref: KeyRef | None = None


class MountGate(Camel):
    """One volumeMount."""

    name: str = ""
    mount_path: str = ""
    sub_path: str | None = None
    sub_path_expr: str | None = None


class ContainerGate(Camel):
    """One container of the spec."""

    name: str = ""
    image: str | None = None
    restart_policy: str | None = None
    env: list[EnvGate] | None = None
    env_from: list[EnvFromGate] | None = None
    volume_mounts: list[MountGate] | None = None


class ItemGate(Camel):
    """One key of a volume and its path."""

    key: str = ""
    path: str = ""


class FilesGate(Camel):
    """A configMap, secret or a projected part of a volume; a Secret's name has two fields."""

    name: str = ""
    secret_name: str = ""
    optional: bool | None = None
    items: list[ItemGate] | None = None


class ProjectionGate(Camel):
    """One source of a projected volume."""

    config_map: FilesGate | None = None
    secret: FilesGate | None = None


class ProjectedGate(Camel):
    """A projected volume."""

    sources: list[ProjectionGate] | None = None


class VolumeGate(Camel):
    """One volume."""

    name: str = ""
    config_map: FilesGate | None = None
    secret: FilesGate | None = None
    projected: ProjectedGate | None = None


class SpecGate(Camel):
    """spec."""

    volumes: list[VolumeGate] | None = None
    init_containers: list[ContainerGate] | None = None
    containers: list[ContainerGate] | None = None
    image_pull_secrets: list[KeyRef] | None = None


class StateGate(Camel):
    """state."""

    running: RunningGate | None = None


class ContainerStatusGate(Camel, rename={"image_id": "imageID"}):
    """One container's status."""

    name: str = ""
    image_id: str | None = None
    state: StateGate | None = None


class StatusGate(Camel):
    """status."""

    phase: str | None = None
    container_statuses: list[ContainerStatusGate] | None = None
    init_container_statuses: list[ContainerStatusGate] | None = None


class FieldsGate(
    msgspec.Struct,
    gc=False,
    rename={"texts": "f:data", "blobs": "f:binaryData", "immutable": "f:immutable"},
):
    """The fields that a manager owns: of the data the names of its keys."""

    texts: dict[str, Any] | None = None
    blobs: dict[str, Any] | None = None
    immutable: dict[str, Any] | None = None


class ManagerGate(Camel, rename={"fields": "fieldsV1"}):
    """One entry of managedFields."""

    manager: str | None = None
    time: str | None = None
    subresource: str | None = None
    fields: FieldsGate | None = None


class MetaGate(Camel):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerGate] | None = None


class PodGate(Camel):
    """One pod."""

    metadata: MetaGate | None = None
    spec: SpecGate | None = None
    status: StatusGate | None = None


class SourceMeta(Camel):
    """The metadata of a ConfigMap or Secret."""

    name: str = ""
    namespace: str = ""
    creation_timestamp: str | None = None
    managed_fields: list[ManagerGate] | None = None


class SourceGate(Camel):
    """A PartialObjectMetadata."""

    metadata: SourceMeta | None = None


class _Rolling(Camel):
    partition: int | None = None


class _Strategy(Camel):
    type: str | None = None
    rolling_update: _Rolling | None = None


class _OwnerSpec(Camel):
    paused: bool | None = None
    update_strategy: _Strategy | None = None


class _OwnerCondition(Camel):
    type: str = ""
    reason: str | None = None


class _OwnerStatus(Camel):
    replicas: int | None = None
    updated_replicas: int | None = None
    update_revision: str | None = None
    conditions: list[_OwnerCondition] | None = None


class WorkloadGate(Camel):
    """A Deployment, StatefulSet or DaemonSet."""

    metadata: MetaGate | None = None
    spec: _OwnerSpec | None = None
    status: _OwnerStatus | None = None

    @property
    def paused(self) -> bool:
        """Whether its rollout is paused."""
        return bool(self.spec and self.spec.paused)

    @property
    def on_delete(self) -> bool:
        """Whether a pod takes the new template only when somebody deletes it."""
        strategy = self.spec.update_strategy if self.spec else None
        return strategy is not None and strategy.type == "OnDelete"

    @property
    def partitioned(self) -> bool:
        """Whether a partition keeps some pods of a StatefulSet on the older template."""
        strategy = self.spec.update_strategy if self.spec else None
        rolling = strategy.rolling_update if strategy is not None else None
        return rolling is not None and bool(rolling.partition)

    @property
    def stuck(self) -> bool:
        """Whether a rollout has given up."""
        conditions = (self.status.conditions if self.status else None) or []
        return any(one.reason == "ProgressDeadlineExceeded" for one in conditions)


class _Pods(msgspec.Struct):
    items: list[PodGate] | None = None


class _Sources(msgspec.Struct):
    items: list[SourceGate] | None = None


class _Workloads(msgspec.Struct):
    items: list[WorkloadGate] | None = None


_PODS = Decoder(_Pods)
_SOURCES = Decoder(_Sources)
_SOURCE = Decoder(SourceGate)
_WORKLOADS = Decoder(_Workloads)
BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What a page that is no list raises."""


def pods_of_page(body: bytes) -> list[PodGate]:
    """The pods of one page."""
    return _PODS.decode(body).items or []


def sources_of_page(body: bytes) -> list[SourceGate]:
    """The metadata of one page."""
    return _SOURCES.decode(body).items or []


def source_of(body: bytes) -> SourceGate:
    """The metadata of one object."""
    return _SOURCE.decode(body)


def workloads_of_page(body: bytes) -> list[WorkloadGate]:
    """The workloads of one page."""
    return _WORKLOADS.decode(body).items or []
