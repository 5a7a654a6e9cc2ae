"""How much memory containers use, read from outside of them. Pure.

`metrics.k8s.io` (PodMetrics) and the kubelet's stats summary both give the working set: usage less
the page cache that the kernel drops first (`inactive_file`).
"""

from __future__ import annotations

import msgspec

from kubectl_podx.model.capture import MemoryUsage
from kubectl_podx.model.quantity import in_units

_MOST_BYTES = 1 << 60


class _Usage(msgspec.Struct):
    memory: str | None = None


class _MetricsContainer(msgspec.Struct):
    name: str = ""
    usage: _Usage | None = None


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _PodMetrics(msgspec.Struct):
    kind: str = ""
    metadata: _Meta | None = None
    timestamp: str | None = None
    containers: list[_MetricsContainer] | None = None


class _Memory(msgspec.Struct):
    time: str | None = None
    working_set: int | None = msgspec.field(name="workingSetBytes", default=None)


class _StatsContainer(msgspec.Struct):
    name: str = ""
    memory: _Memory | None = None


class _PodReference(msgspec.Struct):
    uid: str = ""


class _PodStats(msgspec.Struct):
    reference: _PodReference | None = msgspec.field(name="podRef", default=None)
    containers: list[_StatsContainer] | None = None
    memory: _Memory | None = None


class _Summary(msgspec.Struct):
    pods: list[_PodStats] | None = None


# Made here: threads share them.
_METRICS_DECODER = msgspec.json.Decoder(_PodMetrics)
_SUMMARY_DECODER = msgspec.json.Decoder(_Summary)


def of_pod_metrics(body: bytes, namespace: str, name: str) -> list[MemoryUsage]:
    """The containers of one PodMetrics; empty for anything that is not this pod's."""
    try:
        found = _METRICS_DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return []
    meta = found.metadata or _Meta()
    if found.kind != "PodMetrics" or (meta.namespace, meta.name) != (namespace, name):
        return []
    usages: list[MemoryUsage] = []
    for each in found.containers or []:
        amount = in_units(each.usage.memory if each.usage else None, None)
        if each.name and amount is not None and 0 <= amount < _MOST_BYTES:
            usages.append(
                MemoryUsage(
                    container=each.name,
                    working_set=amount,
                    read_at=found.timestamp,
                    source="metrics.k8s.io",
                )
            )
    return usages


def of_summary(body: bytes, pod_uid: str) -> list[MemoryUsage]:
    """One pod of a node's stats summary: its containers, and the pod's own cgroup (no name)."""
    try:
        found = _SUMMARY_DECODER.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return []
    for pod in found.pods or []:
        if pod.reference is None or pod.reference.uid != pod_uid:
            continue
        named = [(each.name, each.memory) for each in pod.containers or [] if each.name]
        return [
            MemoryUsage(
                container=name,
                working_set=memory.working_set,
                read_at=memory.time,
                source="kubelet",
            )
            for name, memory in (*named, ("", pod.memory))
            if memory is not None
            and memory.working_set is not None
            and 0 <= memory.working_set < _MOST_BYTES
        ]
    return []
