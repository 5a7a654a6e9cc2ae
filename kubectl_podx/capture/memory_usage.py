"""What the kubelet and metrics.k8s.io measure: memory of containers, counters of probes. Pure."""

from __future__ import annotations

import re
from typing import Literal, cast

import msgspec

from kubectl_podx.model.capture import MemoryUsage, Pressure, ProbeCounter
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


class _Averages(msgspec.Struct):
    avg10: float | None = None
    avg60: float | None = None


class _Stalls(msgspec.Struct):
    some: _Averages | None = None
    full: _Averages | None = None


class _Memory(msgspec.Struct):
    time: str | None = None
    working_set: int | None = msgspec.field(name="workingSetBytes", default=None)
    psi: _Stalls | None = None


class _Other(msgspec.Struct):
    psi: _Stalls | None = None


class _StatsContainer(msgspec.Struct):
    name: str = ""
    memory: _Memory | None = None
    cpu: _Other | None = None
    io: _Other | None = None


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
        whole = _StatsContainer(memory=pod.memory)
        named = [each for each in pod.containers or [] if each.name]
        return [usage for each in (*named, whole) if (usage := _usage(each)) is not None]
    return []


def _usage(found: _StatsContainer) -> MemoryUsage | None:
    memory = found.memory
    if memory is None or memory.working_set is None or not 0 <= memory.working_set < _MOST_BYTES:
        return None
    return MemoryUsage(
        container=found.name,
        working_set=memory.working_set,
        read_at=memory.time,
        source="kubelet",
        memory_pressure=_pressure(memory.psi),
        cpu_pressure=_pressure(found.cpu.psi if found.cpu else None),
        io_pressure=_pressure(found.io.psi if found.io else None),
    )


def _pressure(stalls: _Stalls | None) -> Pressure:
    """The kubelet's psi (KubeletPSI, since 1.33): shares of time in percent."""
    some = (stalls.some if stalls else None) or _Averages()
    full = (stalls.full if stalls else None) or _Averages()
    return Pressure(some10=some.avg10, some60=some.avg60, full10=full.avg10, full60=full.avg60)


# pkg/kubelet/prober/prober_manager.go: prober_probe_total{probe_type,result,container,pod,
# namespace,pod_uid}; label order is the client library's business, so it is not relied on.
_LABEL = re.compile(rb'(\w+)="((?:[^"\\]|\\.)*)"')
_NAME = b"prober_probe_total{"
_TYPES = ("Liveness", "Readiness", "Startup")
_RESULTS = ("successful", "failed", "unknown")
_LONGEST_LINE = 4096


def probe_counters(exposition: bytes, pod_uid: str) -> list[ProbeCounter]:
    """The counters of the pod with this uid, in the order of the text; strangers are left out.

    A line that is not as the kubelet writes it is passed over. A counter is a float in the text
    (`1.2e+06`); it is cut to a whole number.
    """
    wanted = f'pod_uid="{pod_uid}"'.encode()
    totals: dict[tuple[str, str], dict[str, int]] = {}
    for line in exposition.split(b"\n"):
        if not line.startswith(_NAME) or wanted not in line or len(line) > _LONGEST_LINE:
            continue
        labels_part, brace, value_part = line[len(_NAME) :].rpartition(b"}")
        labels = {key.decode(): value for key, value in _LABEL.findall(labels_part)}
        count = _count(value_part)
        kind, result = _word(labels, "probe_type"), _word(labels, "result")
        if not brace or count is None or labels.get("pod_uid") != pod_uid.encode():
            continue
        if kind in _TYPES and result in _RESULTS:
            totals.setdefault((_word(labels, "container"), kind), {})[result] = count
    return [
        ProbeCounter(
            container=container,
            type=cast('Literal["Liveness", "Readiness", "Startup"]', kind),
            successful=counts.get("successful", 0),
            failed=counts.get("failed", 0),
            unknown=counts.get("unknown", 0),
        )
        for (container, kind), counts in totals.items()
    ]


def _word(labels: dict[str, bytes], name: str) -> str:
    return labels.get(name, b"").decode("utf-8", "replace")


def _count(text: bytes) -> int | None:
    fields = text.split()
    if not fields or not re.fullmatch(rb"\d{1,18}(?:\.\d+)?(?:e[+-]?\d{1,2})?", fields[0]):
        return None
    return int(float(fields[0]))
