"""Rules about what a running container uses up: pids, files, memory, CPU time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from kubectl_podx.model.clock import parse_quantity, parse_time
from kubectl_podx.model.parts import ProcessRow
from kubectl_podx.pod import processes
from kubectl_podx.pod.probes import exec_probes
from kubectl_podx.rules.fixes import more
from kubectl_podx.rules.remedies import DOCS, inside
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule
from kubectl_podx.sections.containers.report import Limit, Stall

_RESOURCES = DOCS + "concepts/configuration/manage-resources-containers/"
_NEAR = 0.8
_NEAR_MEMORY = 0.95
_MIB = 1024 * 1024
_THROTTLED_INFO = 0.25
_THROTTLED_WARNING = 0.5
# Ten seconds of periods: less says nothing about an instance.
_FEWEST_PERIODS = 100
_MANY_ZOMBIES = 50
_SOME_ZOMBIES = 5
_COMM = 15
"""Bytes that the kernel keeps of a program's name."""
_UNEVEN = 0.3


def _near(limit: Limit) -> bool:
    return bool(limit.limit and limit.used and limit.used >= limit.limit * _NEAR)


def pids_near_limit(case: Case) -> Iterator[Hit]:
    """The container's cgroup is near its pids limit: soon `fork` fails."""
    for container in case.report.containers or ():
        if _near(container.pids):
            yield Hit(
                f"{container.name} uses {container.pids.used} of {container.pids.limit} processes "
                "and threads",
                (f"pids.current {container.pids.used}, pids.max {container.pids.limit}",),
                container=container.name,
                next=inside(case, container.name, "ps"),
            )


def files_near_limit(case: Case) -> Iterator[Hit]:
    """The main process is near its limit of open files."""
    for container in case.report.containers or ():
        if _near(container.files):
            yield Hit(
                f"{container.name}'s main process has {container.files.used} of "
                f"{container.files.limit} files open",
                (f"open files {container.files.used}, limit {container.files.limit}",),
                container=container.name,
                next=inside(case, container.name, "ls", "-l", "/proc/1/fd"),
            )


def memory_near_limit(case: Case) -> Iterator[Hit]:
    """The cgroup's memory is near its limit; page cache counts and is given back first."""
    for container in case.report.containers or ():
        memory = container.resources.memory
        # A container that is too full to be looked into is read from outside only.
        declared = parse_quantity(memory.actual_limit or memory.limit)
        limit = memory.observed_limit or (float(declared) if declared else None)
        if limit and memory.observed_usage:
            share = memory.observed_usage / limit
            if share >= _NEAR_MEMORY:
                inside = memory.observed_limit is not None
                yield Hit(
                    f"{container.name} uses {round(memory.observed_usage / _MIB)} of "
                    f"{round(limit / _MIB)} MiB of memory",
                    (
                        f"{share:.0%} of the cgroup's limit, page cache included"
                        if inside
                        else f"{share:.0%} of its limit, read from outside, without page cache",
                    ),
                    container=container.name,
                    fix=more(case, "memory", container.name),
                )


def _waited_for_cpu(stall: Stall) -> tuple[str, ...]:
    """How much of the last minute that cost, where the kernel counts it."""
    return (f"cpu.pressure: {stall.some:.0%} of the last minute",) if stall.some else ()


def throttled(case: Case) -> Iterator[Hit]:
    """The container used up its CPU quota in many periods: it stands still in the rest of each."""
    for container in case.report.containers or ():
        share = container.resources.throttled_share
        found = case.view.observations.get(container.name)
        periods = found.headroom.total_periods if found else None
        if share is None or share < _THROTTLED_INFO or (periods or 0) < _FEWEST_PERIODS:
            continue
        limit = container.resources.cpu.limit or "its limit"
        yield Hit(
            f"{container.name} was throttled in {share:.0%} of its CPU periods",
            (
                f"{share:.0%} of {periods} periods since this instance started, CPU limit {limit}",
                "a throttled container answers probes late",
                *_waited_for_cpu(container.resources.stalled.cpu),
            ),
            container=container.name,
            fix=more(case, "cpu", container.name),
            severity="warning" if share >= _THROTTLED_WARNING else "info",
        )


_STALL_INFO = 0.1
_STALL_WARNING = 0.25


def stalled(case: Case) -> Iterator[Hit]:
    """Processes waited for memory or a disk for much of the last minute, and nobody was killed."""
    for container in case.report.containers or ():
        resources = container.resources
        for resource, stall in (
            ("memory", resources.stalled.memory),
            ("I/O", resources.stalled.io),
        ):
            share = stall.some or 0.0
            if share < _STALL_INFO:
                continue
            evidence = [f"{resource.lower()}.pressure: some {share:.0%} of the last minute"]
            if stall.full is not None:
                evidence.append(f"all processes at once: {stall.full:.0%}")
            if resource == "memory" and resources.memory_high_events:
                evidence.append(
                    f"memory.high {(resources.memory_high or 0) // _MIB} MiB was reached "
                    f"{resources.memory_high_events} times by this instance"
                )
            if resources.throttled_share and resources.throttled_share >= _THROTTLED_INFO:
                evidence.append(f"also throttled in {resources.throttled_share:.0%} of CPU periods")
            yield Hit(
                f"{container.name} was stalled on {resource} for {share:.0%} of the last minute",
                tuple(evidence),
                container=container.name,
                fix=more(case, "memory", container.name) if resource == "memory" else Fix(),
                severity="warning" if share >= _STALL_WARNING else "info",
            )


def oom_in_cgroup(case: Case) -> Iterator[Hit]:
    """The kernel killed a process of the current instance for memory, and the container lives."""
    for container in case.report.containers or ():
        kills = container.resources.oom_kills
        if kills and container.state == "running":
            yield Hit(
                f"{kills} process{'' if kills == 1 else 'es'} of {container.name} "
                f"{'was' if kills == 1 else 'were'} OOM-killed since it started",
                (
                    f"oom_kill {kills} in the cgroup of the running instance",
                    f"memory limit {container.resources.memory.limit or 'not declared'}",
                    "the container's status does not show it: its main process lives",
                ),
                container=container.name,
                fix=more(case, "memory", container.name),
            )


def zombies(case: Case) -> Iterator[Hit]:
    """Ended processes that nobody reaps fill the pids limit."""
    found: dict[str, list[ProcessRow]] = {}
    for row in processes.rows(case.view):
        if row.state.startswith("Z"):
            found.setdefault(row.container or "", []).append(row)
    for container, dead in found.items():
        count = len(dead)
        if count >= _SOME_ZOMBIES:
            by = _left_by(case, container, dead)
            yield Hit(
                f"{container or 'the pod'} has {count} zombie processes{by and f', {by}'}",
                (f"{count} processes in state Z: {_parents(case, dead)}",),
                container="" if container == processes.PAUSE else container,
                severity="warning" if count >= _MANY_ZOMBIES else "info",
            )


def _parents(case: Case, dead: list[ProcessRow]) -> str:
    """Who does not wait for them; orphans are PID 1's."""
    parents = {(row.seen_from, row.parent) for row in dead}
    for row in processes.rows(case.view):
        if parents == {(row.seen_from, row.pid)}:
            return f"their parent, PID {row.pid} ({row.executable}), does not wait for them"
    return "their parents do not wait for them"


def _left_by(case: Case, container: str, dead: list[ProcessRow]) -> str:
    """A probe that runs a program of their name: surely regular ones are its own."""
    entry = case.view.container(container)
    for probe in exec_probes(entry.spec) if entry else ():
        named = [row for row in dead if row.executable == probe.program[:_COMM]]
        if named and 2 * len(named) >= len(dead):
            sure = _every(probe.timing.period, named)
            return f"{'probably' if sure else 'perhaps'} left by its {probe.type} probe"
    return ""


def _every(period: float, dead: list[ProcessRow]) -> bool:
    """Whether most of them began one period after the one before."""
    began = sorted(filter(None, (parse_time(row.started_at) for row in dead)))
    gaps = [(late - early).total_seconds() for early, late in pairwise(began)]
    near = [gap for gap in gaps if abs(gap - period) <= period * _UNEVEN]
    return bool(gaps) and 2 * len(near) > len(gaps)


def uninterruptible(case: Case) -> Iterator[Hit]:
    """Processes that wait for a disk or a network file system and cannot be killed."""
    counted = Counter(
        row.container or "" for row in processes.rows(case.view) if row.state.startswith("D")
    )
    for container, count in counted.items():
        yield Hit(
            f"{container or 'the pod'} has {count} process{'' if count == 1 else 'es'} that "
            f"{'waits' if count == 1 else 'wait'} for storage",
            (f"{count} in state D at the time of the exec",),
            container="" if container == processes.PAUSE else container,
            severity="warning" if count > 2 else "info",
        )


RULES: tuple[Rule, ...] = (
    Rule(
        code="CON007",
        section="containers",
        severity="warning",
        title="A container is near its limit of processes",
        meaning="At the limit every fork and every new thread fails, exec probes included.",
        known_by="pids.current and pids.max of the container's cgroup.",
        remedy="Find the process that makes so many; raise the kubelet's podPidsLimit if they are "
        "due.",
        link=DOCS + "concepts/policy/pid-limiting/",
        check=pids_near_limit,
    ),
    Rule(
        code="CON008",
        section="containers",
        severity="warning",
        title="A container's main process is near its limit of open files",
        meaning="At the limit new connections and files fail with `too many open files`.",
        known_by="The open descriptors and the limit of the main process.",
        remedy="Find the leak; the limit comes from the container runtime's service.",
        link=_RESOURCES,
        check=files_near_limit,
    ),
    Rule(
        code="CON009",
        section="containers",
        severity="info",
        title="A container's memory is near its limit",
        meaning="The usage of the cgroup includes page cache, which the kernel gives back first, "
        "so this is a hint and no alarm.",
        known_by="Usage and limit of the memory cgroup, read before anything was started in it.",
        remedy="Watch it; raise the limit if the working set is what it needs.",
        link=_RESOURCES,
        check=memory_near_limit,
    ),
    Rule(
        code="CON010",
        section="containers",
        severity="warning",
        title="A container is throttled by its CPU limit",
        meaning="The quota is used up before the period ends and everything in the container "
        "is paused until the next. Probes with a timeout of a second fail this way.",
        known_by="nr_throttled against nr_periods of the cgroup, since this instance started.",
        remedy="Raise or remove the CPU limit, or give probes more time.",
        link=_RESOURCES,
        check=throttled,
    ),
    Rule(
        code="CON011",
        section="containers",
        severity="warning",
        title="A process inside a container was OOM-killed",
        meaning="A child process was OOM-killed and the main process lived on. Kubernetes shows "
        "nothing of it; the container's next exit will read OOMKilled whatever its cause.",
        known_by="The oom_kill counter of the running instance's cgroup, read before the exec.",
        remedy="Raise the memory limit, or make the child use less.",
        link=_RESOURCES,
        check=oom_in_cgroup,
    ),
    Rule(
        code="CON012",
        section="containers",
        severity="info",
        title="Zombie processes pile up",
        meaning="The main process starts others and does not wait for their end; each keeps a pid.",
        known_by="Processes in state Z.",
        remedy="Use an init such as tini as the entrypoint, or shareProcessNamespace.",
        link=DOCS + "tasks/configure-pod-container/share-process-namespace/",
        check=zombies,
    ),
    Rule(
        code="CON013",
        section="containers",
        severity="info",
        title="Processes wait for storage",
        meaning="A process in state D waits inside the kernel, mostly for a disk or a network file "
        "system. While it does, no signal ends it and the pod cannot be deleted.",
        known_by="Processes in state D at the time of the exec; one sample may catch it by chance.",
        remedy="Look again; if it stays, check the storage behind the pod's volumes.",
        link=DOCS + "concepts/storage/persistent-volumes/",
        check=uninterruptible,
    ),
    Rule(
        code="CON015",
        section="containers",
        severity="warning",
        title="A container is stalled on memory or on I/O",
        meaning="Its processes are paused until the kernel has reclaimed memory or a disk has "
        "answered. Nothing is killed and no event is written, but requests and probes are late.",
        known_by="The PSI files memory.pressure and io.pressure of the container's cgroup (v2).",
        remedy="Memory: raise the limit or the request (memory.high follows them), or use less; "
        "I/O: look at the disk behind the volumes.",
        link="https://docs.kernel.org/accounting/psi.html",
        check=stalled,
    ),
)
