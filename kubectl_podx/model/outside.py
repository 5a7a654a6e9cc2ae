"""What is read of a pod from outside of it: by the metrics server and by the kubelet."""

from __future__ import annotations

from typing import Literal

from kubectl_podx.model.wire import Wire


class Pressure(Wire, frozen=True, kw_only=True):
    """One resource's stall times (PSI, cgroup v2), as shares of the last seconds, 0 to 100."""

    some10: float | None = None
    """At least one process waited."""
    some60: float | None = None
    full10: float | None = None
    """All processes waited at once."""
    full60: float | None = None


class MemoryUsage(Wire, frozen=True, kw_only=True):
    """A container's memory as read from outside of it."""

    container: str
    """Empty for the pod's own cgroup."""
    working_set: int
    """Bytes: usage less the page cache that the kernel drops first."""
    read_at: str | None = None
    source: Literal["metrics.k8s.io", "kubelet"]
    memory_pressure: Pressure = Pressure()
    """The kubelet's only."""
    cpu_pressure: Pressure = Pressure()
    io_pressure: Pressure = Pressure()


class DiskUsage(Wire, frozen=True, kw_only=True):
    """What one container has written, in bytes."""

    container: str
    root: int | None = None
    """Its writable layer."""
    logs: int | None = None


class VolumeSpace(Wire, frozen=True, kw_only=True):
    """The file system that a volume is on."""

    volume: str
    size: int | None = None
    available: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None


class Outside(Wire, frozen=True, kw_only=True):
    """One pod of a node's stats summary, beside its memory."""

    disks: list[DiskUsage] = []
    volumes: list[VolumeSpace] = []
