"""Reasons that stand in what a container may use: memory, its heap, files, processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from kubectl_podx.model.clock import parse_quantity
from kubectl_podx.model.words import FindingSeverity
from kubectl_podx.pod.places import Place, places
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.rules.ends import endings
from kubectl_podx.rules.fixes import edit_owner, more
from kubectl_podx.rules.remedies import DOCS, checked, kubectl
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.rules.weight import weight
from kubectl_podx.sections.containers.report import Container
from kubectl_podx.view.units import human_size

_MEMORY = DOCS + "tasks/configure-pod-container/assign-memory-resource/"
_MUCH = 0.25
_TIGHT = 0.85
_LOW_FILES = 4096
_LOW_PIDS = 1024


def _short_of_memory(case: Case) -> Iterator[tuple[ContainerEntry, FindingSeverity]]:
    """Containers in which something was killed for memory, and how much that matters now."""
    rows = {row.container: row for row in case.report.restarts or ()}
    killed = {c.name for c in case.report.containers or () if c.resources.oom_kills}
    for entry in case.view.containers:
        row = rows.get(entry.name)
        if row is not None and (row.cause == "oomKilled" or row.reason == "OOMKilled"):
            yield entry, weight(case, row)[0] or "critical"
        elif entry.name in killed and entry.running:
            yield entry, "warning"


def _limit(entry: ContainerEntry) -> int:
    return int(parse_quantity(entry.memory_limit) or 0)


def files_in_memory(case: Case) -> Iterator[Hit]:
    """What is written to an emptyDir of medium Memory counts as memory."""
    for entry, severity in _short_of_memory(case):
        limit = _limit(entry)
        for where in places(case.view, entry):
            if where.medium != "Memory" or where.read_only:
                continue
            used = _used(case, where)
            if used is not None and limit and used < limit * _MUCH:
                continue
            field = f"{where.volume_field}.medium: Memory"
            size = f"{human_size(used)} of the memory limit of {entry.memory_limit} are files in "
            held = "the memory of the container also holds the files in "
            told = size if used and limit else held
            yield Hit(
                f"{told}{where.mount_path} ({field})",
                (f"sizeLimit {where.size_limit or 'not set'}",),
                container=entry.name,
                fix=edit_owner(case),
                severity=severity,
            )


def _used(case: Case, where: Place) -> int | None:
    found = (v.used for v in case.report.volumes or () if v.name == where.volume)
    return next(found, None)


def heap_and_limit(case: Case) -> Iterator[Hit]:
    """A heap as large as the memory limit, or one that ends far below it."""
    full = {ending.entry.name: ending for ending in endings(case) if any(ending.of("heapFull"))}
    killed: dict[str, FindingSeverity] = {
        entry.name: severity for entry, severity in _short_of_memory(case)
    }
    for entry in case.view.containers:
        if entry.name not in full and entry.name not in killed:
            continue
        from kubectl_podx.pod.heap import heaps  # noqa: PLC0415 - its patterns are rarely needed

        limit = _limit(entry)
        variables = [
            (row.name, row.declared or "")
            for row in case.report.environment or ()
            if row.container == entry.name
        ]
        found = heaps(entry.words, variables)
        if entry.name in full:
            ending = full[entry.name]
            _, line = next(ending.of("heapFull"))
            title = _heap_ends(entry, [f"{h.setting} ({h.where})" for h in found], line)
            if title:
                yield ending.hit(title, line, fix=edit_owner(case))
            continue
        tight = next((one for one in found if limit and one.of(limit) >= _TIGHT), None)
        if tight is not None:
            yield Hit(
                f"{tight.setting} ({tight.where}) lets the heap take {tight.of(limit):.0%} of the "
                f"memory limit of {entry.memory_limit}, and a process needs more than its heap",
                container=entry.name,
                fix=edit_owner(case),
                severity=killed[entry.name],
            )


def _heap_ends(entry: ContainerEntry, settings: list[str], line: str) -> str:
    limit = f"the memory limit is {entry.memory_limit}" if entry.memory_limit else "no limit is set"
    if settings:
        return f"the heap ends at {settings[0]}, and {limit}"
    if "Java heap space" in line and entry.memory_limit:
        return (
            "neither -Xmx nor -XX:MaxRAMPercentage is set: the heap of a JVM ends at a quarter of "
            f"the memory limit of {entry.memory_limit}"
        )
    return ""


def probes_own_memory(case: Case) -> Iterator[Hit]:
    """The command of an exec probe runs inside the container's memory limit."""
    kills = {"livenessProbe": "liveness", "startupProbe": "startup"}
    causes = {row.container: kills.get(row.cause or "") for row in case.report.restarts or ()}
    for entry, _ in _short_of_memory(case):
        for probe in case.report.probes or ():
            asked = probe.container == entry.name and probe.handler.kind == "exec"
            if not asked or not entry.memory_limit or causes.get(entry.name) != probe.type:
                continue
            yield Hit(
                f"the command of {entry.name}'s {probe.type} probe runs inside its memory limit of "
                f"{entry.memory_limit}, and may be what was OOM-killed",
                (probe.handler.text,),
                container=entry.name,
                fix=more(case, "memory", entry.name),
            )


def too_many(case: Case) -> Iterator[Hit]:
    """A limit of open files, of watches or of processes was reached."""
    rows = {row.name: row for row in case.report.containers or ()}
    for ending in endings(case):
        row = rows.get(ending.entry.name)
        for said, line in ending.of("inotify", "tooManyFiles", "cannotFork"):
            title = _what_ends(case, said.kind, row)
            if title:
                node = case.view.api.node
                look = kubectl("describe", "node", checked(node)) if node else ""
                yield ending.hit(title, line, more=look)
                break


def _what_ends(case: Case, kind: str, row: Container | None) -> str:
    if kind == "inotify":
        return (
            "fs.inotify.max_user_instances and max_user_watches are limits of node "
            f"{case.view.api.node}, which all pods of one user share"
        )
    if row is None:
        return ""
    if kind == "tooManyFiles" and row.files.limit and row.files.limit <= _LOW_FILES:
        return f"a process of {row.name} may have {row.files.limit} files open (ulimit -n)"
    if kind == "cannotFork" and row.pids.limit and row.pids.limit <= _LOW_PIDS:
        return f"{row.name} may have {row.pids.limit} processes and threads (pids.max)"
    return ""


_rule = partial(reason_rule, section="containers", link=_MEMORY)

RULES: tuple[Rule, ...] = (
    _rule(
        "CON030",
        "Files in memory count against the memory limit",
        "An emptyDir of medium Memory is a tmpfs. What a container writes there stays in its "
        "memory until it is deleted, also after a restart.",
        "An OOM kill, the medium of a volume that is mounted, and its use where it was seen.",
        "Set sizeLimit, write less, or use a disk.",
        files_in_memory,
    ),
    _rule(
        "CON031",
        "The heap and the memory limit do not fit together",
        "A process needs memory beside its heap: threads, code, buffers. A heap as large as the "
        "limit ends by an OOM kill; one that is far smaller ends by its own error.",
        "-Xmx, MaxRAMPercentage, --max-old-space-size or GOMEMLIMIT in command, args or "
        "variables, and the limit.",
        "Leave a quarter of the limit beside the heap, or raise the limit.",
        heap_and_limit,
    ),
    Rule(
        code="CON032",
        section="containers",
        severity="info",
        title="A probe's command may be what runs out of memory",
        meaning="An exec probe runs in the container's cgroup, with what the program leaves it. "
        "Nothing tells whose process the kernel killed.",
        known_by="An OOM kill in a container that its exec probe killed.",
        remedy="Use httpGet, tcpSocket or grpc, or raise the memory limit.",
        link=_MEMORY,
        check=probes_own_memory,
    ),
    _rule(
        "CON033",
        "A limit of open files, watches or processes was reached",
        "The limits of inotify are the node's, per user; that of processes is the pod's.",
        "The error in the log, and the limit where it was seen.",
        "Find what opens so many, or raise the limit on the node.",
        too_many,
    ),
)
