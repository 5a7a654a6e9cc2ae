"""Rules about shared namespaces and who is PID 1."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.kills import grace_period
from kubectl_podx.pod.listeners import DeclaredPort, declared_ports
from kubectl_podx.pod.processes import main_processes
from kubectl_podx.rules.fixes import edit_owner, set_pod
from kubectl_podx.rules.remedies import DOCS, describe_pod
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.rules.trouble import endings

# Below this grace period nobody notices that the stop waits for all of it.
_NOTICED_GRACE = 5


def not_as_declared(case: Case) -> Iterator[Hit]:
    """The containers' namespace inodes contradict the spec."""
    namespaces = case.report.namespaces
    if namespaces is None:
        return
    for kind in ("network", "pid", "ipc", "uts", "user", "mount"):
        found = getattr(namespaces, kind)
        if found.agrees is False:
            groups = "; ".join(
                f"{', '.join(group.containers)}: {group.inode or 'not read'}"
                for group in found.groups
            )
            yield Hit(
                f"the {kind} namespace is not as declared: {found.reason}",
                (f"declared {found.mode} ({found.declared_by})", f"inodes {groups}"),
                next=describe_pod(case),
            )


def same_port(case: Case) -> Iterator[Hit]:
    """Two containers declare one port: they share a network, so only one can listen on it."""
    claims: dict[tuple[int, str], list[DeclaredPort]] = {}
    for port in declared_ports(case.view):
        claims.setdefault((port.port, port.protocol), []).append(port)
    for (number, protocol), ports in claims.items():
        names = list(dict.fromkeys(port.container for port in ports))
        if len(names) < 2:
            continue
        rows = [c for c in case.report.containers or () if c.name in names]
        well = bool(rows) and all(row.ready for row in rows)
        yield Hit(
            f"{' and '.join(names)} both declare port {number}/{protocol}",
            (
                "containers of a pod share one network namespace",
                *(f"{c.name} is {c.state} {c.reason}".rstrip() for c in rows if not c.ready),
            ),
            container=next((row.name for row in rows if not row.ready), names[-1]),
            fix=edit_owner(case),
            severity="info" if well else "warning",
        )


def no_term_handler(case: Case) -> Iterator[Hit]:
    """A main process that is PID 1 and has no TERM handler: the kernel drops the signal."""
    grace = grace_period(case.view)
    if grace < _NOTICED_GRACE:
        return
    for container, process in main_processes(case.view):
        if process.pid == 1 and process.handles_term is False:
            yield Hit(
                f"{container} ignores TERM: each stop takes the whole grace period of {grace} s",
                (
                    f"process 1 ({process.executable or 'unknown'}) has no handler for SIGTERM",
                    "the kernel delivers to PID 1 only what it handles",
                ),
                container=container,
                fix=edit_owner(case),
            )


def not_pid_one(case: Case) -> Iterator[Hit]:
    """An init system that must be PID 1 is not."""
    shared = {"pod": "shareProcessNamespace", "node": "hostPID"}.get(case.view.pid_mode, "")
    if not shared:
        return
    who = "the pause process" if shared == "shareProcessNamespace" else "the init of the node"
    for ending in endings(case):
        for _, line in ending.of("notPidOne"):
            yield ending.hit(
                f"{shared} is true, so that PID 1 is {who}",
                line,
                fix=set_pod(case, {shared: False}),
            )
            break


RULES: tuple[Rule, ...] = (
    Rule(
        code="NSP001",
        section="namespaces",
        severity="warning",
        title="A namespace is not shared as the spec declares",
        meaning="The runtime gave the containers other namespaces than the pod asks for, such as "
        "the node's user namespace in spite of hostUsers: false.",
        known_by="Inodes of /proc/self/ns read in the containers; the initial namespaces' inodes "
        "are fixed by the kernel.",
        remedy="Check that the runtime and kernel support what is asked for.",
        link=DOCS + "concepts/workloads/pods/user-namespaces/",
        check=not_as_declared,
    ),
    Rule(
        code="NSP002",
        section="namespaces",
        severity="warning",
        title="Two containers use the same port",
        meaning="All containers of a pod share its network namespace. The second one to listen "
        "gets `address already in use`.",
        known_by="The same containerPort and protocol in two containers. Declaring a port opens "
        "nothing, so with both ready it is only a remark.",
        remedy="Give one of them another port.",
        link=DOCS + "concepts/workloads/pods/#pod-networking",
        check=same_port,
    ),
    Rule(
        code="NSP003",
        section="namespaces",
        severity="info",
        title="A container's PID 1 does not handle TERM",
        meaning="As PID 1 of its namespace a process gets only the signals it has a handler for. "
        "TERM is lost, and after the grace period comes KILL: slow rollouts, broken requests.",
        known_by="SigCgt of the main process, where it is PID 1.",
        remedy="Handle SIGTERM, run the program with `exec` in the entrypoint, or use an init.",
        link=DOCS + "concepts/workloads/pods/pod-lifecycle/#pod-termination",
        check=no_term_handler,
    ),
    reason_rule(
        code="NSP010",
        section="namespaces",
        title="An init system needs to be PID 1",
        meaning="s6, systemd and others only work as PID 1. With shareProcessNamespace that is the "
        "pause process, with hostPID the init of the node.",
        known_by="What the program says of PID 1, and the fields of the spec.",
        remedy="Leave shareProcessNamespace out, or use an image without an init system.",
        link=DOCS + "tasks/configure-pod-container/share-process-namespace/",
        check=not_pid_one,
    ),
)
