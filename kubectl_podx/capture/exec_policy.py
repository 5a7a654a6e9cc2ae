"""Whether podx may exec in a container at all, decided from outside of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal, cast

import msgspec
from msgspec import Struct

from kubectl_podx.model.clock import in_units, parse_time
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.kubelet import ProbeCounter
from kubectl_podx.model.outside import MemoryUsage, Pressure
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.pod import ContainerEntry, containers

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


_METRICS_DECODER = Decoder(_PodMetrics)
_SUMMARY_DECODER = Decoder(_Summary)


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
_LABEL = lazy(rb'(\w+)="((?:[^"\\]|\\.)*)"')
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


MIB = 1 << 20
NEEDED = 16 * MIB
"""Bytes that must be free: 6 for the exec, 3 for the script, and what the reading does not know."""

ROOMY_LIMIT = 256 * MIB
"""From such a limit on, a container that never ran out of memory is taken to have room."""

STALLED = 20.0
"""Percent of the last minute in which a process waited for memory (PSI): at memory.high an exec
took 24 to 59 s and stalled the container some thousand times."""

FORCE = "--force-exec"
NEEDS_READING = f"get pods.metrics.k8s.io (or get nodes/proxy), or {FORCE}"

# A kubelet on cgroup v1 reports a pod without a limit by what its cgroup says: 2**63 less a page.
_UNLIMITED = 1 << 60

# Seconds after its start in which a container is taken to be growing.
_SETTLED = 60.0

# A reading of a metrics pipeline that has stopped says nothing of now.
_OLDEST_READING = 300.0


class MemoryLimit(Struct, frozen=True):
    """One cgroup above the container's processes that has a limit."""

    of: str
    """The container's name; empty for the pod's own cgroup."""
    size: int
    """Bytes."""


class Decision(Struct, frozen=True):
    """Whether to exec, and why not."""

    allowed: bool
    known: bool = True
    """False if a reading that is not there would have decided otherwise, or better."""
    reason: str = ""
    needs: str = ""


def memory_limits(pod: Json, entry: ContainerEntry) -> list[MemoryLimit]:
    """The limits that are in force for this container: its own, and the pod's.

    A resize leaves two numbers for a while, the spec's and the kubelet's: the lower one counts. The
    defaults of a namespace (LimitRange) stand in the spec. The pod's cgroup has a limit where the
    spec says so (pod-level resources), or where every container has one: their sum
    (pkg/kubelet/cm/helpers_linux.go, ResourceConfigForPod).
    """
    found: list[MemoryLimit] = []
    own = _lowest(
        dig(entry.spec, "resources", "limits", "memory"),
        dig(entry.status, "resources", "limits", "memory"),
    )
    if own is not None:
        found.append(MemoryLimit(entry.name, own))
    whole = _lowest(
        dig(pod, "spec", "resources", "limits", "memory"),
        dig(pod, "status", "resources", "limits", "memory"),
    )
    if whole is None and own is not None and _memory_volumes(pod):
        # Only what outlives a container is charged to the pod beside the containers' own.
        whole = _sum_of_limits(pod)
    if whole is not None:
        found.append(MemoryLimit("", whole))
    return found


def is_roomy(pod: Json, entry: ContainerEntry) -> bool:
    """Whether no limit is so low that one more exec could be felt."""
    return all(limit.size >= ROOMY_LIMIT for limit in memory_limits(pod, entry))


def limit_of_pod(pod: Json) -> int | None:
    """Bytes that the pod's own cgroup may have; None where it has no limit.

    The kubelet gives it one where the spec does, or where every container has one: their sum.
    """
    whole = _lowest(
        dig(pod, "spec", "resources", "limits", "memory"),
        dig(pod, "status", "resources", "limits", "memory"),
    )
    return _sum_of_limits(pod) if whole is None else whole


def has_memory_limit(pod: Json) -> bool:
    """Whether the spec or the status limits the memory of any container, or of the pod."""
    return any(memory_limits(pod, entry) for entry in containers(pod))


def decide(
    pod: Json,
    entry: ContainerEntry,
    usages: Sequence[MemoryUsage],
    *,
    now: str = "",
    waited_for: bool = False,
) -> Decision:
    """Whether an exec in this container can be afforded.

    `usages`: what one source said of the pod, empty where none could be read; `now`: the server's
    clock; `waited_for`: the person asked for a container that restarts (`--wait-start`).
    """
    limits = memory_limits(pod, entry)
    if not limits:
        return Decision(allowed=True)
    unknown: list[MemoryLimit] = []
    for limit in limits:
        used = _used(pod, entry, limit, usages, now)
        if used is None:
            unknown.append(limit)
        elif limit.size - used < _needed(entry, limit, usages):
            return Decision(allowed=False, reason=_too_little(limit, used), needs=FORCE)
    stall = max(
        (one.memory_pressure.some60 or 0.0 for one in usages if one.container == entry.name),
        default=0.0,
    )
    if stall >= STALLED:
        return Decision(
            allowed=False,
            reason=f"skipped: container {entry.name} was stalled on memory for {stall:.0f}% of the "
            "last minute; an exec would take long and stall it more",
            needs=FORCE,
        )
    if not unknown:
        return Decision(allowed=True)
    return _unknown(pod, entry, min(limit.size for limit in unknown), waited_for=waited_for)


def _needed(entry: ContainerEntry, limit: MemoryLimit, usages: Sequence[MemoryUsage]) -> int:
    """Bytes that must be free: a program that has just begun has not taken yet what it will."""
    started = entry.started_at
    read_at = [moment for one in usages if (moment := parse_time(one.read_at)) is not None]
    if started is None or not read_at:
        return NEEDED
    young = (max(read_at) - started).total_seconds() < _SETTLED
    return max(NEEDED, limit.size // 2) if young else NEEDED


def _unknown(pod: Json, entry: ContainerEntry, limit: int, *, waited_for: bool) -> Decision:
    """What speaks against an exec where nobody says how much is in use."""
    whole_pod = any(not each.of for each in memory_limits(pod, entry))
    suspects = list(containers(pod)) if whole_pod else [entry]
    against = ""
    if any(_was_oom_killed(each) for each in suspects):
        against = "an OOM kill is on record"
    elif entry.restart_count > 0 and not waited_for:
        against = "it has restarted"
    elif limit < ROOMY_LIMIT:
        against = f"its memory limit is only {_mib(limit)}"
    if not against:
        return Decision(allowed=True, known=False)
    return Decision(
        allowed=False,
        known=False,
        reason=f"skipped: memory headroom unknown, and {against}",
        needs=NEEDS_READING,
    )


def _used(
    pod: Json,
    entry: ContainerEntry,
    limit: MemoryLimit,
    usages: Iterable[MemoryUsage],
    now: str,
) -> int | None:
    """Bytes in use below this limit; None where no reading of this instance tells."""
    current = [usage for usage in usages if _is_current(usage, entry, now)]
    by_name = {usage.container: usage.working_set for usage in current}
    if limit.of:
        return by_name.get(limit.of)
    if "" in by_name:
        return by_name[""]
    # metrics.k8s.io has no number of the pod itself: the sum of its containers, if all are there
    # and nothing else is charged to it.
    running = {each.name for each in containers(pod) if each.running}
    if _memory_volumes(pod) or not running <= set(by_name):
        return None
    return sum(by_name.values())


def _is_current(usage: MemoryUsage, entry: ContainerEntry, now: str) -> bool:
    """Whether the reading is of this instance of the container, and not too old."""
    read_at = parse_time(usage.read_at)
    if read_at is None:
        return False
    started = entry.started_at
    if started is not None and read_at < started:
        return False
    today = parse_time(now)
    return today is None or (today - read_at).total_seconds() <= _OLDEST_READING


def _was_oom_killed(entry: ContainerEntry) -> bool:
    return any(
        text(entry.status, state, "terminated", "reason") == "OOMKilled"
        for state in ("state", "lastState")
    )


def _too_little(limit: MemoryLimit, used: int) -> str:
    whose = f"container {limit.of}" if limit.of else "the pod"
    return (
        f"skipped: only {_mib(max(0, limit.size - used))} of {_mib(limit.size)} memory of {whose} "
        "is free; an exec could get it OOM-killed"
    )


def _mib(size: int) -> str:
    whole, rest = divmod(size, MIB)
    return f"{whole}Mi" if not rest else f"{size / MIB:.1f}Mi"


def _lowest(*quantities: object) -> int | None:
    written = [each for each in quantities if each is not None]
    if not written:
        return None
    # With fractions it takes 3 ms to import: a pod without limits needs none of it.
    from kubectl_podx.model.clock import parse_quantity  # noqa: PLC0415

    known = [value for each in written if (value := parse_quantity(each)) is not None]
    return min((int(value) for value in known if 0 < value < _UNLIMITED), default=None)


def _sum_of_limits(pod: Json) -> int | None:
    total = 0
    for entry in containers(pod):
        if entry.kind not in ("app", "sidecar"):
            continue
        one = _lowest(dig(entry.spec, "resources", "limits", "memory"))
        if one is None:
            return None
        total += one
    return total


def _memory_volumes(pod: Json) -> bool:
    """Whether the pod has files that count as memory and outlive the container that wrote them."""
    return any(
        text(volume, "emptyDir", "medium") == "Memory" for volume in items(pod, "spec", "volumes")
    )
