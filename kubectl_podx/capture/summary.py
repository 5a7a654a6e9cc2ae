"""The kubelet's whole stats summary, for a pod that nobody can look into. Pure.

The short one, of memory alone, decides whether to exec: `capture/exec_policy.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.exec_policy import of_summary
from kubectl_podx.capture.planned import PlannedCall, Right
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.outside import DiskUsage, MemoryUsage, Outside, VolumeSpace
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.sections.table import LOOKS_INSIDE

WHOLE = "whole"
_MOST_BYTES = 1 << 62
_MOST_ROWS = 1000


class _Disk(msgspec.Struct):
    used: int | None = msgspec.field(name="usedBytes", default=None)


class _Container(msgspec.Struct):
    name: str = ""
    rootfs: _Disk | None = None
    logs: _Disk | None = None


class _Volume(msgspec.Struct):
    name: str = ""
    size: int | None = msgspec.field(name="capacityBytes", default=None)
    available: int | None = msgspec.field(name="availableBytes", default=None)
    inodes: int | None = None
    free: int | None = msgspec.field(name="inodesFree", default=None)


class _Reference(msgspec.Struct):
    uid: str = ""


class _Pod(msgspec.Struct):
    reference: _Reference | None = msgspec.field(name="podRef", default=None)
    containers: list[_Container] | None = None
    volumes: list[_Volume] | None = msgspec.field(name="volume", default=None)


class _Summary(msgspec.Struct):
    pods: list[_Pod] | None = None


_DECODER = Decoder(_Summary)


def whole_summary(pod: Json) -> PlannedCall | None:
    """The request for the summary of the pod's node; None before it has one."""
    node = text(pod, "spec", "nodeName")
    if not node:
        return None
    return PlannedCall(
        "stats",
        node,
        LOOKS_INSIDE,
        Right(("get",), "nodes/proxy", "", "", node),
        Reference("Node", "", node),
        detail=WHOLE,
        optional_right=True,
    )


def outside_of(body: bytes, pod_uid: str) -> Outside | None:
    """What the summary tells of the pod with this uid; None where it does not."""
    try:
        found = _DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    for pod in found.pods or []:
        if pod.reference is not None and pod.reference.uid == pod_uid:
            containers, volumes = (pod.containers or [], pod.volumes or [])
            return Outside(
                disks=[_disk(one) for one in containers[:_MOST_ROWS] if one.name],
                volumes=[_space(one) for one in volumes[:_MOST_ROWS] if one.name],
            )
    return None


def _disk(one: _Container) -> DiskUsage:
    root, logs = (disk.used if disk else None for disk in (one.rootfs, one.logs))
    return DiskUsage(container=one.name, root=_bounded(root), logs=_bounded(logs))


def _space(one: _Volume) -> VolumeSpace:
    # `usedBytes` and `inodesUsed` are of the volume alone: another fact than that of `df`.
    inodes, free = _bounded(one.inodes), _bounded(one.free)
    used = inodes - free if inodes is not None and free is not None and free <= inodes else None
    return VolumeSpace(
        volume=one.name,
        size=_bounded(one.size),
        available=_bounded(one.available),
        inodes=inodes,
        inodes_used=used,
    )


def _bounded(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < _MOST_BYTES else None


def seen_outside(
    outcomes: Sequence[Outcome], pod_uid: str, known: list[MemoryUsage]
) -> tuple[list[MemoryUsage], Outside | None]:
    """The pod's memory and disks, as far as its whole summary was read; `known` is what decided
    about the execs.
    """
    for outcome in outcomes:
        if (outcome.call.kind, outcome.call.detail, outcome.state) == ("stats", WHOLE, "ok"):
            body = outcome.answer
            return known or of_summary(body, pod_uid), outside_of(body, pod_uid)
    return known, None
