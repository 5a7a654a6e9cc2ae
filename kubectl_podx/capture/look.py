"""One look inside one container: what `observe.sh` is told, how it is run, who looks for whom."""

from __future__ import annotations

import hashlib
import os
import posixpath
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Never

from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.exec_policy import has_memory_limit, is_roomy
from kubectl_podx.capture.plan import PlannedCall
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.debugging import NO_SHELL
from kubectl_podx.pod.pod import ContainerEntry, containers

if TYPE_CHECKING:
    from kubectl_podx.cluster.exec_protocol import ExecResult
    from kubectl_podx.cluster.server import ApiServer
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.model.capture import LogTail

SCRIPT_VERSION = "2"
KILLED = "the exec was killed in the container"
_MAX_OUTPUT = 8 << 20
_MAX_ERRORS = 64 << 10
_CONFIG_SOURCES = ("configMap", "secret", "projected", "downwardAPI")

# runc: `exec: "sh": executable file not found in $PATH`, `exec: "sh": stat sh: no such file …`;
# crun: `executable file `sh` not found in $PATH`. Any other missing file is not the shell.
_NOT_THERE = lazy(
    r'exec: "(?:/bin/)?sh": (?:executable file not found|(?:stat \S+: )?no such file or directory)'
    r"|executable file [`'\"]?(?:/bin/)?sh[`'\"]? not found"
)

_GONE = "the container stopped before the exec"

_STOPPED = ("container not found", "not running", "stopped container", "no running task found")


class RawLook:
    """What came back of one look. Holds values, so it can be neither shown nor encoded."""

    __slots__ = (
        "complete",
        "container_id",
        "ended_by",
        "nonce",
        "output",
        "started_at",
        "through",
        "through_id",
    )

    def __init__(
        self,
        *,
        output: bytes,
        nonce: str,
        complete: bool,
        ended_by: str,
        container_id: str,
        started_at: str,
        through: str,
        through_id: str = "",
    ) -> None:
        self.output = output
        self.nonce = nonce
        self.complete = complete
        self.ended_by = ended_by
        """The `reason` of the exec's result: empty where it came to its end."""
        self.container_id = container_id
        self.started_at = started_at
        self.through = through
        """The neighbour that looked; empty where the container was looked into directly."""
        self.through_id = through_id
        """Its id, where it is a debug container of podx."""

    def __repr__(self) -> str:
        return "<RawLook>"

    def __reduce__(self) -> Never:
        raise TypeError("a RawLook is never written anywhere")


@cache
def script() -> bytes:
    """The text of `observe.sh` without its comments, which the container need not read."""
    # Not importlib.resources, which costs 10 ms: it imports zipfile and tempfile.
    source = Path(__file__).with_name("observe.sh").read_bytes()
    kept = [
        line for line in source.split(b"\n") if line.strip() and not line.lstrip().startswith(b"#")
    ]
    return b"\n".join(kept) + b"\n"


@cache
def digest() -> str:
    """The script's sha256 in short: with name and version all that `ps` and the audit log show."""
    return hashlib.sha256(script()).hexdigest()[:12]


def command() -> list[str]:
    """The argument list that is executed; the script itself goes by stdin."""
    return ["sh", "-s", "podx-observe", SCRIPT_VERSION, digest()]


class ConfigMount(Struct, frozen=True):
    """A mount of a volume that the kubelet writes."""

    path: str
    volume: Mapping[str, object]
    sub_path: str


def clean_path(path: str) -> str:
    """A mount path as the kernel lists it: absolute, without `.`, `..` and doubled slashes."""
    return "/" + posixpath.normpath("/" + path).lstrip("/")


def config_mounts(pod: Json, container: Json) -> Iterator[ConfigMount]:
    """The container's mounts of ConfigMap, Secret, projected and downward API volumes."""
    volumes = {text(volume, "name"): volume for volume in items(pod, "spec", "volumes")}
    for mount in items(container, "volumeMounts"):
        volume = volumes.get(text(mount, "name"), {})
        if any(isinstance(volume.get(source), Mapping) for source in _CONFIG_SOURCES):
            sub_path = text(mount, "subPath") or text(mount, "subPathExpr")
            yield ConfigMount(clean_path(text(mount, "mountPath")), volume, sub_path)


def token_paths(mount: ConfigMount) -> Iterator[tuple[str, str]]:
    """Path in the container and path in the volume of each service account token of a mount."""
    for source in items(mount.volume, "projected", "sources"):
        token = source.get("serviceAccountToken")
        if not isinstance(token, Mapping):
            continue
        inside = text(token, "path")
        if not mount.sub_path:
            yield posixpath.join(mount.path, inside), inside
        elif mount.sub_path == inside:
            yield mount.path, inside


def annotation_files(pod: Json, container: Json) -> list[str]:
    """Paths in the container of downward API files that hold all annotations."""
    found: list[str] = []
    for mount in config_mounts(pod, container):
        parts = [mount.volume, *items(mount.volume, "projected", "sources")]
        for item in (item for part in parts for item in items(part, "downwardAPI", "items")):
            if text(item, "fieldRef", "fieldPath") != "metadata.annotations":
                continue
            if not mount.sub_path:
                found.append(posixpath.join(mount.path, text(item, "path")))
            elif mount.sub_path == text(item, "path"):
                found.append(mount.path)
    return found


def _path_twice(path: str) -> str:
    """The path, and as mountinfo writes it: four bytes in octal (fs/proc_namespace.c, mangle)."""
    mangled = path.replace("\\", "\\134")
    for byte, octal in ((" ", "040"), ("\t", "011"), ("\n", "012")):
        mangled = mangled.replace(byte, f"\\{octal}")
    return f"{shlex.quote(path)} {shlex.quote(mangled)}"


def header(
    pod: Json, container: ContainerEntry, nonce: str, target: str, *, debug: bool = False
) -> bytes:
    """What stands before the script: assignments, and the paths that the pod spec declares."""
    uid = text(pod, "metadata", "uid")
    lines = [
        f"podx_nonce={shlex.quote(nonce)}",
        f"podx_pod_uid={shlex.quote(uid or 'no-uid')}",
        f"podx_pod_uid_underscored={shlex.quote(uid.replace('-', '_') or 'no-uid')}",
        f"podx_target={shlex.quote(target)}",
        f"podx_debug={int(debug)}",
        f"podx_limited={int(has_memory_limit(pod))}",
        "podx_declared() {",
        ":",
    ]
    lines += [
        f"podx_mount {_path_twice(clean_path(text(mount, 'mountPath')))}"
        for mount in items(container.spec, "volumeMounts")
    ]
    for mount in config_mounts(pod, container.spec):
        lines.append(f"podx_config {_path_twice(mount.path)}")
        lines += [f"podx_token {shlex.quote(path)}" for path, _ in token_paths(mount)]
    lines += [
        f"podx_plain {number} {shlex.quote(path)}"
        for number, path in enumerate(annotation_files(pod, container.spec))
    ]
    lines += ["}", ""]
    return "\n".join(lines).replace("\0", "").encode("utf-8", "replace")


def perform(
    server: ApiServer,
    call: PlannedCall,
    pod: Json,
    deadline: Deadline,
    begun: Callable[[], None] | None = None,
) -> Outcome:
    """Runs the script where the call says. Never raises for what the container answers.

    `begun` is told when its first output is there.
    """
    entries = {entry.name: entry for entry in containers(pod)}
    looked_at = entries[call.container]
    nonce = "podx-" + os.urandom(12).hex()
    target = looked_at.container_id if call.through else ""
    stdin = (
        header(pod, looked_at, nonce, target, debug=bool(call.through_id))
        + script()
        + b"podx_main_program\n"
    )
    from kubectl_podx.cluster.errors import ClusterError  # noqa: PLC0415 - it is there by now

    try:
        result = server.exec(
            call.reference.namespace,
            call.reference.name,
            call.through or call.container,
            command(),
            stdin=stdin,
            deadline=deadline,
            stdout_limit=_MAX_OUTPUT,
            stderr_limit=_MAX_ERRORS,
            begun=begun,
        )
    except ClusterError as error:
        if error.kind == "failed" and any(words in str(error).lower() for words in _STOPPED):
            return Outcome(call, "failed", _GONE)
        raise
    if not result.stdout:
        lost = result.reason == "ConnectionLost" and not call.through
        if lost and is_roomy(pod, looked_at) and _has_no_shell(server, call, deadline):
            return Outcome(call, "failed", NO_SHELL)
        return _nothing(call, result)
    return Outcome(
        call,
        "ok",
        answer=RawLook(
            output=result.stdout,
            nonce=nonce,
            complete=result.exit_code == 0 and not result.truncated,
            ended_by=result.reason,
            container_id=looked_at.container_id,
            started_at=text(looked_at.status, "state", "running", "startedAt"),
            through=call.through,
            through_id=call.through_id,
        ),
    )


def _has_no_shell(server: ApiServer, call: PlannedCall, deadline: Deadline) -> bool:
    """Whether an exec that sends nothing is told so.

    Where a shell is missing, the runtime refuses at once, and the script is still on its way then:
    the API server may give up the connection before it has passed the refusal on.
    """
    result = server.exec(
        call.reference.namespace,
        call.reference.name,
        call.container,
        ["sh", "-c", ":"],
        stdin=None,
        deadline=deadline,
        stdout_limit=_MAX_ERRORS,
        stderr_limit=_MAX_ERRORS,
    )
    return _NOT_THERE.search(result.message.lower()) is not None


def _nothing(call: PlannedCall, result: ExecResult) -> Outcome:
    said = result.message.lower()
    if _NOT_THERE.search(said):
        return Outcome(call, "failed", NO_SHELL)
    if any(words in said for words in _STOPPED):
        return Outcome(call, "failed", _GONE)
    if result.exit_code == 137 or _was_killed_at_start(said):
        return Outcome(call, "failed", KILLED)
    if result.exit_code is not None:
        return Outcome(call, "failed", f"the shell ended with exit code {result.exit_code}")
    if result.reason == "DeadlineExceeded":
        return Outcome(call, "timedOut", "the exec gave no answer before the deadline")
    if result.reason == "ConnectionLost":
        return Outcome(call, "failed", "the connection was lost before the exec ended")
    if result.reason == "ProtocolError":
        return Outcome(call, "failed", "the exec's answer broke the protocol")
    return Outcome(call, "failed", "the container runtime refused the exec")


def _was_killed_at_start(said: str) -> bool:
    """What is left of an exec whose own start was killed, by runc's words for its dead init."""
    from kubectl_podx.pod.start_error import init_died  # noqa: PLC0415 - of execs that failed

    return init_died(said)


def was_sent(outcome: Outcome) -> bool:
    """Whether this is an exec that the container may have felt."""
    return outcome.call.kind == "exec" and outcome.state not in ("denied", "skipped")


def may_have_harmed(outcome: Outcome) -> bool:
    """Whether the container may have ended of this exec: it broke off, or had no answer."""
    if not was_sent(outcome):
        return False
    if outcome.state == "ok":
        return isinstance(outcome.answer, RawLook) and not outcome.answer.complete
    return outcome.reason != NO_SHELL


def is_blind(outcome: Outcome) -> bool:
    """Whether a container has no shell, and could not be inspected through a neighbour either."""
    if outcome.reason == NO_SHELL:
        return True
    raw = outcome.answer
    if outcome.state != "ok" or not isinstance(raw, RawLook) or not raw.through:
        return False
    from kubectl_podx.capture.frames import split  # noqa: PLC0415 - it is there by now

    return split(raw.output, raw.nonce).get("denied") is not None


def neighbour_calls(
    pod: Json, execs: Sequence[PlannedCall], outcomes: Mapping[str, Outcome]
) -> list[PlannedCall]:
    """Second looks: a container without a shell, through one that shares its PID namespace.

    An ephemeral container that targets it comes first; else any container that was looked into,
    where the pod (shareProcessNamespace) or the node (hostPID) shares the namespace.
    """
    shared = (
        dig(pod, "spec", "shareProcessNamespace") is True or dig(pod, "spec", "hostPID") is True
    )
    entries = {entry.name: entry for entry in containers(pod)}
    able = [call.container for call in execs if outcomes[call.id].state == "ok"]
    second: list[PlannedCall] = []
    for call in execs:
        if outcomes[call.id].reason != NO_SHELL:
            continue
        targeting = [
            name
            for name in able
            if text(entries[name].spec, "targetContainerName") == call.container
        ]
        through = next(iter(targeting or (able if shared else [])), "")
        if through:
            second.append(replace(call, through=through))
    return second


_MAX_LOG_LINE = 2000


def log_tail(sealer: Sealer, outcome: Outcome, most: int) -> LogTail:
    """At most so many lines of what a `log` call brought; known secret values are scrubbed."""
    lines: list[str] = []
    if outcome.state == "ok":
        decoded = _whole_lines(outcome.answer, outcome.call).decode("utf-8", "replace")
        shown = sealer.free_text(decoded, outcome.call.reference).splitlines()
        lines = [line[:_MAX_LOG_LINE] for line in shown[-most:]]
    return LogTail(
        container=outcome.call.container,
        previous=("previous", "true") in outcome.call.query,
        state=outcome.state,
        reason=outcome.reason,
        lines=lines,
    )


def _whole_lines(log: bytes, call: PlannedCall) -> bytes:
    """Without the line that the limit of bytes cut: half of a secret value is not known as one."""
    limit = int(dict(call.query).get("limitBytes", "0"))
    return log[: log.rfind(b"\n") + 1] if 0 < limit <= len(log) else log
