"""Reasons that stand in a probe: whom it asks, in which protocol, and what a busy node does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.patterns import lazy
from kubectl_podx.pod.probe_words import in_brief
from kubectl_podx.rules.ends import Ending, endings
from kubectl_podx.rules.fixes import more, set_probe
from kubectl_podx.rules.remedies import DOCS, checked, kubectl
from kubectl_podx.rules.rule import Case, Fix, Hit, Rule, reason_rule
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.probes.throttled import held_back

_HOW = DOCS + "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_KILLS = {"livenessProbe": "liveness", "startupProbe": "startup"}
_THROTTLED = 0.25
# Attempts that time out together are no further apart than a period of ten seconds.
_TOGETHER = 10.0
_STATUS = lazy(r"HTTP (4\d\d|5\d\d)")
_ANSWERS = {
    "400": "refuses the request",
    "401": "asks for credentials, which a probe does not send",
    "403": "forbids the path to the probe",
    "404": "has nothing at that path",
    "405": "does not take GET there",
    "500": "reports an error of its own",
}


def troubled(case: Case) -> Iterator[tuple[Ending, Probe]]:
    """Each probe that fails, errors or has killed, with its container's end."""
    by_container = {ending.entry.name: ending for ending in endings(case)}
    for probe in case.report.probes or ():
        ending = by_container.get(probe.container)
        if ending is None:
            continue
        if probe.state in ("failing", "erroring") or _KILLS.get(ending.cause) == probe.type:
            yield ending, probe


def last_words(probe: Probe) -> str:
    """Its newest failure in a few words."""
    failed = [one for one in probe.recent_failures if one.kind != "warning"]
    return in_brief(failed[-1].message, probe.timing.timeout) if failed else ""


def own_loopback(case: Case) -> Iterator[Hit]:
    """`host: 127.0.0.1`: the kubelet asks itself."""
    if case.view.host_network:
        return
    for ending, probe in troubled(case):
        if probe.handler.host in _LOOPBACK:
            kind = probe.handler.kind
            yield ending.hit(
                f"{kind}.host is {probe.handler.host}, and the kubelet asks from the node: that is "
                "the node itself, not the pod",
                "",
                f"{probe.type} probe: {probe.handler.text}",
                fix=set_probe(case, probe.container, probe.type, {kind: {"host": None}}),
            )


def other_scheme(case: Case) -> Iterator[Hit]:
    """HTTP against a port that speaks TLS, or the other way round."""
    for ending, probe in troubled(case):
        said = " ".join(one.message for one in probe.recent_failures)
        if probe.handler.scheme == "HTTPS" and "HTTP response to HTTPS client" in said:
            yield ending.hit(
                "httpGet.scheme is HTTPS, and the port speaks plain HTTP",
                "",
                last_words(probe),
                fix=_scheme(case, probe, "HTTP"),
            )
        elif probe.handler.scheme == "HTTP" and _speaks_tls(ending, said):
            line = next((line for _, line in ending.of("tlsExpected")), "")
            yield ending.hit(
                "httpGet.scheme is HTTP, and the port speaks TLS",
                line,
                last_words(probe),
                fix=_scheme(case, probe, "HTTPS"),
            )


def _scheme(case: Case, probe: Probe, scheme: str) -> Fix:
    return set_probe(case, probe.container, probe.type, {"httpGet": {"scheme": scheme}})


def _speaks_tls(ending: Ending, said: str) -> bool:
    # Go prints the alert of the other side as the first bytes of an answer.
    if 'malformed HTTP response "\\x15\\x03' in said:
        return True
    return "statuscode: 400" in said and any(True for _ in ending.of("tlsExpected"))


def answered(case: Case) -> Iterator[Hit]:
    """The server runs and answers with an error: it is the path that is wrong, or the program."""
    for ending, probe in troubled(case):
        found = _STATUS.fullmatch(last_words(probe))
        if found and found[1] in _ANSWERS:
            yield ending.hit(
                f"the server answers the {probe.type} probe with HTTP {found[1]}: it runs, and "
                f"{_ANSWERS[found[1]]}",
            )


def busy_node(case: Case) -> Iterator[Hit]:
    """Probes of several containers time out at the same time."""
    late = [
        (ending, probe, moment)
        for ending, probe in troubled(case)
        if (moment := _timed_out(probe)) is not None
        and held_back(case, probe.container).share < _THROTTLED
    ]
    for ending, probe, moment in late:
        others = sorted(
            {
                other.container
                for _, other, when in late
                if other.container != probe.container
                and abs((when - moment).total_seconds()) <= _TOGETHER
            }
        )
        if others:
            node = case.view.api.node
            yield ending.hit(
                f"probes of {', '.join(others)} timed out at the same time: node {node} was too "
                "busy to answer",
                "",
                f"{probe.type} probe: {last_words(probe)}",
                more=kubectl("describe", "node", checked(node)),
            )


def _timed_out(probe: Probe) -> datetime | None:
    for failure in reversed(probe.recent_failures):
        words = in_brief(failure.message, probe.timing.timeout)
        if failure.kind == "failed" and words.startswith("timed out"):
            return parse_time(failure.last)
    return None


def slow_start(case: Case) -> Iterator[Hit]:
    """A probe kills a container that its CPU limit keeps from starting in time."""
    for ending, probe in troubled(case):
        held, limit = held_back(case, probe.container), ending.entry.limit("cpu")
        if held.share >= _THROTTLED and limit and _KILLS.get(ending.cause) == probe.type:
            yield ending.hit(
                f"resources.limits.cpu is {limit}, and the container is paused in {held.share:.0%} "
                "of its CPU periods",
                "",
                held.evidence,
                fix=more(case, "cpu", probe.container),
            )


_rule = partial(reason_rule, section="probes", link=_HOW)

RULES: tuple[Rule, ...] = (
    _rule(
        "PRB030",
        "A probe asks the node instead of the pod",
        "The kubelet makes the request, on the node. With host: 127.0.0.1 it asks the node's own "
        "loopback, where nothing in the pod listens; without host it asks the pod's address.",
        "`host` of a probe that fails.",
        "Leave out host; a program that listens on 127.0.0.1 only needs an exec probe.",
        own_loopback,
    ),
    _rule(
        "PRB031",
        "A probe speaks another protocol than the port",
        "A server answers HTTP on a TLS port with 400, and TLS on a plain port not at all.",
        "The probe's failure, the program's log, and httpGet.scheme.",
        "Set httpGet.scheme to what the port speaks.",
        other_scheme,
    ),
    _rule(
        "PRB032",
        "A server answers a probe with an error",
        "The program runs and listens: what it says of the path is what counts.",
        "The status in the probe's failure.",
        "Correct the probe's path, or open it to requests without credentials.",
        answered,
        gives_way_to=frozenset({"PRB031"}),
    ),
    _rule(
        "PRB033",
        "Probes of several containers time out at once",
        "What they have in common is the node: too little CPU or a slow disk.",
        "Timeouts of several containers' probes within ten seconds, and none of them throttled.",
        "Look at the node's load, and give the probes more time.",
        busy_node,
    ),
    _rule(
        "PRB034",
        "A container is too slow for its probe because of its CPU limit",
        "Starting takes more CPU than running. At its limit a container is paused for the rest "
        "of each period.",
        "A kill by the probe, and the throttled periods of the running instance or, over all "
        "instances, of the pod.",
        "Raise the CPU limit, or add a startup probe with a high failureThreshold.",
        slow_start,
    ),
)
