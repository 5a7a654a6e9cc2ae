"""The sealed Capture: plain data that every analysis starts from, and that a bundle stores.

Nothing in here can hold a secret value: secrets, tokens and environments are `Sealed` (a keyed
digest) unless `capture/seal.py` found them equal to a value that anyone may read.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

from msgspec.structs import force_setattr

from kubectl_podx.model.kubelet import ProbeCounter, Throttling
from kubectl_podx.model.outside import MemoryUsage, Outside, Pressure
from kubectl_podx.model.raw import Json
from kubectl_podx.model.sharing import SharingManifest
from kubectl_podx.model.tried import Admission, ProbeAttempt
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import CallKind, ObservationState, SeccompMode

CAPTURE_VERSION = 2
ObjectState = Literal["present", "denied", "missing", "failed", "timedOut"]
CallState = Literal["ok", "denied", "missing", "failed", "timedOut", "skipped"]


class Sealed(Wire, frozen=True, kw_only=True):
    """A value that is compared but never shown, or shown because anyone may read it.

    Two sealed values of one scope (one variable of one container, one key of one object) are equal
    exactly when their digests are. The digest's key is thrown away with the run.
    """

    digest: str
    """Keyed digest of the bytes, within its scope; or `sha256:…` of a value that is no secret."""
    size: int | None = None
    """Bytes; None where the value is hidden."""
    text: str | None = None
    """The value, only where it equals a declared or ConfigMap value that is not secret-like."""


class KeyFacts(Wire, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret."""

    size: int | None = None
    """Bytes; None for a Secret, and for a ConfigMap's key that looks like a secret."""
    digest: str
    """`sha256:…` for a ConfigMap's key that looks harmless, a keyed digest for everything else."""
    text: str | None = None
    """A ConfigMap's short value that is not secret-like."""
    binary: bool = False
    """From `binaryData`, or not UTF-8."""
    not_before: str | None = None
    """The latest beginning of validity of the certificates in it, RFC 3339, where it holds any."""
    not_after: str | None = None
    """The earliest end of their validity."""
    interpreter: str | None = None
    """What follows `#!` in a ConfigMap's key; empty: it is no script. None of a Secret."""
    carriage_return: bool = False
    """Its first line ends with a carriage return, as files of Windows do."""
    machine: str = ""
    """The CPU of a program in it, as Kubernetes names it; empty: it is no program."""
    newline_at_end: bool = False
    """It ends with a line break, which is part of a variable's value."""
    one_line: bool = False
    """It has no line break but those at its end: a password or a token rather than a document."""


class StoredObject(Wire, frozen=True, kw_only=True):
    """One object of the API as it was read, or why it was not."""

    reference: str
    """`KIND/NAMESPACE/NAME` as `model.reference.Reference.key` writes it."""
    state: ObjectState
    reason: str = ""
    body: dict[str, Any] | None = None
    """The raw JSON with everything secret-like sealed away; no `data` for ConfigMap and Secret."""
    keys: dict[str, KeyFacts] | None = None
    """ConfigMap and Secret only."""
    applied: dict[str, Any] | None = None
    """Of a pod without a controller: what `kubectl apply` sent last, sealed as a pod is."""


class StoredList(Wire, frozen=True, kw_only=True):
    """The answer of one list request."""

    reference: str
    """`KIND/NAMESPACE?SELECTOR`."""
    state: ObjectState
    reason: str = ""
    items: list[dict[str, Any]] = []


class Headroom(Wire, frozen=True, kw_only=True):
    """The container's cgroup, read with shell builtins before anything forked."""

    version: Literal["v1", "v2", "unknown"] = "unknown"
    memory_limit: int | None = None
    """Bytes; None where unlimited or unreadable."""
    memory_high: int | None = None
    """Bytes above which the kernel stalls whoever allocates (v2); None where there is none."""
    memory_high_events: int | None = None
    """How often that happened in this instance."""
    memory_usage: int | None = None
    memory_peak: int | None = None
    swap_usage: int | None = None
    swap_limit: int | None = None
    memory_pressure: Pressure = Pressure()
    cpu_pressure: Pressure = Pressure()
    io_pressure: Pressure = Pressure()
    oom_kills: int | None = None
    """OOM kills in this cgroup since this instance of the container was made."""
    pids_limit: int | None = None
    pids_used: int | None = None
    cpu_quota: int | None = None
    """Microseconds per period; None where unlimited."""
    cpu_period: int | None = None
    cpu_shares: int | None = None
    """cpu.shares (v1) or cpu.weight (v2)."""
    throttled_periods: int | None = None
    total_periods: int | None = None
    throttled_seconds: float | None = None
    enough: bool = True
    """Whether at least 16 MiB of memory and a few pids were free, so that the look forked."""
    known: bool = True
    """False where there is a limit and the container's own cgroup could not be read."""


class EndedDuringExec(Wire, frozen=True, kw_only=True):
    """A container that ended while podx ran an exec in it."""

    container: str
    reason: str = ""
    """Of its termination, such as `OOMKilled`; empty where the API does not tell yet."""
    exit_code: int | None = None


class Process(Wire, frozen=True, kw_only=True):
    """One process as seen from inside a container."""

    pid: int
    """In the PID namespace of the observing container."""
    parent: int | None = None
    container_id: str | None = None
    """From the end of `/proc/N/cgroup`; None where that could not be told."""
    executable: str = ""
    """`comm`: at most 15 bytes, chosen by the process itself."""
    argument_count: int | None = None
    state: str = ""
    """The letter of `/proc/N/stat`: R, S, D, Z, T…"""
    started_at: str | None = None
    """RFC 3339 with milliseconds, by the node's clock."""
    uid: int | None = None
    """Effective user id."""
    gid: int | None = None
    groups: list[int] = []
    handles_term: bool | None = None
    """SIGTERM stands in SigCgt of `/proc/N/status`."""
    blocked_or_ignored_term: bool | None = None
    effective_capabilities: int | None = None
    """CapEff, a bit for each capability."""
    no_new_privileges: bool | None = None
    seccomp: SeccompMode | None = None
    threads: int | None = None
    resident: int | None = None
    """Bytes of resident memory."""
    namespaces: dict[str, str] = {}
    """Namespace kind -> inode, for the main process and where readable."""


class Listener(Wire, frozen=True, kw_only=True):
    """A listening socket of the pod's network namespace."""

    protocol: Literal["TCP", "UDP"] = "TCP"
    address: str
    """`0.0.0.0`, `::`, `127.0.0.1`, …"""
    port: int
    uid: int | None = None
    inode: str | None = None
    pid: int | None = None
    """The process that holds it; None where no readable `/proc/N/fd` names it."""
    queue: int | None = None
    """Connections waiting to be accepted."""


class Connection(Wire, frozen=True, kw_only=True):
    """A connection that hangs: SYN_SENT or CLOSE_WAIT."""

    state: Literal["SYN_SENT", "CLOSE_WAIT"]
    local_address: str
    local_port: int
    remote_address: str
    remote_port: int
    uid: int | None = None
    count: int = 1


class Mount(Wire, frozen=True, kw_only=True):
    """One line of the container's `/proc/self/mountinfo`."""

    path: str
    root: str
    """The path inside the mounted file system; `//deleted` at its end for a dead subPath."""
    device: str
    """`major:minor`."""
    fstype: str
    source: str = ""
    read_only: bool = False
    """Of the mount."""
    super_read_only: bool = False
    """Of the file system: remounted read-only after errors."""
    inode: str | None = None
    """Of the mount's root, where it could be read without risk."""
    size: int | None = None
    """Bytes of the file system."""
    used: int | None = None
    available: int | None = None
    inodes: int | None = None
    inodes_used: int | None = None


class ObservedFile(Wire, frozen=True, kw_only=True):
    """One file below a ConfigMap, Secret, projected or downward API mount."""

    path: str
    """As the container sees it."""
    mount: str
    """The mount path it stands below."""
    state: Literal["read", "unreadable", "notRead"] = "read"
    reason: str = ""
    digest: str | None = None
    """In the scope of the key it is declared to come from: equal to that key's when equal."""
    expected_digest: str | None = None
    """Downward API and namespace files: the digest, in the same scope, of what the API says now."""
    text: str | None = None
    """A downward API file's content where it equals the value of the pod now."""
    size: int | None = None
    """Bytes, of a file from a ConfigMap's harmless key or the downward API; else None."""
    mode: str | None = None
    """Octal, such as `0644`."""
    uid: int | None = None
    gid: int | None = None
    modified_at: str | None = None
    not_after: str | None = None


class ObservedVolume(Wire, frozen=True, kw_only=True):
    """A volume that the kubelet writes (atomic writer) as the container sees it."""

    mount: str
    data_target: str | None = None
    """What `..data` points to: `..YYYY_MM_DD_HH_MM_SS.N`; None for a subPath mount."""
    written_at: str | None = None
    """The moment in that name: when the kubelet last changed the content."""


class ObservedToken(Wire, frozen=True, kw_only=True):
    """A service account token's claims. The token itself is gone."""

    path: str
    state: Literal["read", "unreadable", "invalid"] = "read"
    reason: str = ""
    audiences: list[str] = []
    subject: str = ""
    issuer: str = ""
    issued_at: str | None = None
    expires_at: str | None = None
    warn_after: str | None = None
    namespace: str | None = None
    pod_name: str | None = None
    pod_uid: str | None = None
    service_account: str | None = None
    service_account_uid: str | None = None
    node_name: str | None = None
    node_uid: str | None = None


class Variable(Wire, frozen=True, kw_only=True):
    """One environment variable of one container, its values sealed in one scope."""

    name: str
    declared: Sealed | None = None
    """What the pod spec and the sources give now, `$(VAR)` expanded; None where it is not declared
    or its source cannot be read."""
    declared_state: Literal[
        "resolved", "denied", "missing", "optionalMissing", "unresolved", "unknown", "undeclared"
    ] = "resolved"
    declared_reason: str = ""
    injected: Sealed | None = None
    """In the environment of an exec session: what the kubelet set."""
    process: Sealed | None = None
    """In the main process's own environment."""


class HostsFile(Wire, frozen=True, kw_only=True):
    """Text files that the kubelet writes; escaped and bounded."""

    hosts: list[str] = []
    resolv: list[str] = []
    hostname: str = ""


class Observation(Wire, frozen=True, kw_only=True):
    """What one look inside one container found."""

    container: str
    container_id: str = ""
    state: ObservationState
    method: Literal["exec", "neighbour", "ephemeral", "none"] = "none"
    through: str = ""
    """The container that looked, where the method is `neighbour`."""
    reason: str = ""
    """Why it is partial or unobservable; in our own words."""
    needs: str = ""
    """The right, capability or flag that would make it full."""
    exec_killed: bool = False
    """The exec itself was killed as it started: memory was short, and more may have ended."""
    shell: str = ""
    started_at: str | None = None
    """The container's `startedAt` at the look."""
    clock: str | None = None
    """The node's clock at the look, RFC 3339."""
    headroom: Headroom = Headroom()
    main_pid: int | None = None
    pid_one: Process | None = None
    """The process with PID 1 of the PID namespace, whosever it is (the pause process, systemd)."""
    namespaces: dict[str, str] = {}
    """Namespace kind -> inode of the exec session, which shares all of the container's."""
    processes: list[Process] = []
    processes_left_out: int = 0
    environment_source: Literal["exec", "none"] = "none"
    process_environment: Literal["read", "denied", "none"] = "none"
    variables: list[Variable] = []
    listeners: list[Listener] = []
    connections: list[Connection] = []
    mounts: list[Mount] = []
    volumes: list[ObservedVolume] = []
    files: list[ObservedFile] = []
    files_left_out: int = 0
    tokens: list[ObservedToken] = []
    text: HostsFile = HostsFile()
    open_files: int | None = None
    """Open file descriptors of the main process, where readable."""
    open_files_limit: int | None = None
    refused: list[str] = []
    """What could not be read, a line each, in our own words."""


class LogTail(Wire, frozen=True, kw_only=True):
    """The end of a container's log, escaped, bounded, known secret values scrubbed."""

    container: str
    previous: bool
    state: CallState = "ok"
    reason: str = ""
    lines: list[str] = []


class Call(Wire, frozen=True, kw_only=True):
    """One planned request and how it ended; coverage is made of these."""

    id: str
    """As `-v` prints it."""
    kind: CallKind | None = None
    """None for a kind that this version of podx does not know."""
    target: str = ""
    """The key of an object or of a list, or the name of a node."""
    sections: list[str]
    state: CallState
    reason: str = ""
    needs: str = ""
    """The missing right, such as `get secrets`."""
    container: str = ""
    detail: str = ""
    """What tells calls of one target and container apart: `previous`, the type of a probe."""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        """A capture of an older podx has the id alone: here, and nowhere else, it is read back."""
        if self.kind is None:
            kind, *words = self.id.split(" ")
            target, *more = words or [""]
            force_setattr(self, "kind", kind if kind in get_args(CallKind) else None)
            force_setattr(self, "target", target)
            detail = " ".join(word for word in more if word != self.container)
            force_setattr(self, "detail", detail)

    @property
    def about(self) -> str:
        """The kind of the object or of the list's items: `Secret`."""
        return self.target.partition("/")[0]


class CapturedPod(Wire, frozen=True, kw_only=True):
    """What belongs to one pod beside the store of objects."""

    reference: str
    """The pod's key in the store."""
    uid: str = ""
    observations: list[Observation] = []
    probe_counters: list[ProbeCounter] | None = None
    """None where the kubelet's metrics were not or could not be read."""
    throttling: Throttling | None = None
    """Of the kubelet, where it was asked: of a troubled pod whose CPU is limited."""
    probe_attempts: list[ProbeAttempt] = []
    """Only with `--run-probes`."""
    logs: list[LogTail] = []
    calls: list[Call] = []
    memory_usages: list[MemoryUsage] = []
    """Only where it decided whether to exec, or nobody could look inside."""
    outside: Outside | None = None
    """Only where nobody could look inside and the kubelet may be asked."""
    ended_during_exec: list[EndedDuringExec] = []
    disturbed: str = ""
    """Set when the pod was replaced or a container restarted during inspection."""
    withheld: list[str] = []
    """The Secrets, by key, that could not be read in time: free text that may hold their values
    (messages, events, logs, command lines, values) is not here."""
    admission: Admission | None = None
    """Of a rehearsal: then the pod in the store is the one that would be made now."""
    maker_admission: Admission | None = None
    """Of a manifest: what the API server said of the workload that would make the pod."""
    declared_variables: dict[str, list[Variable]] = {}
    """Container -> its declared variables, also of containers that were not looked into."""


class CapturedWorkload(Wire, frozen=True, kw_only=True):
    """A workload or Service that was named, beside the store of objects."""

    reference: str
    """Its key in the store."""
    pods: list[str] = []
    """The keys of the pods that it owns or selects, as far as they are among the capture's."""
    calls: list[Call] = []
    """Those about the workload itself."""


class Capture(Wire, frozen=True, kw_only=True):
    """Any number of pods over one store of objects."""

    version: int = CAPTURE_VERSION
    source: Literal["live", "bundle", "manifest"] = "live"
    podx_version: str = ""
    captured_at: str = ""
    """The server's clock, RFC 3339."""
    server_version: str = ""
    pods: list[CapturedPod] = []
    workloads: list[CapturedWorkload] = []
    """In the order in which they were named."""
    objects: dict[str, StoredObject] = {}
    lists: dict[str, StoredList] = {}
    notes: list[str] = []
    """Why a target that was named has no pods, a sentence each; of captures before workloads."""
    sharing: SharingManifest | None = None
    """Of `capture --for-sharing`."""

    def listed(self, key: str) -> list[Json]:
        """What a list holds, by its key; nothing where it was not asked for or not answered."""
        stored = self.lists.get(key)
        return [*stored.items] if stored is not None else []
