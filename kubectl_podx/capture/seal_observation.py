"""A raw look -> an Observation: parsed and sealed in one step, so that no value goes on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from kubectl_podx.capture import procfs
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.frames import Frames, split, with_space
from kubectl_podx.capture.look import KILLED, RawLook
from kubectl_podx.capture.procfs import headroom
from kubectl_podx.capture.redact import WITHHELD
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import (
    as_text,
    declared_values,
    declared_variables,
    parse_environment,
    reference_of,
    remember_unread,
    with_observed,
)
from kubectl_podx.capture.seal_files import observed_files, observed_tokens, observed_volumes
from kubectl_podx.capture.secretlike import HIDDEN
from kubectl_podx.model.capture import (
    Headroom,
    HostsFile,
    Mount,
    Observation,
    Process,
    StoredObject,
    Variable,
)
from kubectl_podx.model.clock import format_time, from_epoch
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, items, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.own import own_ids
from kubectl_podx.pod.pod import containers

_SYS_PTRACE = 19
_SHELLS = frozenset({"ash", "bash", "busybox", "dash", "sh"})

# podx_max_environment of observe.sh.
_LONGEST_ENVIRONMENT = 2097152
_LONGEST_LINE = 1000
_TOO_TIGHT = "less than 16 MiB of memory or too few pids are free: nothing was run that forks"
_UNKNOWN = "its cgroup cannot be read, so free memory is unknown: nothing was run that forks"

_CUT_OFF = {
    "DeadlineExceeded": "the exec did not finish before the deadline",
    "OutputLimit": "the exec printed more output than podx reads",
    "ConnectionLost": "the connection was lost before the exec finished",
}


def seal_look(
    sealer: Sealer,
    pod: Json,
    outcome: Outcome,
    objects: Mapping[str, StoredObject],
    declared: Mapping[str, list[Variable]],
) -> Observation:
    """What one look found; `unobservable` with a reason where it found nothing."""
    container = outcome.call.container
    if outcome.state != "ok" or not isinstance(outcome.answer, RawLook):
        return Observation(
            container=container,
            state="unobservable",
            reason=outcome.reason or "no answer",
            needs=outcome.needs,
            exec_killed=outcome.reason == KILLED,
        )
    raw = outcome.answer
    frames = split(raw.output, raw.nonce)
    base = Observation(
        container=container,
        container_id=raw.container_id,
        started_at=raw.started_at or None,
        state="observed",
        method=_method(raw),
        through=raw.through,
    )
    if frames.broken():
        reason = "the container's shell answered with more than the script can have written"
        return replace(base, state="unobservable", method="none", reason=reason)
    if frames.get("denied") is not None:
        reason, needs = _why_denied(frames, raw)
        return replace(base, state="unobservable", reason=reason, needs=needs)
    if frames.get("self") is None:
        reason = "the shell of the container did not run the script"
        return replace(base, state="unobservable", method="none", reason=reason)
    return _observed(sealer, pod, base, frames, raw, objects, list(declared.get(container, [])))


def _method(raw: RawLook) -> Literal["exec", "neighbour", "ephemeral"]:
    if raw.through_id:
        return "ephemeral"
    return "neighbour" if raw.through else "exec"


def _observed(
    sealer: Sealer,
    pod: Json,
    base: Observation,
    frames: Frames,
    raw: RawLook,
    objects: Mapping[str, StoredObject],
    declared: list[Variable],
) -> Observation:
    own = procfs.pairs(frames.get("self"))
    root = own.get("root", "")
    clock = procfs.BootClock(frames.get("uptime"))
    enough = procfs.pairs(frames.first("cgroup")).get("lean") != "1"
    container = next(entry for entry in containers(pod) if entry.name == base.container)
    counts = procfs.argument_counts(frames.get("arguments") or b"")
    inside = next((e for e in containers(pod) if e.name == (raw.through or base.container)), None)
    reader = procfs.CgroupReader(
        own.get("group", ""), raw.through_id or (inside.container_id if inside else "")
    )
    whose = reference_of(pod)
    # A debug container of podx may still run, or be the one that looks.
    not_its = own_ids(pod) | {raw.through_id}
    seen = [
        replace(one, executable=_program(sealer, whose, one.executable))
        for one in procfs.processes(frames.get("processes") or b"", clock, counts, reader)
        if not one.container_id or one.container_id not in not_its
    ]
    main_pid = procfs.whole(own.get("main"))
    folders = procfs.namespaces(frames.get("namespaces") or b"")
    owners = procfs.socket_owners(frames.get("fds") or b"")
    listeners, connections = procfs.sockets(frames.with_prefix("net "), owners)
    process_environment = frames.get("process_environment")
    was_read = frames.get("process_environment_read") is not None
    environment = _whole_variables(frames.get("environment"))
    injected = None if raw.through else parse_environment(environment)
    process = parse_environment(_whole_variables(process_environment)) if was_read else None
    variables = with_observed(sealer, pod, base.container, declared, injected, process)
    mounts = sealed_mounts(
        sealer,
        container.spec,
        with_space(procfs.mountinfo(frames.get("mountinfo") or b""), frames, root),
        variables,
        [
            declared_values(sealer, pod, objects, container),
            *(as_text(each) for each in (injected, process) if each is not None),
        ],
    )
    files, left_out = observed_files(sealer, pod, container, frames, root, objects)
    group = headroom(frames.get("cgroup"), enough=enough)
    refused = _refused(frames, raw, main_pid, seen, was_read=was_read, group=group)
    return replace(
        base,
        state="partial" if refused else "observed",
        reason="; ".join(refused),
        shell=own.get("shell") or "sh",
        clock=format_time(from_epoch(clock.now)) if clock.now else None,
        headroom=group,
        main_pid=main_pid,
        pid_one=next((one for one in seen if one.pid == 1), None),
        namespaces=folders.get(own.get("self", ""), {}),
        processes=_with_namespaces(seen, folders),
        processes_left_out=procfs.whole(own.get("left_out")) or 0,
        environment_source="none" if injected is None else "exec",
        process_environment=_process_environment(frames, was_read=was_read),
        variables=variables,
        listeners=listeners,
        connections=connections,
        mounts=mounts,
        volumes=observed_volumes(pod, container, frames, root),
        files=files,
        files_left_out=left_out,
        tokens=observed_tokens(frames.get("tokens") or b""),
        # Where it is withheld nothing was read: lines that are not there would be missing ones.
        text=HostsFile() if sealer.unread(whose) else _hosts_files(sealer, whose, frames),
        open_files=procfs.whole(procfs.pairs(frames.get("fds")).get("open")),
        open_files_limit=procfs.open_files_limit(frames.get("limits")),
        refused=refused,
    )


def _process_environment(frames: Frames, *, was_read: bool) -> Literal["read", "denied", "none"]:
    if was_read:
        return "read"
    # A look that broke off before, or that forked nothing, was refused nothing.
    tried = frames.get("process_environment") is not None and frames.get("files") is not None
    return "denied" if tried else "none"


def _whole_variables(content: bytes | None) -> bytes | None:
    """An environment without the variable that the script's bound cut in two."""
    if content is None or len(content) < _LONGEST_ENVIRONMENT:
        return content
    return content[: content.rfind(b"\0") + 1]


def _with_namespaces(seen: list[Process], folders: dict[str, dict[str, str]]) -> list[Process]:
    return [
        replace(one, namespaces=folders[str(one.pid)]) if str(one.pid) in folders else one
        for one in seen
    ]


def _refused(
    frames: Frames,
    raw: RawLook,
    main_pid: int | None,
    seen: list[Process],
    *,
    was_read: bool,
    group: Headroom,
) -> list[str]:
    """What this look lost, a sentence each; what depends on it is null in the report."""
    if not group.enough:
        return [_TOO_TIGHT if group.known else _UNKNOWN]
    lost: list[str] = []
    if not (raw.complete and frames.complete):
        # What comes later is missing because of that, and tells nothing of its own.
        return [_CUT_OFF.get(raw.ended_by, "the exec was cut off")]
    if main_pid is None:
        lost.append("the main process could not be told")
    elif not was_read:
        main = next((one for one in seen if one.pid == main_pid), None)
        who = f" (uid {main.uid})" if main and main.uid is not None else ""
        lost.append(
            f"the main process{who} keeps its environment and files to itself: it has another uid "
            "or more capabilities than an exec session"
        )
    if frames.get("files") and not (frames.get("digests") or b"").strip():
        lost.append("sha256sum is missing or was refused: contents were not compared")
    return lost


def _why_denied(frames: Frames, raw: RawLook) -> tuple[str, str]:
    """Why a neighbour or a debug container may not look, by the `/proc/N/status` of both, which
    anyone may read.
    """
    through = raw.through
    credentials = frames.with_prefix("credentials ")
    own = procfs.pairs(frames.get("self"))
    target = procfs.status_fields(credentials.get(own.get("main", "")))
    others = [key for key in credentials if key != own.get("main")]
    mine = procfs.status_fields(credentials.get(others[0]) if others else None)
    if not own.get("main"):
        return f"no shell, and container {through} does not see its processes", ""
    uid, target_uid = _effective(mine.get("Uid")), _effective(target.get("Uid"))
    if procfs.has_capability(mine, _SYS_PTRACE):
        return f"no shell, and container {through} was refused although it has SYS_PTRACE", ""
    if uid is not None and target_uid is not None and uid != target_uid:
        reason = (
            f"no shell; container {through} runs as uid {uid} and the process as uid {target_uid}"
        )
    else:
        reason = f"no shell; the process has capabilities that container {through} has not"
    if raw.through_id:
        return reason, "--debug-profile general"
    return reason, f"capability SYS_PTRACE in container {through}"


def _effective(uids: str | None) -> int | None:
    fields = (uids or "").split()
    return procfs.whole(fields[1]) if len(fields) > 1 else None


def remember_looks(
    sealer: Sealer, pod: Json, looks: Sequence[Outcome], objects: Mapping[str, StoredObject]
) -> None:
    """Makes known what the pod's looks show of sources that may not be read.

    To be done before any free text of the pod is sealed.
    """
    declared = declared_variables(sealer, pod, objects) if looks else {}
    for look in looks:
        _remember_look(sealer, look, declared)


def _remember_look(
    sealer: Sealer, outcome: Outcome, declared: Mapping[str, list[Variable]]
) -> None:
    if outcome.state != "ok" or not isinstance(outcome.answer, RawLook):
        return
    raw = outcome.answer
    frames = split(raw.output, raw.nonce)
    if frames.broken():
        return
    injected = None if raw.through else _whole_variables(frames.get("environment"))
    process = _whole_variables(frames.get("process_environment"))
    found: list[Mapping[str, bytes]] = [
        parse_environment(each) or {} for each in (injected, process)
    ]
    remember_unread(sealer, declared.get(outcome.call.container, []), found)


def _program(sealer: Sealer, pod: Reference, name: str) -> str:
    """A process's own word for what it runs; empty while a secret in it cannot be told.

    Shells stay: by them the looks' own processes are told from those of the container.
    """
    return name if name in _SHELLS else _or_nothing(sealer.scrubber(pod)(name))


def _or_nothing(shown: str) -> str:
    return "" if shown == WITHHELD else shown


def _hosts_files(sealer: Sealer, pod: Reference, frames: Frames) -> HostsFile:
    return HostsFile(
        hosts=_lines(sealer, pod, frames.get("hosts")),
        resolv=_lines(sealer, pod, frames.get("resolv")),
        hostname="".join(_lines(sealer, pod, frames.get("hostname"))[:1]),
    )


def _lines(sealer: Sealer, pod: Reference, content: bytes | None) -> list[str]:
    shown = sealer.free_text(procfs.text_of(content or b""), pod)
    return [line[:_LONGEST_LINE] for line in shown.splitlines()]


_REFERENCE = lazy(r"\$\(([^()]*)\)")
_DELETED = "//deleted"
_FEWEST = 3


def sealed_mounts(
    sealer: Sealer,
    spec: Json,
    mounts: Sequence[Mount],
    variables: Sequence[Variable],
    environments: Sequence[Mapping[str, str]],
) -> list[Mount]:
    """The mounts of a container with this spec; `environments` hold its variables' values."""
    masks = [
        mask
        for mount in items(spec, "volumeMounts")
        if (mask := _Mask.of(mount, variables, environments))
    ]
    return [_sealed(sealer, mount, masks) for mount in mounts]


class _Mask:
    """One mount whose folder is named by a variable that is not shown."""

    def __init__(self, path: str, volume: str, values: set[str]) -> None:
        self.path = path
        self.volume = volume
        # Longest first: one may hold another.
        self.values = sorted(values, key=len, reverse=True)

    @classmethod
    def of(
        cls,
        mount: Json,
        variables: Sequence[Variable],
        environments: Sequence[Mapping[str, str]],
    ) -> _Mask | None:
        names = set(_REFERENCE.findall(text(mount, "subPathExpr")))
        if not names or names <= {one.name for one in variables if _is_shown(one)}:
            return None
        # An escaped `$$(NAME)` is masked too: that costs nothing.
        values = {each.get(name, "") for each in environments for name in names}
        expression = text(mount, "subPathExpr")
        wholes = {
            _REFERENCE.sub(lambda match, each=each: each.get(match[1], ""), expression)  # type: ignore[misc]
            for each in environments
        }
        found = {value.strip("/") for value in (*values, *wholes)}
        path = _normal(text(mount, "mountPath"))
        return cls(path, text(mount, "name"), {one for one in found if len(one) >= _FEWEST})


def _is_shown(variable: Variable) -> bool:
    """Whether every known value of it may be read by anyone."""
    sides = (variable.declared, variable.injected, variable.process)
    known = [side for side in sides if side is not None]
    return bool(known) and all(side.text is not None for side in known)


def _sealed(sealer: Sealer, mount: Mount, masks: Sequence[_Mask]) -> Mount:
    path, root, source = mount.path, mount.root, mount.source
    for mask in masks:
        if _normal(path) == mask.path:
            root = _masked(root, mask.volume)
        elif _folder(root, mask.volume) is not None:
            # The mount path is a link of the image, or another mount of the same volume.
            root = _masked(root, mask.volume)
        for value in mask.values:
            root, source = _without(root, value), _without(source, value)
            if _normal(path) != mask.path:
                path = _without(path, value)
    hide = sealer.scrub_known
    return replace(mount, path=hide(path), root=hide(root), source=hide(source))


def _masked(root: str, volume: str) -> str:
    """The root up to the kubelet's folder of the volume; what follows is not told."""
    end = _DELETED if root.endswith(_DELETED) else ""
    folder = _folder(root.removesuffix(_DELETED), volume)
    if folder is None:
        return f"/{HIDDEN}{end}"
    return folder + (f"/{HIDDEN}" if folder != root.removesuffix(_DELETED) else "") + end


def _folder(root: str, volume: str) -> str | None:
    """`…/volumes/PLUGIN/NAME` or `…/volume-subpaths/NAME/CONTAINER/INDEX` where the root begins."""
    parts = root.split("/")
    for index, part in enumerate(parts):
        if part == "volumes" and parts[index + 2 : index + 3] == [volume]:
            return "/".join(parts[: index + 3])
        if part == "volume-subpaths" and parts[index + 1 : index + 2] == [volume]:
            return "/".join(parts[: index + 4])
    return None


def _without(path: str, value: str) -> str:
    """Folders of this name, or with a long value in their names, hidden."""
    if len(value) > 2 * _FEWEST:
        return path.replace(value, HIDDEN)
    pattern = rf"(?<![\w]){re.escape(value)}(?![\w])"
    return re.sub(pattern, lambda _: HIDDEN, path)


def _normal(path: str) -> str:
    normal = posixpath.normpath("/" + path.strip("/"))
    return normal.removeprefix("/var") if normal.startswith("/var/run/") else normal
