"""The rows of this section, as the report prints them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from kubectl_podx.model.parts import FROM_INSIDE, FROM_SPEC, ListenerRow, ProcessRow
from kubectl_podx.model.wire import Wire
from kubectl_podx.model.words import Basis


class NamespaceGroup(Wire, frozen=True, kw_only=True):
    containers: Annotated[list[str], Meta(description="The containers that share it.")]
    basis: Annotated[
        Basis, Meta(description="`proven` where the containers' inodes were read and are equal.")
    ]
    inode: Annotated[str | None, Meta(description="The namespace's inode number.")] = None


class Namespace(Wire, frozen=True, kw_only=True):
    mode: Annotated[str, Meta(description="What the spec asks for, such as `pod`.")]
    declared_by: Annotated[
        str, Meta(description="The field that decides, such as `shareProcessNamespace: true`.")
    ] = ""
    groups: Annotated[
        list[NamespaceGroup],
        Meta(description="Containers that share one namespace form one group."),
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
        list[ProcessRow], Meta(description="What runs in the containers in which podx ran an exec.")
    ] = []
    processes_left_out: Annotated[
        int, Meta(description="Processes beyond the limit of one exec.")
    ] = 0
    listeners: Annotated[
        list[ListenerRow], Meta(description="Sockets that wait for connections.")
    ] = []


ORIGINS: dict[str, str] = {
    "": f"{FROM_INSIDE}: /proc",
    "pidOne": f"{FROM_INSIDE}: /proc/1",
    "listeners": f"{FROM_INSIDE}: /proc/net, and /proc/N/fd for who holds the socket",
    "listeners.declaredAs": f"{FROM_SPEC}: ports of its containers",
    "listeners.hostPort": f"{FROM_SPEC}: ports of its containers",
}
"""Where each field comes from, by its path below the section; empty for the section itself."""
