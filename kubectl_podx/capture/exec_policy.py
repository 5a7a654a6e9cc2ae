"""Whether podx may exec in a container at all, decided from outside of it. Pure.

On cgroup v2 the exec itself is charged 5.3 to 5.7 MiB to the container before its first line runs,
and `memory.oom.group` ends everything in the container when that is too much. No care inside helps:
so the free memory is read from `metrics.k8s.io` or from the kubelet first. The rows of the table in
docs/SECURITY.md are the branches of `decide`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kubectl_podx.model.capture import MemoryUsage
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.containers import ContainerEntry, containers

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


class MemoryLimit(NamedTuple):
    """One cgroup above the container's processes that has a limit."""

    of: str
    """The container's name; empty for the pod's own cgroup."""
    size: int
    """Bytes."""


class Decision(NamedTuple):
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
    from kubectl_podx.model.quantity import parse_quantity  # noqa: PLC0415

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
