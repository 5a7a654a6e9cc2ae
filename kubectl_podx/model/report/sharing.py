"""What the containers of a pod share: namespaces, network, volumes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.report.pod import Bytes, Time
from kubectl_podx.model.report.words import Basis
from kubectl_podx.model.wire import Wire


class NamespaceGroup(Wire, frozen=True, kw_only=True):
    containers: list[str]
    basis: Annotated[
        Basis, Meta(description="`proven` where the containers' inodes were read and are equal.")
    ]
    inode: Annotated[str | None, Meta(description="The namespace's inode number.")] = None


class Namespace(Wire, frozen=True, kw_only=True):
    mode: Annotated[
        str, Meta(description="What the spec asks for: `pod`, `container`, `node`, `target:NAME`.")
    ]
    declared_by: Annotated[
        str, Meta(description="The field that decides, such as `shareProcessNamespace: true`.")
    ] = ""
    groups: list[NamespaceGroup] = []
    agrees: Annotated[
        bool | None,
        Meta(
            description="Whether what was observed is what was declared; null where it could not be told."
        ),
    ] = None
    reason: str = ""


class ProcessRow(Wire, frozen=True, kw_only=True):
    container: Annotated[
        str | None,
        Meta(
            description="By the end of /proc/N/cgroup; null where it cannot be told; `pause` for the sandbox."
        ),
    ]
    pid: int
    seen_from: Annotated[str, Meta(description="The container whose PID namespace numbers it.")]
    parent: int | None = None
    executable: str = ""
    argument_count: int | None = None
    state: str = ""
    uid: int | None = None
    gid: int | None = None
    started_at: Time | None = None
    main: Annotated[bool, Meta(description="The container's main process.")] = False
    handles_term: Annotated[bool | None, Meta(description="SIGTERM stands in SigCgt.")] = None
    resident: Bytes | None = None


class ListenerRow(Wire, frozen=True, kw_only=True):
    protocol: str = "TCP"
    address: str
    port: int
    container: str | None = None
    pid: int | None = None
    executable: str = ""
    uid: int | None = None
    reason: Annotated[str, Meta(description="Why the process is not known.")] = ""
    declared_as: Annotated[
        str, Meta(description="The containerPort that matches, as `CONTAINER:NAME`.")
    ] = ""
    host_port: int | None = None
    queue: Annotated[int | None, Meta(description="Connections waiting to be accepted.")] = None
    backlog: Annotated[
        int | None, Meta(description="How many may wait; the kernel lets one more in.")
    ] = None


class Namespaces(Wire, frozen=True, kw_only=True):
    network: Namespace
    pid: Namespace
    ipc: Namespace
    uts: Namespace
    user: Namespace
    mount: Namespace
    cgroup: Namespace
    pid_one: Annotated[str, Meta(description="Who is PID 1, such as `pause` or `app: nginx`.")] = ""
    processes: list[ProcessRow] = []
    processes_left_out: int = 0
    listeners: list[ListenerRow] = []


class HangingConnection(Wire, frozen=True, kw_only=True):
    state: str
    container: Annotated[
        str,
        Meta(description="The container that was looked into; the network namespace is the pod's."),
    ]
    remote: str
    local: str
    count: int = 1


class ServicePort(Wire, frozen=True, kw_only=True):
    name: str = ""
    port: int
    target_port: Annotated[str, Meta(description="As written: a number or a name.")]
    resolved: Annotated[
        int | None, Meta(description="The container port it means in this pod.")
    ] = None
    listening: Annotated[
        bool | None, Meta(description="Somebody listens there on an address that can be reached.")
    ] = None


class ServiceRow(Wire, frozen=True, kw_only=True):
    name: str
    type: str = ""
    ports: list[ServicePort] = []
    endpoint: Annotated[
        str, Meta(description="`ready`, `notReady`, `terminating`, `absent` or `unknown`.")
    ] = "unknown"
    serving: bool | None = None


class ReadinessGate(Wire, frozen=True, kw_only=True):
    condition: str
    status: Annotated[str, Meta(description="`True`, `False`, `Unknown` or `notSet`.")]


class Network(Wire, frozen=True, kw_only=True):
    connections: list[HangingConnection] = []
    services: list[ServiceRow] = []
    readiness_gates: list[ReadinessGate] = []


class VolumeMount(Wire, frozen=True, kw_only=True):
    container: str
    path: str
    read_only: bool = False
    sub_path: str = ""
    propagation: str = ""
    state: Annotated[
        str,
        Meta(description="`mounted`, `missing`, `deletedSubPath`, `coveredBy:PATH` or `unknown`."),
    ] = "unknown"
    device: Annotated[str | None, Meta(description="`major:minor` of the file system.")] = None
    inode: str | None = None
    fstype: str | None = None
    observed_read_only: bool | None = None


class Volume(Wire, frozen=True, kw_only=True):
    name: str
    type: Annotated[
        str, Meta(description="The field of the volume source, such as `configMap`, `emptyDir`.")
    ]
    source: Annotated[
        str, Meta(description="What it is made from: an object's name, a path, an image.")
    ] = ""
    details: Annotated[
        list[str], Meta(description="What matters of its own type, a fact each.")
    ] = []
    mounts: list[VolumeMount] = []
    shared: Annotated[bool, Meta(description="Mounted by two containers or more.")] = False
    basis: Annotated[
        Basis, Meta(description="`proven` where device and inode of its mounts are equal.")
    ] = "declared"
    size: Bytes | None = None
    used: Bytes | None = None
    available: Bytes | None = None
    inodes: int | None = None
    inodes_used: int | None = None
    injected: bool = False
