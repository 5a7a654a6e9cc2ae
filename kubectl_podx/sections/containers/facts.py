"""Every container: its state, resources and limits, and whether it was looked into."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.model.capture import Headroom, Observation
from kubectl_podx.model.clock import format_time
from kubectl_podx.model.outside import MemoryUsage, Pressure
from kubectl_podx.model.parts import NONE, Fact, PullPolicy
from kubectl_podx.model.raw import dig, items, mapping, number, text
from kubectl_podx.model.words import ContainerState
from kubectl_podx.pod.image_name import policy_basis, short_digest
from kubectl_podx.pod.pod import ContainerEntry, moment
from kubectl_podx.pod.view import PodView, look, written
from kubectl_podx.sections.containers.report import (
    Container,
    Limit,
    ObservationReport,
    Quantity,
    Resources,
    Stall,
    Stalled,
)
from kubectl_podx.sections.containers.ways import ways

_STATES: tuple[ContainerState, ...] = ("running", "waiting", "terminated")


def build(view: PodView) -> list[Container]:
    """One row per container of the spec, in the order they start."""
    return [_container(view, entry) for entry in view.containers]


def compared(found: list[Container], _view: PodView) -> Iterator[Fact]:
    """What replicas should have in common."""
    for row in found:
        memory, cpu = row.resources.memory, row.resources.cpu
        facts: dict[str, str | None] = {
            "image": row.image,
            "image digest": short_digest(row.image_id),
            "state": row.state,
            "requested memory": memory.request,
            "memory limit": memory.limit,
            "requested CPU": cpu.request,
            "CPU limit": cpu.limit,
            "user": None if row.user is None else str(row.user),
            "securityContext": "; ".join(row.security),
        }
        for name, value in facts.items():
            yield Fact(row.name, name, value or NONE)


def _container(view: PodView, entry: ContainerEntry) -> Container:
    spec, status = entry.spec, entry.status
    state = container_state(entry)
    found = view.observations.get(entry.name)
    looked = look(view, entry)
    policy = text(spec, "imagePullPolicy")
    blocker = view.container(waits_for(view, entry))
    return Container(
        name=entry.name,
        kind=entry.kind,
        image=text(spec, "image"),
        image_id=text(status, "imageID"),
        image_pull_policy=PullPolicy(value=policy, basis=policy_basis(text(spec, "image"), policy)),
        state=state.name,
        reason=state.reason,
        message=state.message,
        exit_code=state.exit_code,
        started_at=state.started_at,
        finished_at=state.finished_at,
        started=dig(status, "started") if isinstance(dig(status, "started"), bool) else None,
        ready=dig(status, "ready") is True,
        restart_count=number(status, "restartCount") or 0,
        restart_policy=text(spec, "restartPolicy"),
        restart_rules=restart_rules(entry),
        waits_for=blocker.name if blocker else "",
        waits_since=blocked_since(view, blocker) if blocker else None,
        container_id=entry.container_id,
        resources=_resources(
            entry,
            found.headroom if found else Headroom(),
            _outside(view, entry),
            _written(view, entry),
        ),
        pids=Limit(limit=found.headroom.pids_limit, used=found.headroom.pids_used)
        if found
        else Limit(),
        files=Limit(limit=found.open_files_limit, used=found.open_files) if found else Limit(),
        user=_user(entry, found),
        security=security(view, entry),
        recent_logs=_recent_logs(view, entry),
        observation=ObservationReport(
            state=looked.state,
            method=looked.method,
            through=looked.through,
            reason=looked.reason,
            needs=looked.needs,
            ways=ways(view, entry, looked),
        ),
    )


class State(Struct, frozen=True):
    """`status.state` of one container."""

    name: ContainerState
    reason: str = ""
    message: str = ""
    exit_code: int | None = None
    started_at: str | None = None
    finished_at: str | None = None


def container_state(entry: ContainerEntry) -> State:
    """The state that the API tells; an empty `waiting` object is a created, unstarted container."""
    for name in _STATES:
        inner = dig(entry.status, "state", name)
        if inner is not None:
            return State(
                name,
                text(inner, "reason"),
                text(inner, "message"),
                number(inner, "exitCode"),
                moment(inner, "startedAt"),
                moment(inner, "finishedAt"),
            )
    return State("unknown")


def _outside(view: PodView, entry: ContainerEntry) -> MemoryUsage | None:
    """The container's memory as read from outside, where it was."""
    return next((one for one in view.captured.memory_usages if one.container == entry.name), None)


def _written(view: PodView, entry: ContainerEntry) -> int | None:
    """Bytes of its writable layer and its logs, by the kubelet."""
    disks = view.captured.outside.disks if view.captured.outside else []
    found = next((one for one in disks if one.container == entry.name), None)
    parts = [each for each in (found.root, found.logs) if each is not None] if found else []
    return sum(parts) if parts else None


def _resources(
    entry: ContainerEntry, headroom: Headroom, outside: MemoryUsage | None, written: int | None
) -> Resources:
    cores = None
    if headroom.cpu_quota and headroom.cpu_quota > 0 and headroom.cpu_period:
        cores = headroom.cpu_quota / headroom.cpu_period
    usage, stalls = headroom.memory_usage, headroom.memory_pressure
    cpu, io = headroom.cpu_pressure, headroom.io_pressure
    if usage is None and outside is not None:
        usage, stalls = outside.working_set, outside.memory_pressure
        cpu, io = outside.cpu_pressure, outside.io_pressure
    return Resources(
        cpu=_quantity(entry, "cpu", limit=cores),
        memory=_quantity(entry, "memory", limit=headroom.memory_limit, usage=usage),
        ephemeral_storage=_quantity(entry, "ephemeral-storage", usage=written),
        throttled_share=_throttled(headroom),
        oom_kills=headroom.oom_kills,
        memory_high=headroom.memory_high,
        memory_high_events=headroom.memory_high_events,
        swap_usage=headroom.swap_usage,
        swap_limit=headroom.swap_limit,
        stalled=Stalled(
            memory=_stall(stalls),
            cpu=_stall(cpu),
            io=_stall(io),
        ),
    )


def _stall(pressure: Pressure) -> Stall:
    def share(percent: float | None) -> float | None:
        return None if percent is None else round(percent / 100, 4)

    return Stall(some=share(pressure.some60), full=share(pressure.full60))


def _quantity(
    entry: ContainerEntry, name: str, limit: float | None = None, usage: float | None = None
) -> Quantity:
    """One resource as declared, as admitted by the kubelet, and as the cgroup has it."""
    return Quantity(
        request=_amount(entry.spec, "resources", "requests", name),
        limit=_amount(entry.spec, "resources", "limits", name),
        allocated=_amount(entry.status, "allocatedResources", name),
        actual_limit=_amount(entry.status, "resources", "limits", name),
        observed_limit=float(limit) if limit is not None else None,
        observed_usage=float(usage) if usage is not None else None,
    )


def _amount(value: object, *path: str) -> str | None:
    """A quantity as written; a saved manifest may hold a bare number."""
    found = dig(value, *path)
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) and found else None


def _throttled(headroom: Headroom) -> float | None:
    if headroom.throttled_periods is None or not headroom.total_periods:
        return None
    return round(headroom.throttled_periods / headroom.total_periods, 4)


def _user(entry: ContainerEntry, found: Observation | None) -> int | None:
    """The main process's user: seen, else as the runtime reports it (GA in 1.35)."""
    if found is not None:
        for process in found.processes:
            if process.pid == found.main_pid and process.uid is not None:
                return process.uid
    return number(entry.status, "user", "linux", "uid")


def _recent_logs(view: PodView, entry: ContainerEntry) -> list[str]:
    """The last lines of this instance, else of the one before; only where it is not ready."""
    if entry.ready:
        return []
    tails = [tail for tail in view.captured.logs if tail.container == entry.name]
    tails.sort(key=lambda tail: tail.previous)
    return next((lines for tail in tails if (lines := written(tail))), [])


def waits_for(view: PodView, entry: ContainerEntry) -> str:
    """The container that must end or start before this one may; empty where nothing does.

    Regular init containers run one by one and must end with 0; a sidecar must have started
    (KRM computeInitContainerActions). Ephemeral containers wait for nobody.
    """
    if entry.kind == "ephemeral" or not entry.being_created:
        return ""
    if entry.kind == "app" and view.api.has("Initialized"):
        return ""
    blocker = first_blocker(view)
    if blocker is None or blocker.name == entry.name:
        return ""
    names = [each.name for each in view.containers]
    return blocker.name if names.index(blocker.name) < names.index(entry.name) else ""


def first_blocker(view: PodView) -> ContainerEntry | None:
    """The first init container that has not ended with 0, or sidecar that has not started.

    None before the pod has any status: then nothing has begun.
    """
    for entry in view.containers:
        if entry.kind not in ("init", "sidecar") or not entry.status:
            continue
        if not _passed(entry):
            return entry
    return None


def blocked_since(view: PodView, blocker: ContainerEntry) -> str | None:
    """The earliest known moment from which the blocker held the others back, RFC 3339.

    Its own start while it runs; else its last end, or the moment the kubelet took the pod. One that
    was restarted has held them back since its turn came.
    """
    end, before = blocker.terminated, blocker.terminated_before
    if blocker.restart_count:
        names = [each.name for each in view.containers]
        passed = view.containers[: names.index(blocker.name)]
        done = passed[-1].terminated if passed else None
        turn = (done.finished_at if done else passed[-1].started_at) if passed else None
        return format_time(turn) if turn else view.api.started_at
    for found in (
        blocker.started_at,
        end.finished_at if end else None,
        before.finished_at if before else None,
    ):
        if found is not None:
            return format_time(found)
    return view.api.started_at


def restart_rules(entry: ContainerEntry) -> list[str]:
    """The container's restartPolicyRules in words: `Restart on exit code 42`.

    They count only where the container has a restartPolicy of its own (pkg/api/v1/pod/util.go).
    """
    found: list[str] = []
    for rule in items(entry.spec, "restartPolicyRules"):
        listed = dig(rule, "exitCodes", "values")
        codes = ", ".join(str(code) for code in listed) if isinstance(listed, list) else "?"
        but = (
            "every exit code but" if text(rule, "exitCodes", "operator") == "NotIn" else "exit code"
        )
        found.append(f"{text(rule, 'action') or 'unknown action'} on {but} {codes}")
    return found


def _passed(entry: ContainerEntry) -> bool:
    if entry.kind == "sidecar":
        return dig(entry.status, "started") is True
    return entry.terminated is not None and entry.terminated.done


# The container's own value beats the pod's (pkg/securitycontext/util.go).
_IDS = ("runAsUser", "runAsGroup")
_SWITCHES = ("runAsNonRoot", "privileged", "readOnlyRootFilesystem", "allowPrivilegeEscalation")


def security(view: PodView, entry: ContainerEntry) -> list[str]:
    """`runAsUser 1000`, `fsGroup 2000`, `capabilities add SYS_PTRACE`: each as it is declared.

    What stands at its default is left out.
    """
    return [*_own(view, entry), *_of_pod(view)]


def _own(view: PodView, entry: ContainerEntry) -> Iterator[str]:
    own = mapping(entry.spec, "securityContext")
    shared = mapping(view.pod, "spec", "securityContext")
    for field in _IDS:
        found = number(own, field)
        found = number(shared, field) if found is None else found
        if found is not None:
            yield f"{field} {found}"
    for field in _SWITCHES:
        found = own.get(field, shared.get(field))
        if isinstance(found, bool) and found is not (field == "allowPrivilegeEscalation"):
            yield f"{field} {'true' if found else 'false'}"
    for verb in ("add", "drop"):
        names = dig(own, "capabilities", verb)
        listed = (
            [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        )
        if listed:
            yield f"capabilities {verb} {', '.join(listed)}"


def _of_pod(view: PodView) -> Iterator[str]:
    shared = mapping(view.pod, "spec", "securityContext")
    group = number(shared, "fsGroup")
    if group is not None:
        yield f"fsGroup {group}"
    more = shared.get("supplementalGroups")
    listed = [str(one) for one in more if isinstance(one, int)] if isinstance(more, list) else []
    if listed:
        yield f"supplementalGroups {', '.join(listed)}"
