"""Rules about the node: gone, silent, cordoned, under pressure."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.pod import of_type
from kubectl_podx.rules.remedies import DOCS, checked, kubectl
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule, reason_rule
from kubectl_podx.rules.trouble import endings
from kubectl_podx.sections.node.report import Node
from kubectl_podx.view.units import spell_seconds

_NODES = DOCS + "concepts/architecture/nodes/"
# Seconds. Without news the kubelet writes its status every 5 minutes, which it stretches at random
# by up to half (nodeStatusReportFrequency, calculateDelay in pkg/kubelet/kubelet_node_status.go).
_SILENT = 600
# Seconds by which the clock may differ, the time of the look included.
_BEHIND, _AHEAD = 30, 120
_PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


def _ended(case: Case) -> bool:
    return case.view.api.ended


def _describe(node: Node) -> str:
    return kubectl("describe", "node", checked(node.name))


def not_ready(case: Case) -> Iterator[Hit]:
    """The node is not ready; what the pod's status says is as old as the node's last word."""
    node = case.report.node
    if node is None or node.state != "notReady" or _ended(case):
        return
    ready = of_type(node.conditions, "Ready")
    silent = ready is not None and ready.status == "Unknown"
    since = ready.since if ready is not None else None
    yield Hit(
        f"node {node.name} "
        + ("has stopped reporting" if silent else "is not ready")
        + (f" since {since}" if since else ""),
        (
            f"condition Ready {ready.status}: {ready.reason}: {ready.message}" if ready else "",
            "container states in the API are from before that",
        ),
        next=_describe(node),
        blocking=True,
    )


def missing(case: Case) -> Iterator[Hit]:
    """The pod is bound to a node that does not exist."""
    node = case.report.node
    if node is not None and node.state == "missing" and not _ended(case):
        yield Hit(
            f"node {node.name} does not exist",
            (f"spec.nodeName {node.name}: not found", "the pod garbage collector deletes the pod"),
            next=kubectl("get", "nodes"),
            blocking=True,
        )


def old_heartbeat(case: Case) -> Iterator[Hit]:
    """The node counts as ready and has not written its status for longer than it may be silent."""
    node = case.report.node
    if node is None or node.state != "ready" or node.heartbeat_age is None:
        return
    if node.heartbeat_age > _SILENT:
        yield Hit(
            f"node {node.name} wrote its status {spell_seconds(node.heartbeat_age)} ago",
            ("a kubelet without news writes at least every 7 and a half minutes",),
            next=_describe(node),
        )


def cordoned(case: Case) -> Iterator[Hit]:
    """The node takes no new pods."""
    node = case.report.node
    if node is not None and node.cordoned:
        yield Hit(
            f"node {node.name} is cordoned: a new pod will not start there",
            ("spec.unschedulable true",),
            fix=Fix(kubectl("uncordon", checked(node.name))),
        )


def pressure(case: Case) -> Iterator[Hit]:
    """The node is short of something, and evicts pods for it."""
    node = case.report.node
    for condition in node.conditions if node is not None else ():
        if condition.type in _PRESSURE and condition.status == "True" and node is not None:
            yield Hit(
                f"node {node.name} reports {condition.type}",
                (f"{condition.reason}: {condition.message}",),
                next=_describe(node),
            )


def _clock(case: Case) -> str:
    """How the node's clock differs from the API server's; empty where it does not by much."""
    node = case.report.node
    ahead = node.clock_ahead if node is not None else None
    # A look comes up to a minute after the moment that its clock is compared with.
    if node is None or ahead is None or -_BEHIND < ahead < _AHEAD:
        return ""
    word = "ahead of" if ahead > 0 else "behind"
    return f"the clock of node {node.name} is {spell_seconds(abs(ahead))} {word} the API server's"


def clock_off(case: Case) -> Iterator[Hit]:
    """The node's clock differs: certificates, tokens and times in logs are judged by it."""
    found = _clock(case)
    if found:
        yield Hit(found, ("the clock in a container, and the Date of the API server's answer",))


def wrong_time(case: Case) -> Iterator[Hit]:
    """A certificate or token is not valid by the clock of a node that is off."""
    found = _clock(case)
    for ending in endings(case) if found else ():
        for _, line in ending.of("tooEarly", "expired"):
            yield ending.hit(found, line)
            break


RULES: tuple[Rule, ...] = (
    Rule(
        code="NOD001",
        section="node",
        severity="critical",
        title="The node is not ready",
        meaning="The kubelet is down, cut off, or says itself that it cannot work. Container "
        "states stay as they were last reported, so `Running` proves nothing now.",
        known_by="The node's Ready condition is False or Unknown.",
        remedy="Look at the node's kubelet.",
        link=_NODES,
        check=not_ready,
    ),
    Rule(
        code="NOD002",
        section="node",
        severity="critical",
        title="The node does not exist",
        meaning="nodeName names a node that is gone or never was. No scheduler event tells it.",
        known_by="The node was asked for and not found.",
        remedy="Remove nodeName from the pod's template, or add the node.",
        link=_NODES,
        check=missing,
    ),
    Rule(
        code="NOD003",
        section="node",
        severity="warning",
        title="The node's status is old",
        meaning="It has not been written for longer than a quiet kubelet leaves it.",
        known_by="The newest lastHeartbeatTime of the node's conditions against the server's "
        "clock.",
        remedy="Look at the node's kubelet.",
        link=_NODES,
        check=old_heartbeat,
    ),
    Rule(
        code="NOD004",
        section="node",
        severity="info",
        title="The node is cordoned",
        meaning="Somebody keeps new pods away, mostly before maintenance. Running pods stay.",
        known_by="spec.unschedulable of the node.",
        remedy="Uncordon it when the work is done.",
        link=DOCS + "tasks/administer-cluster/safely-drain-node/",
        check=cordoned,
    ),
    Rule(
        code="NOD005",
        section="node",
        severity="warning",
        title="The node is under pressure",
        meaning="The kubelet evicts pods, by priority and by what they use over their requests.",
        known_by="A pressure condition of the node is True.",
        remedy="See what uses it up.",
        link=DOCS + "concepts/scheduling-eviction/node-pressure-eviction/",
        check=pressure,
    ),
    Rule(
        code="NOD010",
        section="node",
        severity="warning",
        title="The node's clock is off",
        meaning="Certificates and tokens are judged by it, and logs and events do not line up.",
        known_by="The time in a container against the Date header of the API server's answer.",
        remedy="Look at the node's time synchronisation (chrony, systemd-timesyncd).",
        link=_NODES,
        check=clock_off,
    ),
    reason_rule(
        code="NOD011",
        section="node",
        title="A certificate is not valid by a clock that is off",
        meaning="The program compares a certificate or token with the node's clock.",
        known_by="`not yet valid` or `expired` in the log, and the node's clock.",
        remedy="Look at the node's time synchronisation (chrony, systemd-timesyncd).",
        link=_NODES,
        check=wrong_time,
    ),
)
