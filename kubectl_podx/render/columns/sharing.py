"""Columns of namespaces, processes, listeners, network and volumes."""

from __future__ import annotations

from typing import NamedTuple

from kubectl_podx.model.report.sharing import (
    ListenerRow,
    Namespace,
    NamespaceGroup,
    Namespaces,
    ServicePort,
    ServiceRow,
    Volume,
    VolumeMount,
)
from kubectl_podx.render.columns.column import Column
from kubectl_podx.render.units import NONE, ago, human_size, text_or_none, yes_no

KINDS = ("network", "pid", "ipc", "uts", "user", "mount", "cgroup")


class NamespaceLine(NamedTuple):
    """One group of containers that are in one namespace of a kind."""

    kind: str
    namespace: Namespace
    group: NamespaceGroup | None


def namespace_lines(found: Namespaces) -> list[NamespaceLine]:
    """A line per group; a kind whose groups are not known has one line without."""
    lines: list[NamespaceLine] = []
    for kind in KINDS:
        namespace: Namespace = getattr(found, kind)
        groups: list[NamespaceGroup | None] = [*namespace.groups] or [None]
        lines += [NamespaceLine(kind, namespace, group) for group in groups]
    return lines


NAMESPACE: tuple[Column, ...] = (
    Column("NAMESPACE", lambda row, _: row.kind),
    Column("MODE", lambda row, _: text_or_none(row.namespace.mode)),
    Column("CONTAINERS", lambda row, _: text_or_none(row.group and row.group.containers)),
    Column("BASIS", lambda row, _: row.group.basis if row.group else NONE),
    Column("AS-DECLARED", lambda row, _: yes_no(row.namespace.agrees)),
    Column("DECLARED-BY", lambda row, _: text_or_none(row.namespace.declared_by), wide=True),
    Column("INODE", lambda row, _: text_or_none(row.group and row.group.inode), wide=True),
    Column("REASON", lambda row, _: text_or_none(row.namespace.reason), wide=True, prose=True),
)

PROCESS: tuple[Column, ...] = (
    Column("PID", lambda row, _: str(row.pid)),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("EXECUTABLE", lambda row, _: f"{row.executable}{' (main)' if row.main else ''}"),
    Column("STATE", lambda row, _: text_or_none(row.state)),
    Column("UID", lambda row, _: text_or_none(row.uid)),
    Column("HANDLES-TERM", lambda row, _: yes_no(row.handles_term)),
    Column("STARTED", lambda row, now: ago(row.started_at, now)),
    Column("ARGS", lambda row, _: text_or_none(row.argument_count), wide=True),
    Column("PARENT", lambda row, _: text_or_none(row.parent), wide=True),
    Column("GID", lambda row, _: text_or_none(row.gid), wide=True),
    Column("MEMORY", lambda row, _: human_size(row.resident), wide=True),
    Column("SEEN-FROM", lambda row, _: row.seen_from, wide=True),
)


def _process(row: ListenerRow) -> str:
    if row.pid is None:
        return row.reason or NONE
    return f"{row.executable or '?'} ({row.pid})"


LISTENER: tuple[Column, ...] = (
    Column("LISTENS-ON", lambda row, _: f"{address(row.address)}:{row.port}"),
    Column("PROTOCOL", lambda row, _: row.protocol),
    Column("CONTAINER", lambda row, _: text_or_none(row.container)),
    Column("PROCESS", lambda row, _: _process(row)),
    Column("DECLARED-AS", lambda row, _: text_or_none(row.declared_as)),
    Column("HOST-PORT", lambda row, _: text_or_none(row.host_port), wide=True),
    Column("UID", lambda row, _: text_or_none(row.uid), wide=True),
)


def address(text: str) -> str:
    """An IPv6 address in brackets, so that its port can be told."""
    return f"[{text}]" if ":" in text else text


class ServiceLine(NamedTuple):
    """One port of a Service, or the Service where it has none."""

    service: ServiceRow
    port: ServicePort | None


def service_lines(services: list[ServiceRow]) -> list[ServiceLine]:
    """A line per port."""
    nothing: list[ServicePort | None] = [None]
    return [ServiceLine(row, port) for row in services for port in [*row.ports] or nothing]


def _port(port: ServicePort | None) -> str:
    if port is None:
        return NONE
    return f"{port.port} ({port.name})" if port.name else str(port.port)


def _target(port: ServicePort | None) -> str:
    if port is None:
        return NONE
    if port.resolved is None or str(port.resolved) == port.target_port:
        return port.target_port or NONE
    return f"{port.target_port} -> {port.resolved}"


SERVICE: tuple[Column, ...] = (
    Column("SERVICE", lambda row, _: row.service.name),
    Column("PORT", lambda row, _: _port(row.port)),
    Column("TARGET", lambda row, _: _target(row.port)),
    Column("LISTENING", lambda row, _: yes_no(row.port.listening) if row.port else NONE),
    Column("ENDPOINT", lambda row, _: row.service.endpoint),
    Column("TYPE", lambda row, _: text_or_none(row.service.type), wide=True),
    Column("SERVING", lambda row, _: yes_no(row.service.serving), wide=True),
)

CONNECTION: tuple[Column, ...] = (
    Column("CONNECTION", lambda row, _: row.state),
    Column("REMOTE", lambda row, _: row.remote),
    Column("LOCAL", lambda row, _: row.local),
    Column("COUNT", lambda row, _: str(row.count)),
    Column("SEEN-FROM", lambda row, _: row.container, wide=True),
)

GATE: tuple[Column, ...] = (
    Column("READINESS-GATE", lambda row, _: row.condition),
    Column("STATUS", lambda row, _: row.status),
)


class MountLine(NamedTuple):
    """One mount of a volume, or the volume where nothing mounts it."""

    volume: Volume
    mount: VolumeMount | None


def mount_lines(volumes: list[Volume]) -> list[MountLine]:
    """A line per mount."""
    nothing: list[VolumeMount | None] = [None]
    return [MountLine(row, mount) for row in volumes for mount in [*row.mounts] or nothing]


READ_ONLY_TYPES = frozenset({"configMap", "secret", "projected", "downwardAPI", "image"})
"""Volumes that the kubelet mounts read-only, whatever the mount declares."""


def _access(line: MountLine) -> str:
    mount = line.mount
    if mount is None:
        return NONE
    declared = "ro" if mount.read_only or line.volume.type in READ_ONLY_TYPES else "rw"
    if mount.observed_read_only is None:
        return declared
    observed = "ro" if mount.observed_read_only else "rw"
    return declared if observed == declared else f"{declared}, observed {observed}"


def used_of_size(row: Volume) -> str:
    """`1.2Gi/10Gi`; `<none>` where it was not read."""
    if row.size is None and row.used is None:
        return NONE
    return f"{human_size(row.used)}/{human_size(row.size)}"


def _inodes(row: Volume) -> str:
    if row.inodes is None and row.inodes_used is None:
        return NONE
    return f"{text_or_none(row.inodes_used)}/{text_or_none(row.inodes)}"


def _shared(row: Volume) -> str:
    return f"yes ({row.basis})" if row.shared else "no"


VOLUME: tuple[Column, ...] = (
    Column("VOLUME", lambda row, _: row.volume.name),
    Column("TYPE", lambda row, _: row.volume.type),
    Column("SOURCE", lambda row, _: text_or_none(row.volume.source)),
    Column("CONTAINER", lambda row, _: row.mount.container if row.mount else NONE),
    Column("PATH", lambda row, _: row.mount.path if row.mount else NONE),
    Column("ACCESS", lambda row, _: _access(row)),
    Column("STATE", lambda row, _: row.mount.state if row.mount else "notMounted"),
    Column("SHARED", lambda row, _: _shared(row.volume)),
    Column("USED", lambda row, _: used_of_size(row.volume)),
    Column("SUBPATH", lambda row, _: text_or_none(row.mount and row.mount.sub_path), wide=True),
    Column("FSTYPE", lambda row, _: text_or_none(row.mount and row.mount.fstype), wide=True),
    Column("DEVICE", lambda row, _: text_or_none(row.mount and row.mount.device), wide=True),
    Column("INODES", lambda row, _: _inodes(row.volume), wide=True),
    Column(
        "PROPAGATION", lambda row, _: text_or_none(row.mount and row.mount.propagation), wide=True
    ),
    Column("DETAILS", lambda row, _: "; ".join(row.volume.details) or NONE, wide=True),
    Column("INJECTED-BY", lambda row, _: text_or_none(row.volume.injected_by), wide=True),
    Column(
        "MOUNTED-BY", lambda row, _: text_or_none(row.mount and row.mount.injected_by), wide=True
    ),
)
