"""Reasons that stand in the network: the Service that is asked for, and who has a port."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from kubectl_podx.pod import listeners
from kubectl_podx.pod.services import (
    Named,
    Service,
    aliases,
    by_address,
    named,
    services,
    similar,
)
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import edit_owner, publish_unready
from kubectl_podx.rules.remedies import DOCS, checked, kubectl, namespace
from kubectl_podx.rules.rule import Case, Hit, Rule, reason_rule
from kubectl_podx.sections.network.ports import probe_where_it_listens

if TYPE_CHECKING:
    from kubectl_podx.pod.waits import Target
    from kubectl_podx.sections.probes.report import Probe

_SERVICES = DOCS + "concepts/services-networking/service/"
_FEW = 6
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def no_such_service(case: Case) -> Iterator[Hit]:
    """A name is asked for that no Service of the namespace has."""
    for ending, target, line in _asked(case):
        known = services(case.view)
        meant = named(case.view, target.host)
        if known is None or meant is None or _known_elsewhere(case, target.host):
            continue
        # A connection that is refused was to a name that is known.
        if meant.service in known or any(told == line for _, told in ending.of("refused")):
            continue
        yield ending.hit(
            _missing(case, meant, known),
            line,
            *_instead(meant, known),
            more=kubectl("get", "services", namespace=namespace(case)),
        )


def _known_elsewhere(case: Case, host: str) -> bool:
    return host in _LOOPBACK or host in aliases(case.view) or host == case.view.reference.name


def _missing(case: Case, meant: Named, known: dict[str, Service]) -> str:
    name = meant.service
    title = f"namespace {case.view.reference.namespace} has no Service {name}"
    alike = similar(name, known)
    if alike:
        return f"{title} (there is {alike[0]})"
    if case.view.container(name) is not None:
        return f"{title}: container {name} of the same pod is reached at localhost"
    return title


def _instead(meant: Named, known: dict[str, Service]) -> Iterator[str]:
    names = sorted(name for name in known if name != "kubernetes")
    if not names:
        yield "the namespace has no Services"
    elif not similar(meant.service, known):
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        yield f"Services there: {', '.join(names[:_FEW])}{more}"


def _asked(case: Case) -> list[tuple[Ending, Target, str]]:
    """Whom a container in trouble asked in vain, the first of each."""
    return list(_who_was_asked(case)) if endings(case) else []


def _who_was_asked(case: Case) -> Iterator[tuple[Ending, Target, str]]:
    """By the log, else by the command where it only waits, else by the probe that fails."""
    # Their patterns are compiled only where there is trouble.
    from kubectl_podx.pod.waits import Target, probe_targets, targets, waited_for  # noqa: PLC0415

    for ending in endings(case):
        found = [
            (Target(said.name, said.port), line)
            for said, line in ending.of("unresolved", "refused")
            if said.name
        ]
        if not found and ending.entry.kind == "init":
            values = _values(case, ending)
            told = (waited_for(line) for line in ending.lines)
            found = [(target, "") for target in targets(ending.entry, values)]
            # The line itself stands among those of the log.
            found = found or [(target, "") for target in told if target is not None]
        if not found:
            found = [
                (target, "")
                for probe in _failing(case, ending)
                for target in probe_targets(ending.entry, probe.type, _values(case, ending))
            ]
        seen = list(dict.fromkeys(found))
        if seen:
            yield ending, *seen[0]


def _values(case: Case, ending: Ending) -> dict[str, str]:
    """The container's variables, as far as their values may be shown."""
    rows = case.report.environment or ()
    return {r.name: r.declared for r in rows if r.container == ending.entry.name and r.declared}


def _failing(case: Case, ending: Ending) -> list[Probe]:
    """The container's probes that fail, or that killed it."""
    kills = {"livenessProbe": "liveness", "startupProbe": "startup"}
    return [
        probe
        for probe in case.report.probes or ()
        if probe.container == ending.entry.name
        and (probe.state in ("failing", "erroring") or kills.get(ending.cause) == probe.type)
    ]


def without_endpoints(case: Case) -> Iterator[Hit]:
    """The Service is there, and nobody is behind it, or not at that port."""
    for ending, target, line in _asked(case):
        meant = named(case.view, target.host)
        found = (services(case.view) or {}).get(meant.service) if meant else None
        found = found or by_address(case.view, target.host)
        if found is None or found.external or (meant is not None and meant.pod):
            continue
        title = _unanswered(found, target.port)
        if title:
            yield ending.hit(title, line, more=_slices(case, found.name))


def _slices(case: Case, service: str) -> str:
    label = f"kubernetes.io/service-name={checked(service)}"
    return kubectl("get", "endpointslices", "-l", label, namespace=namespace(case))


def _unanswered(service: Service, port: int | None) -> str:
    if port is not None and not service.headless and port not in service.ports:
        listed = ", ".join(map(str, service.ports)) or "none"
        return f"Service {service.name} has no port {port}: it has {listed}"
    if service.ready != 0:
        return ""
    if service.endpoints:
        return (
            f"Service {service.name} has no ready endpoint: {service.endpoints} "
            f"pod{'' if service.endpoints == 1 else 's'} behind it not ready"
        )
    if service.selects:
        return f"Service {service.name} has no endpoint: its selector matches no running pod"
    return f"Service {service.name} has no endpoint and no selector"


def ready_pods_only(case: Case) -> Iterator[Hit]:
    """A pod becomes ready once it finds its peers, and is found once it is ready."""
    for ending, target, line in _asked(case):
        meant = named(case.view, target.host)
        found = (services(case.view) or {}).get(meant.service) if meant else None
        if found is None or not found.headless or not found.selects_pod:
            continue
        if found.publishes_unready or (meant and not meant.pod and found.ready != 0):
            continue
        yield ending.hit(
            f"headless Service {found.name} publishes ready pods only "
            f"(publishNotReadyAddresses is not set), so {target.host} resolves once that pod is "
            "ready",
            line,
            f"{found.ready} of {found.endpoints} endpoints ready" if found.endpoints else "",
            fix=publish_unready(case, found.name),
        )


def starts_later(case: Case) -> Iterator[Hit]:
    """An init container waits at localhost for a container that starts after it."""
    order = [entry.name for entry in case.view.containers]
    for ending in endings(case):
        if ending.entry.kind != "init":
            continue
        for target in _local_targets(case, ending):
            later = [
                port.container
                for port in listeners.declared_ports(case.view)
                if port.port == target.port
                and order.index(port.container) > order.index(ending.entry.name)
            ]
            if later:
                title = (
                    f"port {target.port} is container {later[0]}'s, which starts only after "
                    f"{ending.entry.name} has ended"
                )
            else:
                title = (
                    f"{target.host} is the pod itself, where nothing else runs while "
                    f"{ending.entry.name} does"
                )
            yield ending.hit(title, "", fix=edit_owner(case))
            break


def _local_targets(case: Case, ending: Ending) -> list[Target]:
    from kubectl_podx.pod.waits import Target, targets  # noqa: PLC0415 - as above

    values = _values(case, ending)
    asked = [one for one in targets(ending.entry, values) if one.host in _LOOPBACK]
    asked += [
        Target(said.name, said.port) for said, _ in ending.of("refused") if said.name in _LOOPBACK
    ]
    return [one for one in asked if one.port is not None]


def address_in_use(case: Case) -> Iterator[Hit]:
    """Somebody of the same network namespace has the port."""
    for ending in endings(case):
        for said, line in ending.of("addressInUse"):
            title = _holder(case, ending, said.port)
            if title:
                yield ending.hit(title, line, fix=edit_owner(case))
                break


def _holder(case: Case, ending: Ending, port: int | None) -> str:
    own = ending.entry.name
    wanted = {port} if port is not None else set(ending.entry.ports)
    for row in listeners.rows(case.view):
        if row.container not in (None, "", own) and (row.port in wanted or not wanted):
            return f"container {row.container} of this pod listens on port {row.port}"
    for declared in listeners.declared_ports(case.view):
        if declared.container != own and declared.port in wanted:
            return (
                f"container {declared.container} of this pod declares port {declared.port}, too: "
                "the containers of a pod share its ports"
            )
    if case.view.host_network:
        node = f" {case.view.api.node}" if case.view.api.node else ""
        on = f"port {port}" if port is not None else "the port"
        return f"hostNetwork is true, and something on node{node} uses {on}"
    return ""


def neighbours_port(case: Case) -> Iterator[Hit]:
    """A probe asks at a port that another container of the pod has."""
    declared = listeners.declared_ports(case.view)
    rows = listeners.rows(case.view)
    for ending in endings(case):
        for probe in _failing(case, ending):
            port, own = probe.handler.resolved_port, ending.entry.name
            if port is None or probe.handler.host or port in ending.entry.ports:
                continue
            held = {r.container for r in rows if r.port == port and r.container}
            others = [d.container for d in declared if d.port == port and d.container != own]
            other = next(iter([*sorted(held - {own}), *others]), "")
            if not other or own in held:
                continue
            entry = case.view.container(other)
            state = "" if entry is None or entry.running else f", and {other} is not running"
            yield ending.hit(
                f"the {probe.type} probe of {own} asks at port {port}, which is container "
                f"{other}'s{state}",
                "",
                f"{other} declares containerPort {port}"
                if others
                else f"{other} listens on {port}",
                fix=edit_owner(case),
            )
            break


def other_port(case: Case) -> Iterator[Hit]:
    """The probed container listens, but on another port."""
    rows = listeners.rows(case.view)
    for ending in endings(case):
        for probe in _failing(case, ending):
            port, own = probe.handler.resolved_port, ending.entry.name
            open_ports = sorted({row.port for row in rows if row.container == own})
            held = {row.port for row in rows}
            if port is None or probe.handler.host or not open_ports or port in held:
                continue
            listed = ", ".join(map(str, open_ports[:_FEW]))
            yield ending.hit(
                f"{own} listens on port {listed} and not on port {port}, where its {probe.type} "
                "probe asks",
                "",
                fix=probe_where_it_listens(case, ending.entry, [probe.type]),
            )
            break


_rule = partial(reason_rule, section="network", link=_SERVICES)

_BY_NAME = (
    "The name in the log, in command and args of an init container, or in an exec probe; the "
)
_BY_NAME += "Services of the namespace."

RULES: tuple[Rule, ...] = (
    _rule(
        "NET020",
        "A Service that the program connects to does not exist",
        "A name of one word is looked up in the pod's own namespace.",
        _BY_NAME,
        "Create the Service, or correct the name; NAME.NAMESPACE reaches another namespace.",
        no_such_service,
    ),
    _rule(
        "NET021",
        "A Service that the program connects to has no endpoints",
        "Its name resolves, and connections are refused or hang: no ready pod matches its "
        "selector, or it has no such port.",
        _BY_NAME + " Its EndpointSlices.",
        "See why the pods behind it are not ready, or correct its selector or port.",
        without_endpoints,
    ),
    _rule(
        "NET022",
        "A headless Service publishes ready pods only",
        "The pod becomes ready once it finds its peers by name, and has a name once it is ready.",
        _BY_NAME,
        "Set publishNotReadyAddresses: true in the Service.",
        ready_pods_only,
    ),
    _rule(
        "NET023",
        "An init container waits for a container that starts later",
        "Init containers run one by one, before the containers of the pod: at localhost nobody is "
        "there yet.",
        "The port in command and args of the init container, and the ports of the containers.",
        "Make the other one a sidecar (restartPolicy: Always) before it, or wait elsewhere.",
        starts_later,
    ),
    _rule(
        "NET024",
        "Another container or the node already uses the port",
        "The containers of a pod share its network; with hostNetwork they share the node's.",
        "`address already in use` in the log, the listening sockets and the declared ports.",
        "Give one of them another port.",
        address_in_use,
    ),
    _rule(
        "NET025",
        "A probe targets a port of another container",
        "The kubelet asks at the pod's address, and whatever listens there answers: when the other "
        "container is down, this one is killed for it.",
        "The probe's port, the ports that containers declare and the listening sockets.",
        "Move the probe to the container that has the port.",
        neighbours_port,
    ),
    _rule(
        "NET026",
        "A probe targets another port than the program listens on",
        "The kubelet gets `connection refused`.",
        "The listening sockets of the container, seen from inside.",
        "Correct the probe's port or the program's.",
        other_port,
    ),
)
