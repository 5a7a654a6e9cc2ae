"""Rules about probes that knock where nobody, or nobody who can be reached, listens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kubectl_podx.pod import listeners
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.probes import knocked_ports, longest_delay
from kubectl_podx.rules.remedies import DOCS, edit_owner
from kubectl_podx.rules.rule import Case, Hit, Rule

_PROBES = DOCS + "concepts/workloads/pods/probes/"
# A program needs a moment to open its port; the probe's own delay may be longer.
_TIME_TO_LISTEN = 30


class _Knock(NamedTuple):
    """A port that probes of one container knock at."""

    entry: ContainerEntry
    probes: tuple[str, ...]
    port: int
    reach: listeners.Reach
    early: bool
    """The container may not have come to opening its ports yet."""


def _knocks(case: Case) -> Iterator[_Knock]:
    """The ports that the kubelet knocks at, where listening sockets were really seen.

    A probe with a `host` of its own goes elsewhere; exec probes knock nowhere.
    """
    for entry in case.view.containers:
        if not entry.running or entry.kind == "ephemeral":
            continue
        for port, types in knocked_ports(entry.spec).items():
            reach = listeners.reach(case.view, port)
            if reach is not None:
                probes = tuple(f"{kind} probe" for kind in types)
                yield _Knock(entry, probes, port, reach, _early(case, entry))


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
            f"{knock.entry.name}'s {' and '.join(knock.probes)} knocks at port {knock.port}, "
            "where nobody listens",
            (f"no listening socket on port {knock.port} in the pod's network", _others(case)),
            container=knock.entry.name,
            remedy=edit_owner(case),
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
            f"{title} {' and '.join(knock.probes)} cannot reach it",
            (
                f"port {knock.port} on {', '.join(knock.reach.addresses)}",
                "the kubelet connects to the pod's address from the node",
            ),
            container=knock.entry.name,
            remedy=edit_owner(case),
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


RULES: tuple[Rule, ...] = (
    Rule(
        code="NET001",
        section="network",
        severity="warning",
        title="A probe knocks at a port nobody listens on",
        meaning="The kubelet gets `connection refused`: the container never becomes ready, or is "
        "killed again and again by its liveness probe.",
        known_by="The listening sockets seen from inside, at least 30 s after the start.",
        remedy="correct the probe's port or the program's",
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
        "to 127.0.0.1 answers a shell in the container and nobody else.",
        known_by="The addresses of the listening sockets, seen from inside.",
        remedy="let the program listen on 0.0.0.0 or ::",
        link=_PROBES,
        check=only_loopback,
        explains_probe=True,
    ),
)
