"""What the rules about probes look for: failing now, never counting, set up against itself."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import ProbeFailure
from kubectl_podx.model.patterns import lazy
from kubectl_podx.pod.kills import RESET_SECONDS, stop_in_progress
from kubectl_podx.pod.listeners import declared_ports
from kubectl_podx.pod.probes import exec_probes
from kubectl_podx.rules.fixes import edit_owner, more, set_probe
from kubectl_podx.rules.remedies import logs
from kubectl_podx.rules.rule import Case, Fix, Hit
from kubectl_podx.sections.probes.report import Probe
from kubectl_podx.sections.probes.throttled import held_back
from kubectl_podx.view.units import spell_seconds, times

_THROTTLED = 0.25
# In the kubelet's and its clients' words; what the program answers may say "timed out", too.
_EXEC_TIMED_OUT = lazy(r'^command timed out|^command ".*" timed out after|^timeout: ')
_TIMED_OUT = lazy(
    r"\(Client\.Timeout exceeded while |context deadline exceeded|: i/o timeout$|^timeout: "
)
# Seconds after its start in which a failing readiness probe tells nothing.
_START = 30.0
# Attempts by which a count may differ from what the whole seconds of two moments give.
_SLACK = 3


def _probes(case: Case, state: str, *types: str) -> Iterator[Probe]:
    for probe in case.report.probes or ():
        if probe.state == state and probe.type in types:
            yield probe


def _evidence(probe: Probe) -> tuple[str, ...]:
    """The newest failure, the counters, and what the state rests on."""
    found = []
    if probe.recent_failures:
        last = probe.recent_failures[-1]
        when = f", last at {last.last}" if last.last else ""
        found.append(f"event: {last.kind} {times(last.count)}{when}: {last.message}")
    if probe.counters:
        counted = probe.counters
        found.append(f"kubelet: {counted.successful} succeeded, {counted.failed} failed")
    found.append(f"based on {probe.coverage}")
    return tuple(found)


def longer_timeout(case: Case, probe: Probe, seconds: float) -> Fix:
    """Give each attempt of the probe so much time, in whole seconds."""
    return set_probe(case, probe.container, probe.type, {"timeoutSeconds": ceil(seconds)})


def _named(probe: Probe) -> str:
    return f"{probe.container}'s {probe.type} probe ({probe.handler.text})"


def _unknown_port(probe: Probe) -> bool:
    return bool(probe.handler.port) and probe.handler.resolved_port is None


def _logs(case: Case, probe: Probe) -> str:
    return logs(case, probe.container, "--tail=50")


def liveness_failing(case: Case) -> Iterator[Hit]:
    """A liveness probe fails now: the container is on its way to be killed."""
    for probe in _probes(case, "failing", "liveness"):
        within = spell_seconds(probe.seconds_to_action or 0)
        entry = case.view.container(probe.container)
        if entry is not None and stop_in_progress(case.view, entry) is not None:
            newest = probe.recent_failures[-1].message if probe.recent_failures else ""
            title = f"{_named(probe)} failed: {newest or 'no output'}"
        else:
            why = probe.reason or "no output"
            title = f"{_named(probe)} fails: {why}; it is killed within {within}"
        yield Hit(
            title,
            _evidence(probe),
            container=probe.container,
            next=_logs(case, probe),
        )


def readiness_failing(case: Case) -> Iterator[Hit]:
    """A readiness probe does not succeed: the container gets no traffic."""
    for probe in _probes(case, "failing", "readiness"):
        yield Hit(
            f"{_named(probe)} fails: {probe.reason or 'no output'}",
            _evidence(probe),
            container=probe.container,
            next=_logs(case, probe),
            blocking=True,
        )


def startup_failing(case: Case) -> Iterator[Hit]:
    """A startup probe has not succeeded yet: liveness and readiness wait, and it is killed."""
    for probe in _probes(case, "failing", "startup"):
        budget = spell_seconds(probe.seconds_to_action or 0)
        yield Hit(
            f"{_named(probe)} fails: {probe.reason or 'no output'}; it has {budget} in all",
            _evidence(probe),
            container=probe.container,
            next=_logs(case, probe),
            blocking=True,
        )


def liveness_erroring(case: Case) -> Iterator[Hit]:
    """A liveness probe that errors: errors never count, so it restarts nothing, ever."""
    for probe in _probes(case, "erroring", "liveness"):
        if not _unknown_port(probe):
            yield Hit(
                f"{_named(probe)} errors and can never restart the container: {probe.reason}",
                _evidence(probe),
                container=probe.container,
                fix=edit_owner(case),
            )


def gate_erroring(case: Case) -> Iterator[Hit]:
    """A readiness or startup probe that errors: the container never becomes ready."""
    for probe in _probes(case, "erroring", "readiness", "startup"):
        if not _unknown_port(probe):
            yield Hit(
                f"{_named(probe)} errors, so {probe.container} never becomes ready: {probe.reason}",
                _evidence(probe),
                container=probe.container,
                fix=edit_owner(case),
                blocking=True,
            )


def no_result(case: Case) -> Iterator[Hit]:
    """A probe that has been due for long and of which the kubelet has counted nothing."""
    for probe in _probes(case, "unknown", "startup", "liveness", "readiness"):
        entry = case.view.container(probe.container)
        counted = probe.counters
        if entry is None or counted is None or counted.successful or counted.failed:
            continue
        run = case.view.running_for(entry)
        since = "" if run is None else f" for {spell_seconds(run)}"
        gate = probe.type != "liveness"
        effect = f"{probe.container} is not ready" if gate else "it cannot restart the container"
        yield Hit(
            f"{_named(probe)} has given no result{since}, so {effect}: an attempt hangs, or every "
            "one errors",
            _evidence(probe),
            container=probe.container,
            fix=edit_owner(case),
            severity="critical" if gate else "warning",
            blocking=gate,
        )


def flaps(case: Case) -> Iterator[Hit]:
    """A readiness probe that succeeds now, has succeeded before and failed between.

    More successes than the time since it became ready has room for are of a time before.
    """
    since = parse_time(
        next((c.since for c in case.report.pod.conditions if c.type == "ContainersReady"), None)
    )
    for probe in _probes(case, "passing", "readiness"):
        entry, counted, timing = case.view.container(probe.container), probe.counters, probe.timing
        if entry is None or counted is None or since is None or case.view.now is None:
            continue
        ready = max(0.0, (case.view.now - since).total_seconds())
        room = ready / timing.period + timing.success_threshold + _SLACK
        again = counted.successful > room and counted.failed >= timing.failure_threshold
        if not again or not _alone_decides(case, probe.container):
            continue
        attempts = counted.successful + counted.failed
        recently = ready <= RESET_SECONDS
        newest = probe.recent_failures[-1].message if probe.recent_failures else ""
        yield Hit(
            f"{_named(probe)} comes and goes: {counted.failed} of {attempts} attempts failed; "
            f"ready again for {spell_seconds(ready)}{f'; failed with: {newest}' if newest else ''}",
            _evidence(probe),
            container=probe.container,
            next=_logs(case, probe),
            severity="warning" if recently else "info",
        )


def _alone_decides(case: Case, container: str) -> bool:
    """Whether the moment at which the pod's containers became ready is that of this probe."""
    others = [e for e in case.view.containers if e.kind in ("app", "sidecar")]
    return all(
        bool(entry.status)
        and entry.restart_count == 0
        and (entry.name == container or not entry.has_probe("readiness"))
        for entry in others
    )


def unknown_port(case: Case) -> Iterator[Hit]:
    """A probe names a port that its container does not declare."""
    for probe in case.report.probes or ():
        if not _unknown_port(probe):
            continue
        gate = probe.type != "liveness"
        effect = "the container never becomes ready" if gate else "it can never restart anything"
        others = [p for p in declared_ports(case.view) if p.name == probe.handler.port]
        whose = f" (container {others[0].container} does)" if others else ""
        yield Hit(
            f'{_named(probe)} names port "{probe.handler.port}", which {probe.container} does not '
            f"declare{whose}: every attempt errors, and {effect}",
            _evidence(probe),
            container=probe.container,
            fix=edit_owner(case),
            severity="critical" if gate else "warning",
            blocking=gate and probe.state == "erroring",
        )


def shell_words(case: Case) -> Iterator[Hit]:
    """An exec probe is run without a shell, and its program gets `||` as an argument."""
    for probe in case.report.probes or ():
        entry = case.view.container(probe.container)
        if entry is None or probe.state == "passing":
            continue
        found = next((each for each in exec_probes(entry.spec) if each.type == probe.type), None)
        if found is not None and found.shell_words:
            words = " and ".join(f"`{word}`" for word in found.shell_words)
            yield Hit(
                f"{probe.container}'s {probe.type} probe hands {words} to its program as an "
                "argument: no shell runs its command",
                _evidence(probe),
                container=probe.container,
                fix=edit_owner(case),
            )


def same_probe(case: Case) -> Iterator[Hit]:
    """Liveness asks exactly what readiness asks: a slow dependency restarts the container."""
    by_container: dict[str, dict[str, Probe]] = {}
    for probe in case.report.probes or ():
        by_container.setdefault(probe.container, {})[probe.type] = probe
    for container, found in by_container.items():
        live, ready = found.get("liveness"), found.get("readiness")
        if live and ready and live.handler == ready.handler and live.timing == ready.timing:
            yield Hit(
                f"{container}'s liveness and readiness probes are the same: {live.handler.text}",
                ("the first failures that take it out of service also kill it",),
                container=container,
                fix=edit_owner(case),
            )


def liveness_before_start(case: Case) -> Iterator[Hit]:
    """The liveness probe killed an instance that it never gave the time to start."""
    live = {p.container: p for p in case.report.probes or () if p.type == "liveness"}
    gated = {p.container for p in case.report.probes or () if p.type == "startup"}
    for row in case.report.restarts or ():
        probe = live.get(row.container)
        if row.cause != "livenessProbe" or probe is None or row.duration is None:
            continue
        never = probe.counters is not None and probe.counters.successful == 0
        # More successes than instances: it fails after a start that went well.
        started = probe.counters is not None and probe.counters.successful > row.count
        budget = probe.timing.initial_delay + (probe.seconds_to_action or 0)
        grace = 60  # the stop itself may take the grace period
        if started or row.container in gated:
            continue
        if never or row.duration <= budget + grace:
            word = "has never succeeded" if never else f"ended it after {row.duration:g} s"
            yield Hit(
                f"the liveness probe of {row.container} {word}: it may fail before "
                f"{row.container} has started",
                (f"initialDelaySeconds {probe.timing.initial_delay:g}, no startup probe",),
                container=row.container,
                fix=edit_owner(case),
            )


def _timeouts(case: Case) -> Iterator[tuple[Probe, str]]:
    for probe in case.report.probes or ():
        for failure in reversed(probe.recent_failures):
            of_kind = _EXEC_TIMED_OUT if probe.handler.kind == "exec" else _TIMED_OUT
            if of_kind.search(failure.message):
                yield probe, failure.message
                break


def throttled_timeout(case: Case) -> Iterator[Hit]:
    """A probe times out in a container that is throttled: the CPU limit is the reason."""
    for probe, message in _timeouts(case):
        held = held_back(case, probe.container)
        if held.share >= _THROTTLED:
            yield Hit(
                f"{_named(probe)} times out after {probe.timing.timeout:g} s while "
                f"{probe.container} is throttled in {held.share:.0%} of its CPU periods",
                (message, held.evidence),
                container=probe.container,
                fix=more(case, "cpu", probe.container),
            )


def short_timeout(case: Case) -> Iterator[Hit]:
    """A probe times out with no throttling seen: its answer takes longer than timeoutSeconds."""
    for probe, message in _timeouts(case):
        if held_back(case, probe.container).share < _THROTTLED:
            yield Hit(
                f"{_named(probe)} takes longer than its timeoutSeconds of {probe.timing.timeout:g}",
                (message,),
                container=probe.container,
                fix=longer_timeout(case, probe, 2 * probe.timing.timeout),
            )


def redirected(case: Case) -> Iterator[Hit]:
    """A redirect to another host counts as success, whatever is behind it."""
    for probe in case.report.probes or ():
        warned = [each for each in probe.recent_failures if each.kind == "warning"]
        if warned:
            yield Hit(
                f"{_named(probe)} is redirected to another host, which counts as success",
                (warned[-1].message,),
                container=probe.container,
                fix=edit_owner(case),
            )


def failed_lately(case: Case) -> Iterator[Hit]:
    """A probe that passes now has failed in the running instance."""
    for probe in _probes(case, "passing", "liveness", "readiness"):
        failed = [each for each in probe.recent_failures if each.kind == "failed"]
        if failed and not _while_starting(case, probe, failed):
            count = sum(each.count for each in failed)
            yield Hit(
                f"{_named(probe)} passes now and has failed {times(count)} in this run",
                _evidence(probe),
                container=probe.container,
            )


def _while_starting(case: Case, probe: Probe, failed: list[ProbeFailure]) -> bool:
    """A readiness probe that came before the program: every container that starts has that."""
    entry = case.view.container(probe.container)
    started = entry.started_at if entry else None
    lasts = [parse_time(each.last) for each in failed]
    if probe.type != "readiness" or started is None:
        return False
    return all(last is not None and (last - started).total_seconds() <= _START for last in lasts)


def not_yet(case: Case) -> Iterator[Hit]:
    """A running container whose gate has simply had no time yet."""
    running = {c.name for c in case.report.containers or () if c.state == "running" and not c.ready}
    for probe in _probes(case, "waiting", "readiness", "startup"):
        if probe.container in running and probe.waits_for != "pod":
            yield Hit(
                f"{probe.container} is starting: its {probe.type} probe is {_wait(probe)}",
                _evidence(probe),
                container=probe.container,
                severity="warning" if _long(case, probe.container) else None,
                blocking=True,
            )


def _long(case: Case, container: str) -> bool:
    """Whether it has been running for so long that "starting" is no answer any more."""
    entry = case.view.container(container)
    age = case.view.running_for(entry) if entry is not None else None
    return age is not None and age > RESET_SECONDS


def _wait(probe: Probe) -> str:
    return "held back" if probe.waits_for == "startup" else f"waiting ({probe.reason})"
