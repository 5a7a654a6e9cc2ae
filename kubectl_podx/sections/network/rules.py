"""Rules about Services, readiness gates and connections that hang."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from kubectl_podx.pod import listeners
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probes import knocked_ports, longest_delay
from kubectl_podx.pod.services import near_misses
from kubectl_podx.rules.fixes import edit_owner, set_selector
from kubectl_podx.rules.remedies import (
    DOCS,
    about_pod,
    checked,
    describe_pod,
    get,
    inside,
    kubectl,
    logs,
    namespace,
)
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule
from kubectl_podx.sections.network.ports import (
    probe_where_it_listens,
    service_where_it_listens,
)
from kubectl_podx.sections.network.report import HangingConnection

_PROBES = DOCS + "concepts/workloads/pods/probes/"

# A program needs a moment to open its port; the probe's own delay may be longer.
_TIME_TO_LISTEN = 30


class _Knock(Struct, frozen=True):
    """A port that probes of one container knock at."""

    entry: ContainerEntry
    types: tuple[str, ...]
    port: int
    reach: listeners.Reach
    early: bool
    """The container may not have come to opening its ports yet."""

    @property
    def probes(self) -> str:
        """`liveness probe and readiness probe`."""
        return " and ".join(f"{kind} probe" for kind in self.types)


def _knocks(case: Case) -> Iterator[_Knock]:
    """The ports that the kubelet probes, where listening sockets were really seen.

    A probe with a `host` of its own goes elsewhere; exec probes knock nowhere.
    """
    for entry in case.view.containers:
        if not entry.running or entry.kind == "ephemeral":
            continue
        for port, types in knocked_ports(entry.spec).items():
            reach = listeners.reach(case.view, port)
            if reach is not None:
                yield _Knock(entry, tuple(types), port, reach, _early(case, entry))


def _early(case: Case, entry: ContainerEntry) -> bool:
    """Whether the container runs for so short a time that its port may still be closed."""
    age = case.view.running_for(entry)
    return age is not None and age < max(_TIME_TO_LISTEN, longest_delay(entry.spec))


def nobody_listens(case: Case) -> Iterator[Hit]:
    """A probe's port has no listening socket in the pod's network."""
    for knock in _knocks(case):
        if knock.reach.listening or knock.early:
            continue
        blocking = not knock.entry.ready
        yield Hit(
            f"{knock.probes} of {knock.entry.name} targets port {knock.port}, but nothing listens "
            "there",
            (f"no listening socket on port {knock.port} in the pod's network", _others(case)),
            container=knock.entry.name,
            fix=probe_where_it_listens(case, knock.entry, knock.types),
            severity="critical" if blocking else "warning",
            blocking=blocking,
        )


def only_loopback(case: Case) -> Iterator[Hit]:
    """A probe's port is open on 127.0.0.1 only: the kubelet comes from the node."""
    for knock in _knocks(case):
        if not knock.reach.listening or knock.reach.reachable:
            continue
        blocking = not knock.entry.ready
        who, port = knock.entry.name, f"port {knock.port}"
        if _others_hold(case, knock):
            title = f"{port} is open on the loopback address only; {who}'s"
        else:
            title = f"{who} listens on {port} of the loopback address only; its"
        yield Hit(
            f"{title} {knock.probes} cannot reach it",
            (
                f"port {knock.port} on {', '.join(knock.reach.addresses)}",
                "the kubelet connects to the pod's address from the node",
            ),
            container=knock.entry.name,
            fix=edit_owner(case),
            severity="critical" if blocking else "warning",
            blocking=blocking,
        )


def _others_hold(case: Case, knock: _Knock) -> bool:
    """Whether it is known that the port is another container's, not that of the probe."""
    owners = {row.container for row in listeners.rows(case.view) if row.port == knock.port}
    return bool(owners) and not owners & {knock.entry.name, "", None}


def _others(case: Case) -> str:
    """What is listened on instead: often the number was mistaken."""
    rows = listeners.rows(case.view)
    shown = ", ".join(dict.fromkeys(f"{row.address}:{row.port}" for row in rows[:8]))
    return f"listening: {shown}" if shown else "nothing listens at all"


PORT_RULES: tuple[Rule, ...] = (
    Rule(
        code="NET001",
        section="network",
        severity="warning",
        title="A probe targets a port on which nothing listens",
        meaning="The kubelet gets `connection refused`: the container never becomes ready, or is "
        "killed again and again by its liveness probe.",
        known_by="The listening sockets seen from inside, at least 30 s after the start.",
        remedy="Correct the probe's port or the program's.",
        link=_PROBES,
        check=nobody_listens,
        explains_probe=True,
    ),
    Rule(
        code="NET002",
        section="network",
        severity="warning",
        title="A probed port is open on the loopback address only",
        meaning="Probes other than exec come from the node to the pod's address. A program bound "
        "to 127.0.0.1 answers a shell in the container only.",
        known_by="The addresses of the listening sockets, seen from inside.",
        remedy="Let the program listen on 0.0.0.0 or ::.",
        link=_PROBES,
        check=only_loopback,
        explains_probe=True,
    ),
)

_SERVICES = DOCS + "tasks/debug/debug-application/debug-service/"
_SOME = 10
_MANY = 50
_CERTAIN = 3


def not_an_endpoint(case: Case) -> Iterator[Hit]:
    """A Service selects the pod and sends it no traffic."""
    pod = case.view.api
    if pod.terminating or pod.ended:
        return
    ready = pod.ready
    for service in case.report.network.services if case.report.network else ():
        if service.endpoint not in ("notReady", "absent"):
            continue
        state = (
            "has no endpoint for it" if service.endpoint == "absent" else "holds it as not ready"
        )
        yield Hit(
            f"Service {service.name} selects the pod and sends it no traffic: it {state}",
            (
                f"endpoint {service.endpoint}, pod {'ready' if ready else 'not ready'}",
                f"pod addresses {', '.join(case.report.pod.pod_ips) or 'none'}",
            ),
            next=kubectl(
                "get",
                "endpointslices",
                "-l",
                f"kubernetes.io/service-name={checked(service.name)}",
                "-o",
                "yaml",
                namespace=namespace(case),
            ),
            # A pod that is not ready belongs out of its Services: the reason is another finding.
            severity="warning" if ready else "info",
        )


def unknown_target_port(case: Case) -> Iterator[Hit]:
    """A Service leads to a port by a name that no container of the pod declares."""
    for service in case.report.network.services if case.report.network else ():
        for port in service.ports:
            if port.resolved is None:
                yield Hit(
                    f"Service {service.name} leads to port {port.target_port}, "
                    "which no container declares",
                    (f"targetPort {port.target_port} of port {port.port}",),
                    next=get(case, "service", service.name),
                )


def service_port_closed(case: Case) -> Iterator[Hit]:
    """A Service leads to a port where nothing listens, or only on the loopback address."""
    if not any(container.ready for container in case.report.containers or ()):
        return
    for service in case.report.network.services if case.report.network else ():
        for port in service.ports:
            if port.listening is not False or port.resolved is None:
                continue
            if not _all_run_that_may_listen(case, port.resolved):
                continue
            reached = listeners.reach(case.view, port.resolved)
            local = reached is not None and reached.listening
            instead = "only 127.0.0.1 is listened on" if local else f"nothing listens{_open(case)}"
            yield Hit(
                f"Service {service.name} leads to port {port.resolved}, where {instead}",
                (
                    f"targetPort {port.target_port} of port {port.port}",
                    f"listening on {port.resolved}: "
                    + (", ".join(reached.addresses) if reached and local else "no socket"),
                ),
                next=get(case, "service", service.name),
                fix=Fix() if local else service_where_it_listens(case, service, port),
            )


def _open(case: Case) -> str:
    """`; the pod listens on 8080`: often the number was mistaken."""
    ports = sorted({row.port for row in listeners.rows(case.view) if row.protocol == "TCP"})
    shown = ", ".join(map(str, ports[:4]))
    return f"; the pod listens on {shown}" if shown else ""


def _all_run_that_may_listen(case: Case, port: int) -> bool:
    """Whether whoever declares the port runs; all containers, where nobody declares it.

    Of one that is down it is no wonder that it does not listen: what ended it is the finding.
    """
    entries = [entry for entry in case.view.containers if entry.kind in ("app", "sidecar")]
    declaring = [entry for entry in entries if port in entry.ports]
    return all(entry.running for entry in declaring or entries)


def readiness_gate(case: Case) -> Iterator[Hit]:
    """A readiness gate is not True: the pod stays out of its Services."""
    ready = case.view.api.has("ContainersReady")
    for gate in case.report.network.readiness_gates if case.report.network else ():
        if gate.status != "True":
            said = "no controller has set it" if gate.status == "notSet" else f"it is {gate.status}"
            yield Hit(
                f"readiness gate {gate.condition} holds the pod back: {said}",
                (f"condition {gate.condition} {gate.status}",),
                next=about_pod(case, "get", "-o", "yaml", "pod"),
                severity="critical" if ready else "info",
                blocking=ready,
            )


def _hanging(case: Case, state: str) -> list[HangingConnection]:
    network = case.report.network
    return [row for row in network.connections if row.state == state] if network else []


def close_wait(case: Case) -> Iterator[Hit]:
    """The peer has closed and the program has not: descriptors leak."""
    for row in _hanging(case, "CLOSE_WAIT"):
        if row.count >= _SOME:
            yield Hit(
                f"{row.count} connections between {row.local} and {row.remote} were closed by the "
                "peer and not by the program",
                (f"{row.count} sockets in CLOSE_WAIT",),
                next=logs(case, row.container),
                severity="warning" if row.count >= _MANY else "info",
            )


def syn_sent(case: Case) -> Iterator[Hit]:
    """A peer does not answer: connections stay in SYN_SENT."""
    unready = any(
        not container.ready and container.state == "running" and container.kind != "ephemeral"
        for container in case.report.containers or ()
    )
    for row in _hanging(case, "SYN_SENT"):
        serious = unready or row.count >= _CERTAIN
        yield Hit(
            f"{row.remote} does not answer: {row.count} connection"
            f"{'' if row.count == 1 else 's'} wait{'s' if row.count == 1 else ''} for it",
            (
                f"{row.count} in SYN_SENT at the time of the exec, from {row.local}",
                *_policies(case),
            ),
            next=kubectl(
                "get",
                "networkpolicies,services,endpointslices",
                "-o",
                "wide",
                namespace=namespace(case),
            ),
            severity="warning" if serious else "info",
        )


def _policies(case: Case) -> Iterator[str]:
    """A likely reason for a peer that does not answer: whoever drops a packet does not say so."""
    names = case.report.network.egress_policies if case.report.network else []
    for name in names[:3]:
        yield f"{name} selects the pod and limits its egress: a likely reason"


def misses_the_pod(case: Case) -> Iterator[Hit]:
    """A Service without endpoints whose selector is nearly the pod's labels."""
    for miss in near_misses(case.view):
        has = f"{miss.key}={miss.has}" if miss.has else f"no label {miss.key}"
        yield Hit(
            f"Service {miss.service.name} has no endpoint and misses this pod by one label: it "
            f"selects {miss.key}={miss.wanted}, the pod has {has}",
            (
                "selector: " + ", ".join(f"{k}={v}" for k, v in miss.service.selector.items()),
                "no pod matches it",
            ),
            fix=set_selector(case, miss.service.name, miss.key, miss.has) if miss.has else Fix(),
        )


def does_not_accept(case: Case) -> Iterator[Hit]:
    """Connections wait to be accepted: the program is busy, stopped or out of descriptors.

    A listener's line of /proc/net/tcp counts who waits; how many may wait it does not tell.
    """
    rows = case.report.namespaces.processes if case.report.namespaces else ()
    states = {(row.container, row.pid): row.state[:1] for row in rows}
    for row in listeners.rows(case.view):
        stopped = states.get((row.container, row.pid or 0)) in ("T", "t")
        if (row.queue or 0) < (1 if stopped else _SOME):
            continue
        container = row.container or ""
        yield Hit(
            f"{container or 'a process'} does not accept connections on port {row.port}: "
            f"{row.queue} wait",
            (
                f"{row.queue} in the accept queue of {row.address}, port {row.port}",
                *((f"process {row.pid} ({row.executable}) is stopped",) if stopped else ()),
            ),
            container=container,
            next=inside(case, container, "cat", "/proc/1/status")
            if container
            else describe_pod(case),
        )


RULES: tuple[Rule, ...] = (
    *PORT_RULES,
    Rule(
        code="NET010",
        section="network",
        severity="info",
        title="A Service misses the pod by one label",
        meaning="It has no endpoint, and all but one key of its selector match. Whoever connects "
        "to it is refused.",
        known_by="The Service's selector, the pod's labels, and EndpointSlices without any "
        "address. Told only where the two values look alike.",
        remedy="Correct the selector of the Service or the label of the pod, unless another "
        "workload is meant that is not running.",
        link=DOCS + "concepts/services-networking/service/",
        check=misses_the_pod,
    ),
    Rule(
        code="NET003",
        section="network",
        severity="warning",
        title="A Service selects the pod and sends it no traffic",
        meaning="The pod's labels match, and its endpoint is not ready or not there.",
        known_by="The pod's labels, the Service's selector and its EndpointSlices.",
        remedy="See why the pod is not ready; with a ready pod look at the EndpointSlice.",
        link=_SERVICES,
        check=not_an_endpoint,
    ),
    Rule(
        code="NET004",
        section="network",
        severity="warning",
        title="A Service's target port has a name that the pod does not know",
        meaning="Named target ports are looked up in the containers' ports. Without a match the "
        "pod gets no endpoint for that port.",
        known_by="targetPort of the Service and the names of the containers' ports.",
        remedy="Name the containerPort, or use its number in the Service.",
        link=DOCS + "concepts/services-networking/service/#field-spec-ports",
        check=unknown_target_port,
    ),
    Rule(
        code="NET005",
        section="network",
        severity="warning",
        title="A Service leads to a port on which nothing listens",
        meaning="Connections through the Service are refused, although the pod may be ready.",
        known_by="The listening sockets of the pod's network, seen from inside.",
        remedy="Correct targetPort, or let the program listen there on all addresses.",
        link=_SERVICES,
        check=service_port_closed,
    ),
    Rule(
        code="NET006",
        section="network",
        severity="critical",
        title="A readiness gate is not True",
        meaning="Besides its containers the pod waits for a condition that something outside sets, "
        "such as a load balancer's controller.",
        known_by="readinessGates of the spec against the conditions of the status.",
        remedy="Look at the controller that sets the condition.",
        link=DOCS + "concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate",
        check=readiness_gate,
    ),
    Rule(
        code="NET007",
        section="network",
        severity="warning",
        title="Closed connections pile up",
        meaning="The peer has closed and the program has not noticed or does not care. Each keeps "
        "a descriptor until the limit of open files is reached.",
        known_by="Sockets in CLOSE_WAIT, by peer.",
        remedy="Close connections on end of file; see the client's pool settings.",
        link=_SERVICES,
        check=close_wait,
    ),
    Rule(
        code="NET008",
        section="network",
        severity="warning",
        title="A peer does not answer",
        meaning="The kernel has asked for a connection and got no answer: a network policy, a "
        "wrong address, or a peer that is gone. A refused connection would not stay.",
        known_by="Sockets in SYN_SENT at the time of the exec; one alone may be by chance.",
        remedy="Check the address, its endpoints and the network policies on the way.",
        link=_SERVICES,
        check=syn_sent,
    ),
    Rule(
        code="NET009",
        section="network",
        severity="warning",
        title="A program does not accept connections",
        meaning="Connections are made by the kernel and wait for the program to take them. It is "
        "busy, stopped or out of descriptors; when the queue is full the kernel drops new ones and "
        "probes time out.",
        known_by="The accept queue of the listening socket: ten or more wait at the time of the "
        "exec, or its process is stopped.",
        remedy="See what the program is busy with.",
        link=_SERVICES,
        check=does_not_accept,
        explains_probe=True,
    ),
)
