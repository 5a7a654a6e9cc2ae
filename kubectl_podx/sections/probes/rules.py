"""Rules about probes: codes and meanings; `probe_checks` looks for them."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.rules.fixes import edit_owner
from kubectl_podx.rules.remedies import DOCS
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.sections.probes import checks
from kubectl_podx.sections.probes.report import LiveProbe, Probe

_HOW_RUN = DOCS + "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"


def _made(probe: Probe) -> list[LiveProbe]:
    return [one for one in probe.live if one.result != "notRun"]


def _seen(probe: Probe, made: list[LiveProbe]) -> tuple[str, ...]:
    runs = (
        f"run {number} of {len(made)}: {one.result}"
        + (f" ({one.detail})" if one.detail else "")
        + f" in {one.seconds:.3f} s, from {one.method}"
        for number, one in enumerate(made, 1)
    )
    return (*runs, f"the kubelet's own view: {probe.state}, {probe.reason}")


def slow(case: Case) -> Iterator[Hit]:
    """Every run took longer than the kubelet waits."""
    for probe in case.report.probes or []:
        made = _made(probe)
        if made and min(one.seconds for one in made) > probe.timing.timeout:
            yield Hit(
                f"{probe.container}'s {probe.type} probe ({probe.handler.text}) took "
                f"{min(one.seconds for one in made):.1f} s or more in every run; timeoutSeconds is "
                f"{probe.timing.timeout:g}",
                _seen(probe, made),
                container=probe.container,
                fix=checks.longer_timeout(case, probe, max(one.seconds for one in made) + 1),
            )


def fails_now(case: Case) -> Iterator[Hit]:
    """No run succeeded, while the kubelet does not say that it fails."""
    for probe in case.report.probes or []:
        made = _made(probe)
        if not made or any(one.succeeded for one in made):
            continue
        if probe.state in ("failing", "erroring") or min(o.seconds for o in made) > (
            probe.timing.timeout
        ):
            continue
        yield Hit(
            f"{probe.container}'s {probe.type} probe ({probe.handler.text}) did not succeed in "
            f"{len(made)} {'run' if len(made) == 1 else 'runs'} just now",
            _seen(probe, made),
            container=probe.container,
            fix=edit_owner(case),
        )


LIVE_RULES: tuple[Rule, ...] = (
    Rule(
        code="PRB014",
        section="probes",
        severity="warning",
        title="A probe that was run now takes longer than its timeoutSeconds",
        meaning="The kubelet counts a timeout as a failure. The time measured here has the way to "
        "the API server in it, some milliseconds to some tenths of a second.",
        known_by="--run-probes: every run took longer than timeoutSeconds.",
        remedy="Raise timeoutSeconds, or make what the probe asks cheaper.",
        link=_HOW_RUN,
        check=slow,
    ),
    Rule(
        code="PRB015",
        section="probes",
        severity="warning",
        title="A probe that was run now does not succeed",
        meaning="The kubelet may not have run it yet, may wait for its threshold, or may reach the "
        "port from another side than podx: the report says from where each run went.",
        known_by="--run-probes: no run succeeded.",
        remedy="Compare from where podx and the kubelet ask, then look at what is asked.",
        link=_HOW_RUN,
        check=fails_now,
    ),
)

_PROBES = DOCS + "concepts/configuration/liveness-readiness-startup-probes/"
_HOW = DOCS + "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/"

RULES: tuple[Rule, ...] = (
    Rule(
        code="PRB001",
        section="probes",
        severity="warning",
        title="A liveness probe fails now",
        meaning="After failureThreshold failures in a row the kubelet stops the container and "
        "starts it again.",
        known_by="An Unhealthy event of this instance no older than one period.",
        remedy="Read the container's log; loosen the probe if the program is only slow.",
        link=_PROBES,
        check=checks.liveness_failing,
    ),
    Rule(
        code="PRB002",
        section="probes",
        severity="critical",
        title="A readiness probe does not succeed",
        meaning="The container is not ready, so the pod is not and gets no traffic.",
        known_by="ready is false on a running container, and its Unhealthy events.",
        remedy="Read the container's log and what the probe's output says.",
        link=_PROBES,
        check=checks.readiness_failing,
    ),
    Rule(
        code="PRB003",
        section="probes",
        severity="critical",
        title="A startup probe does not succeed",
        meaning="Until it does, liveness and readiness are not run; after failureThreshold "
        "failures the container is stopped and started again.",
        known_by="started is false on a running container, and its Unhealthy events.",
        remedy="Read the container's log; give a slow start a higher failureThreshold.",
        link=_HOW,
        check=checks.startup_failing,
    ),
    Rule(
        code="PRB004",
        section="probes",
        severity="warning",
        title="A liveness probe errors and can never restart anything",
        meaning="A probe that cannot be run (its binary is missing, its port has no number) gives "
        "an error and no failure. The kubelet throws errors away: no threshold, no counter.",
        known_by="`probe errored` events, or a container that runs for long while the kubelet has "
        "counted no result.",
        remedy="Correct the probe's command or port.",
        link=_PROBES,
        check=checks.liveness_erroring,
    ),
    Rule(
        code="PRB005",
        section="probes",
        severity="critical",
        title="A readiness or startup probe errors",
        meaning="An error is no success: the container never becomes ready. It is no failure "
        "either: a startup probe that errors never stops the container.",
        known_by="`probe errored` events, or no result counted by the kubelet.",
        remedy="Correct the probe's command or port.",
        link=_PROBES,
        check=checks.gate_erroring,
    ),
    Rule(
        code="PRB006",
        section="probes",
        severity="warning",
        title="A probe names a port that the container does not declare",
        meaning="Names are looked up in the container's own ports. An unknown one errors at every "
        'attempt with `strconv.Atoi: parsing "NAME"`, never with "port not found".',
        known_by="The pod's spec.",
        remedy="Declare the port under that name, or give its number.",
        link=_HOW,
        check=checks.unknown_port,
        rank=4,
    ),
    Rule(
        code="PRB007",
        section="probes",
        severity="info",
        title="Liveness and readiness are the same probe",
        meaning="What should take a container out of service then also kills it, and a slow "
        "dependency turns into restarts.",
        known_by="The pod's spec: same handler, same timing.",
        remedy="Give liveness a check of its own, or a higher failureThreshold.",
        link=_PROBES,
        check=checks.same_probe,
    ),
    Rule(
        code="PRB008",
        section="probes",
        severity="info",
        title="Liveness may fail before the application has started",
        meaning="Without a startup probe, liveness runs as soon as initialDelaySeconds are over; a "
        "program that starts slower is killed before it can answer, again and again.",
        known_by="A liveness kill soon after the start, or a liveness probe without any success.",
        remedy="Add a startup probe with the same handler and a high failureThreshold.",
        link=_HOW,
        check=checks.liveness_before_start,
        gives_way_to=frozenset(
            {"NET001", "NET002", "NET025", "NET026", "PRB030", "PRB031", "PRB032"}
        ),
    ),
    Rule(
        code="PRB009",
        section="probes",
        severity="warning",
        title="A probe times out because the container is throttled",
        meaning="A container at its CPU limit answers late; an exec probe runs inside that limit.",
        known_by="A timeout in the events, and the throttled periods of the instance's cgroup.",
        remedy="Raise the CPU limit or the probe's timeoutSeconds.",
        link=DOCS + "concepts/configuration/manage-resources-containers/",
        check=checks.throttled_timeout,
    ),
    Rule(
        code="PRB010",
        section="probes",
        severity="info",
        title="A probe takes longer than its timeoutSeconds",
        meaning="A timeout is a failure. The default is one second.",
        known_by="A timeout in the events.",
        remedy="Raise timeoutSeconds, or make what the probe asks cheaper.",
        link=_HOW,
        check=checks.short_timeout,
    ),
    Rule(
        code="PRB011",
        section="probes",
        severity="info",
        title="A probe is redirected to another host",
        meaning="Redirects are followed on the same host only; another host counts as success.",
        known_by="A ProbeWarning event.",
        remedy="Aim the probe at a path that answers itself.",
        link=_HOW,
        check=checks.redirected,
    ),
    Rule(
        code="PRB012",
        section="probes",
        severity="info",
        title="A probe passes now and failed before",
        meaning="Failures below the threshold, or a recovery: events tell only of failures.",
        known_by="Unhealthy events of the running instance.",
        remedy="No action needed now; check the times if it comes back.",
        link=_PROBES,
        check=checks.failed_lately,
        gives_way_to=frozenset({"PRB017"}),
    ),
    Rule(
        code="PRB013",
        section="probes",
        severity="info",
        title="A container is starting and its probe has no result yet",
        meaning="The probe has not run yet, or waits for the startup probe.",
        known_by="The start time of the instance and the probe's timing.",
        remedy="Wait, then check again.",
        link=_PROBES,
        check=checks.not_yet,
    ),
    Rule(
        code="PRB016",
        section="probes",
        severity="critical",
        title="A probe gives no result",
        meaning="It has been due for long and neither succeeded nor failed: an attempt hangs, as "
        "an exec does whose child keeps its output open, or every attempt errors. Neither counts, "
        "so readiness and startup never come, and liveness restarts nothing.",
        known_by="The kubelet's counters have no result of it, and no event tells of one. Which of "
        "the two it is cannot be told from outside.",
        remedy="Run the probe's command by hand; let it start nothing in the background.",
        link=_PROBES,
        check=checks.no_result,
    ),
    Rule(
        code="PRB017",
        section="probes",
        severity="warning",
        title="A readiness probe flaps",
        meaning="The pod is ready now and was ready before, and between that its readiness probe "
        "failed: its Services lose and regain it.",
        known_by="The kubelet's counters: more successes than the time since it became ready has "
        "room for, and as many failures as it takes.",
        remedy="Read the container's log of the times at which it failed.",
        link=_PROBES,
        check=checks.flaps,
    ),
    Rule(
        code="PRB025",
        section="probes",
        severity="warning",
        title="An exec probe is written for a shell, and no shell runs it",
        meaning="The kubelet starts the first item of `command` and gives it the others as they "
        "are: `||`, `|` or `>` among them are arguments, which most programs refuse.",
        known_by="The probe's command, and that it does not succeed.",
        remedy='Write ["sh", "-c", "the whole line"], or leave the rest out: the probe fails by '
        "itself where its program ends with another code than 0.",
        link=_PROBES,
        check=checks.shell_words,
        explains_probe=True,
    ),
    *LIVE_RULES,
)
