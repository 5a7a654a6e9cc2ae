"""What the containers of a pod share: namespaces, network, volumes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.report.pod import Bytes, Time
from kubectl_podx.model.report.words import Basis
from kubectl_podx.model.wire import Wire


class NamespaceGroup(Wire, frozen=True, kw_only=True):
    containers: Annotated[list[str], Meta(description="The containers that share it.")]
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
    groups: Annotated[
        list[NamespaceGroup],
        Meta(description="Containers that share one namespace stand in one group."),
    ] = []
    agrees: Annotated[
        bool | None,
        Meta(
            description="Whether what was observed is what was declared; null where it could not be told."
        ),
    ] = None
    reason: Annotated[
        str, Meta(description="What differs from the spec, or why it could not be told.")
    ] = ""


class ProcessRow(Wire, frozen=True, kw_only=True):
    container: Annotated[
        str | None,
        Meta(
            description="By the end of /proc/N/cgroup; null where it cannot be told; `pause` for the sandbox."
        ),
    ]
    pid: Annotated[int, Meta(description="The process id, in the PID namespace it was seen from.")]
    seen_from: Annotated[str, Meta(description="The container whose PID namespace numbers it.")]
    parent: Annotated[int | None, Meta(description="The parent's pid.")] = None
    executable: Annotated[
        str, Meta(description="The first 15 bytes of its name, which it chooses itself.")
    ] = ""
    argument_count: Annotated[
        int | None, Meta(description="Number of arguments; their text stays in the container.")
    ] = None
    state: Annotated[
        str, Meta(description="R running, S sleeping, D waiting for a device, Z zombie, T stopped.")
    ] = ""
    uid: Annotated[int | None, Meta(description="Effective user id.")] = None
    gid: Annotated[int | None, Meta(description="Effective group id.")] = None
    started_at: Annotated[
        Time | None, Meta(description="When it started, by the node's clock.")
    ] = None
    main: Annotated[
        bool, Meta(description="It is the container's main process, whose end is the container's.")
    ] = False
    handles_term: Annotated[
        bool | None,
        Meta(
            description="It has a handler for SIGTERM (SigCgt); false: as PID 1 it ignores it, else it ends at once."
        ),
    ] = None
    resident: Annotated[Bytes | None, Meta(description="Resident memory.")] = None


class ListenerRow(Wire, frozen=True, kw_only=True):
    protocol: Annotated[str, Meta(description="`TCP` or `UDP`.")] = "TCP"
    address: Annotated[
        str,
        Meta(
            description="`0.0.0.0` and `::` are every address; a loopback one is reached from inside the pod only."
        ),
    ]
    port: Annotated[int, Meta(description="The port that is listened on.")]
    container: Annotated[
        str | None, Meta(description="The container of the process that listens.")
    ] = None
    pid: Annotated[int | None, Meta(description="The process that listens.")] = None
    executable: Annotated[str, Meta(description="The name of the process that listens.")] = ""
    uid: Annotated[int | None, Meta(description="The user that made the socket.")] = None
    reason: Annotated[str, Meta(description="Why the process is not known.")] = ""
    declared_as: Annotated[
        str, Meta(description="The containerPort that matches, as `CONTAINER:NAME`.")
    ] = ""
    host_port: Annotated[int | None, Meta(description="The node's port that leads here.")] = None
    queue: Annotated[int | None, Meta(description="Connections waiting to be accepted.")] = None


class Namespaces(Wire, frozen=True, kw_only=True):
    network: Annotated[
        Namespace,
        Meta(
            description="Addresses, ports and routes; one for the pod, or the node's (hostNetwork)."
        ),
    ]
    pid: Annotated[Namespace, Meta(description="Who sees whose processes.")]
    ipc: Annotated[
        Namespace,
        Meta(description="Shared memory and semaphores; one for the pod, or the node's (hostIPC)."),
    ]
    uts: Annotated[Namespace, Meta(description="The hostname; one for the pod, or the node's.")]
    user: Annotated[Namespace, Meta(description="User ids; the node's, unless hostUsers is false.")]
    mount: Annotated[Namespace, Meta(description="File systems; always one for each container.")]
    cgroup: Annotated[Namespace, Meta(description="The view of the control groups.")]
    pid_one: Annotated[str, Meta(description="Who is PID 1, such as `pause` or `app: nginx`.")] = ""
    processes: Annotated[
        list[ProcessRow], Meta(description="What runs in the containers that were looked into.")
    ] = []
    processes_left_out: Annotated[
        int, Meta(description="Processes beyond the most that a look takes.")
    ] = 0
    listeners: Annotated[
        list[ListenerRow], Meta(description="Sockets that wait for connections.")
    ] = []


class HangingConnection(Wire, frozen=True, kw_only=True):
    state: Annotated[
        str,
        Meta(
            description="`SYN_SENT`: the peer does not answer. `CLOSE_WAIT`: the peer has closed and the program has not."
        ),
    ]
    container: Annotated[
        str,
        Meta(description="The container that was looked into; the network namespace is the pod's."),
    ]
    remote: Annotated[str, Meta(description="The peer's address and port.")]
    local: Annotated[str, Meta(description="The own address and port.")]
    count: Annotated[int, Meta(description="How many connections are alike.")] = 1


class ServicePort(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The port's name.")] = ""
    port: Annotated[int, Meta(description="The Service's port.")]
    target_port: Annotated[str, Meta(description="As written: a number or a name.")]
    resolved: Annotated[
        int | None, Meta(description="The container port it means in this pod.")
    ] = None
    listening: Annotated[
        bool | None, Meta(description="Somebody listens there on an address that can be reached.")
    ] = None


class ServiceRow(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The Service's name.")]
    type: Annotated[
        str, Meta(description="`ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.")
    ] = ""
    ports: Annotated[list[ServicePort], Meta(description="Its ports, resolved for this pod.")] = []
    endpoint: Annotated[
        str, Meta(description="`ready`, `notReady`, `terminating`, `absent` or `unknown`.")
    ] = "unknown"
    serving: Annotated[
        bool | None,
        Meta(description="The EndpointSlice says that the endpoint serves, terminating or not."),
    ] = None


class ReadinessGate(Wire, frozen=True, kw_only=True):
    condition: Annotated[str, Meta(description="The condition that the gate waits for.")]
    status: Annotated[str, Meta(description="`True`, `False`, `Unknown` or `notSet`.")]


class Network(Wire, frozen=True, kw_only=True):
    connections: Annotated[
        list[HangingConnection],
        Meta(description="Connections that do not come to life or to an end."),
    ] = []
    services: Annotated[
        list[ServiceRow], Meta(description="Services whose selector matches the pod's labels.")
    ] = []
    readiness_gates: Annotated[
        list[ReadinessGate],
        Meta(description="Conditions besides the containers' that Ready waits for."),
    ] = []


class VolumeMount(Wire, frozen=True, kw_only=True):
    container: Annotated[str, Meta(description="The container that mounts it.")]
    path: Annotated[str, Meta(description="mountPath: where it is in the container.")]
    read_only: Annotated[bool, Meta(description="readOnly is declared.")] = False
    sub_path: Annotated[str, Meta(description="subPath, or subPathExpr expanded.")] = ""
    propagation: Annotated[str, Meta(description="mountPropagation as declared.")] = ""
    state: Annotated[
        str,
        Meta(description="`mounted`, `missing`, `deletedSubPath`, `coveredBy:PATH` or `unknown`."),
    ] = "unknown"
    device: Annotated[str | None, Meta(description="`major:minor` of the file system.")] = None
    inode: Annotated[str | None, Meta(description="The inode number of the mount's root.")] = None
    fstype: Annotated[str | None, Meta(description="The file system's type.")] = None
    observed_read_only: Annotated[
        bool | None, Meta(description="It is read-only in the container's mount table.")
    ] = None
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` where nobody is known."
        ),
    ] = ""


class Volume(Wire, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The volume's name.")]
    type: Annotated[
        str, Meta(description="The field of the volume source, such as `configMap`, `emptyDir`.")
    ]
    source: Annotated[
        str, Meta(description="What it is made from: an object's name, a path, an image.")
    ] = ""
    details: Annotated[
        list[str], Meta(description="What matters of its own type, a fact each.")
    ] = []
    mounts: Annotated[list[VolumeMount], Meta(description="Every mount of it.")] = []
    shared: Annotated[bool, Meta(description="Mounted by two containers or more.")] = False
    basis: Annotated[
        Basis, Meta(description="`proven` where device and inode of its mounts are equal.")
    ] = "declared"
    size: Annotated[
        Bytes | None, Meta(description="The size of its file system, which may be the node's disk.")
    ] = None
    used: Annotated[Bytes | None, Meta(description="Bytes in use on its file system.")] = None
    available: Annotated[
        Bytes | None, Meta(description="Bytes that a user without privileges can still write.")
    ] = None
    inodes: Annotated[int | None, Meta(description="Inodes of its file system.")] = None
    inodes_used: Annotated[int | None, Meta(description="Inodes in use on its file system.")] = None
    injected: Annotated[bool, Meta(description="The owner's template does not have it.")] = False
    injected_by: Annotated[
        str,
        Meta(
            description="Who added it to the owner's template, as `injections` says; empty where the template has it, `unknown` where nobody is known."
        ),
    ] = ""
