"""Every witness of one container's last end, collected before anything is concluded."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import dig, items, mapping, number, text
from kubectl_podx.pod.kills import Kill, grace_period, kills_of
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.probe_events import event_span
from kubectl_podx.pod.probes import exec_probes, handler
from kubectl_podx.pod.view import PodView, event_count, per_view, written
from kubectl_podx.sections.restarts.termination.instance import (
    Instance,
    last_instance,
    matching_rule,
    policy_of,
    restarts_after,
)
from kubectl_podx.sections.restarts.termination.memory import Memory, memory
from kubectl_podx.sections.restarts.termination.pod_end import (
    CLEARING_SECONDS,
    PodEnd,
    SandboxWitness,
    deleted_later,
    pod_end,
    sandbox_kept,
    sandbox_witness,
)
from kubectl_podx.sections.restarts.termination.probe_witness import (
    ROUNDING,
    ProbeWitness,
    probe_witness,
)


def senders(view: PodView, entry: ContainerEntry) -> tuple[str, ...]:
    """Others in its PID namespace, in words; empty where it has one of its own.

    There it is PID 1: the kernel gives it only signals that it handles, and only an exec can send
    them. In a namespace that is shared anybody with the rights can end it by any signal.
    """
    found = []
    if view.pid_mode == "node":
        found.append("a process of the node (hostPID)")
    if view.pid_mode == "pod":
        names = [e.name for e in view.containers if e.name != entry.name and _may_run_with(e)]
        found += [f"container {name}, which shares its PID namespace" for name in names]
        found.append("an exec session")
    if view.pid_mode == "container":
        names = _targeted_by(view).get(entry.name, [])
        found += [f"debug container {name}, which targets it" for name in names]
    return tuple(found)


@per_view
def _targeted_by(view: PodView) -> dict[str, list[str]]:
    """Container -> the debug containers that entered its PID namespace."""
    found: dict[str, list[str]] = {}
    for debug in items(view.pod, "spec", "ephemeralContainers"):
        found.setdefault(text(debug, "targetContainerName"), []).append(text(debug, "name"))
    return found


def _may_run_with(other: ContainerEntry) -> bool:
    return other.kind != "init"


# Seconds that the kubelet needs to see that a container has ended, and to write it.
_CLEAN_UP = 5
_PULLED = lazy(r'image "([^"]{1,300})"')


class Witnesses(Struct, frozen=True):
    """What is known of one container's last end."""

    entry: ContainerEntry
    restart_count: int
    pod_failed: bool
    """Its phase is Failed."""
    pod_over: bool
    """The pod has ended, and the instance with it, and nothing else says why."""
    instance: Instance | None
    pod_end: PodEnd | None
    """Only where it covers this instance."""
    deleted_later: tuple[Evidence, ...]
    """The pod's deletion, where it came after this end."""
    kills: tuple[Kill, ...]
    """All Killing events of the container."""
    liveness: ProbeWitness | None
    startup: ProbeWitness | None
    sandbox: SandboxWitness | None
    sandbox_kept: bool
    """The sandbox of this instance outlived it."""
    hook_failures: tuple[tuple[datetime, int], ...]
    """FailedPostStartHook events of this instance: moment and count."""
    hook_before: int
    """FailedPostStartHook events of any instance."""
    post_start: str
    """The declared postStart hook in one line; empty without one."""
    memory: Memory
    """The limits above it, and which of them can have been reached."""
    spec_written: datetime | None
    """A write of the pod's spec while this instance ran."""
    writes_unknown: bool
    """Nobody says whether the spec was written while it ran: managedFields are not there."""
    image_before: str
    """An image that the container was started with before and the spec no longer names."""
    grace: float
    """Seconds from the stop signal to SIGKILL."""
    running_for: float | None
    """Seconds for which the next instance has been running; None where none runs."""
    resized: datetime | None
    """A resize while this instance ran, of a container that restarts for one."""
    senders: tuple[str, ...]
    """Others that can have sent it a signal, in words: they share its PID namespace."""
    visited: str
    """`readiness`: a probe whose command ran inside and may do more than ask; else empty."""
    first_process: bool
    """It was PID 1: the kernel spares it signals that it does not handle."""
    log: tuple[str, ...]
    """The end of the log of this instance."""
    events_seen: bool
    """Some event of the container is left at all."""
    waiting_reason: str
    waiting_message: str
    policy: str
    rule: str
    """The restartPolicyRules action that its exit code matched."""
    restarts: bool
    """Whether the kubelet starts it again."""
    after_apps: bool
    """A sidecar that ended after every app container had ended for good."""

    def of_the_next_perhaps(self, kill: Kill) -> bool:
        """Whether the kill is dated only in the second in which the next instance started: by its
        time alone it may be of that one. Not where that one has outlived such a stop.
        """
        if self.instance is None or self.instance.next_start is None:
            return False
        inside = [m for m in (kill.first, kill.last) if _of(self.instance, kill, m)]
        if any(moment != self.instance.next_start for moment in inside):
            return False
        probe = {"livenessProbe": self.liveness, "startupProbe": self.startup}.get(kill.kind)
        if probe is not None and (probe.at_threshold or probe.timing.initial_delay >= 1):
            # An instance is not probed within the second in which it starts.
            return False
        own = probe.timing.termination_grace_period if probe is not None else None
        stop = (self.grace if own is None else own) + _CLEAN_UP
        return self.running_for is None or self.running_for <= stop

    def killed(self) -> Kill | None:
        """The first Killing event dated inside this instance; a plain stop only without others."""
        if self.instance is None:
            return None
        inside = [
            kill
            for kill in self.kills
            if any(_of(self.instance, kill, moment) for moment in (kill.first, kill.last))
        ]
        named = [kill for kill in inside if kill.kind != "stop"]
        return next(iter(named or inside), None)


def _of(instance: Instance, kill: Kill, moment: datetime | None) -> bool:
    # After a failed hook there is a back-off, so that no new start shares its second.
    if kill.kind == "postStartHook":
        return instance.holds(moment)
    return instance.holds_stop(moment)


def _stops(view: PodView, instance: Instance, kill: Kill) -> bool:
    """Whether the kubelet says that it stopped the instance, so shortly before its end that the
    grace period was not over.
    """
    given = number(view.pod, "metadata", "deletionGracePeriodSeconds") or 0
    longest = max(given, grace_period(view)) + CLEARING_SECONDS
    return kill.kind == "stop" and any(
        moment is not None
        and _of(instance, kill, moment)
        and (
            instance.finished_at is None
            or (instance.finished_at - moment).total_seconds() <= longest
        )
        for moment in (kill.first, kill.last)
    )


def collect(view: PodView, entry: ContainerEntry) -> Witnesses:
    """The witnesses of the container's last end, each read by name, uid and fieldPath."""
    instance = last_instance(entry)
    end = pod_end(view)
    exit_code = instance.exit_code if instance else None
    hook = mapping(entry.spec, "lifecycle", "postStart")
    kills = tuple(kills_of(view, entry))
    stopped = instance is not None and any(_stops(view, instance, kill) for kill in kills)
    covered = end is not None and end.covers(instance, entry, stopped=stopped)
    return Witnesses(
        entry=entry,
        restart_count=max(0, entry.restart_count),
        pod_failed=view.api.phase == "Failed",
        pod_over=end is None and view.api.ended and instance is not None and instance.current,
        instance=instance,
        pod_end=end if covered else None,
        deleted_later=() if covered else deleted_later(view, instance),
        kills=kills,
        liveness=probe_witness(view, entry, instance, "liveness") if instance else None,
        startup=probe_witness(view, entry, instance, "startup") if instance else None,
        sandbox=sandbox_witness(view, entry, instance) if instance else None,
        sandbox_kept=instance is not None and sandbox_kept(view, entry, instance),
        hook_failures=_hook_failures(view, entry, instance),
        hook_before=sum(
            event_count(event)
            for event in view.events_of(entry)
            if text(event, "reason") == "FailedPostStartHook"
        ),
        post_start=handler(hook, entry.spec).text if hook else "",
        memory=memory(view, entry, instance),
        spec_written=_spec_written(view, instance),
        writes_unknown=_writes_unknown(view),
        image_before=_image_before(view, entry),
        grace=float(grace_period(view)),
        running_for=view.running_for(entry),
        resized=_resized(view, entry, instance),
        senders=senders(view, entry),
        visited=_visited(entry, instance),
        first_process=view.pid_mode == "container",
        log=_log(view, entry, instance),
        events_seen=bool(view.events_of(entry)),
        waiting_reason=entry.waiting_reason,
        waiting_message=entry.waiting_message,
        policy=policy_of(view.pod, entry),
        rule=matching_rule(entry, exit_code),
        restarts=restarts_after(view.pod, entry, exit_code, instance.reason if instance else ""),
        after_apps=_after_apps(view, entry, instance),
    )


def _hook_failures(
    view: PodView, entry: ContainerEntry, instance: Instance | None
) -> tuple[tuple[datetime, int], ...]:
    found = []
    for event in view.events_of(entry):
        if text(event, "reason") != "FailedPostStartHook" or instance is None:
            continue
        for moment in reversed(event_span(event)):
            if moment and instance.holds(moment):
                found.append((moment, event_count(event)))
                break
    return tuple(found)


def _log(view: PodView, entry: ContainerEntry, instance: Instance | None) -> tuple[str, ...]:
    """The log of the instance that ended: the previous one where a newer instance is on record."""
    if instance is None:
        return ()
    ended_now = entry.terminated is not None
    for tail in view.captured.logs:
        if tail.container == entry.name and tail.state == "ok" and tail.previous != ended_now:
            return tuple(written(tail))
    return ()


def _spec_written(view: PodView, instance: Instance | None) -> datetime | None:
    """When a client wrote the pod itself while this instance ran: an image change does that.

    managedFields dates each writer's last write; subresources (status, resize) are others.
    """
    if instance is None or number(view.pod, "metadata", "generation") == 1:
        return None
    times = [
        parse_time(dig(entry, "time"))
        for entry in items(view.pod, "metadata", "managedFields")
        if not text(entry, "subresource")
    ]
    return max((time for time in times if time and instance.holds(time)), default=None)


def _writes_unknown(view: PodView) -> bool:
    """A saved manifest and what a scan keeps have no managedFields. Generation 1 is that of a spec
    that was never written again (servers before 1.33 give a pod no generation).
    """
    if number(view.pod, "metadata", "generation") == 1:
        return False
    return not items(view.pod, "metadata", "managedFields")


def _visited(entry: ContainerEntry, instance: Instance | None) -> str:
    """A probe's command may send signals as any exec may, and nobody logs what it does."""
    run = instance.duration if instance else None
    for probe in exec_probes(entry.spec):
        begun = run is None or run + ROUNDING >= probe.timing.initial_delay
        if begun and not (probe.reads or probe.connects):
            return probe.type
    return ""


def _image_before(view: PodView, entry: ContainerEntry) -> str:
    """From the Pulled events, which name the image that a start asked for."""
    now = text(entry.spec, "image")
    for event in view.events_of(entry):
        match = _PULLED.search(text(event, "message"))
        if text(event, "reason") == "Pulled" and match and now and match[1] != now:
            return match[1]
    return ""


def _resized(view: PodView, entry: ContainerEntry, instance: Instance | None) -> datetime | None:
    """When the pod was resized while this instance ran, if its resizePolicy asks for a restart."""
    restarts = any(
        text(policy, "restartPolicy") == "RestartContainer"
        for policy in items(entry.spec, "resizePolicy")
    )
    if instance is None or not restarts:
        return None
    for writer in items(view.pod, "metadata", "managedFields"):
        written = parse_time(dig(writer, "time"))
        if text(writer, "subresource") == "resize" and instance.holds(written):
            return written
    return None


def _after_apps(view: PodView, entry: ContainerEntry, instance: Instance | None) -> bool:
    if entry.kind != "sidecar" or instance is None or instance.finished_at is None:
        return False
    apps = [other for other in view.containers if other.kind == "app"]
    if not instance.current or not apps:
        return False
    for other in apps:
        ended = parse_time(dig(other.status, "state", "terminated", "finishedAt"))
        code = number(other.status, "state", "terminated", "exitCode")
        if ended is None or ended > instance.finished_at or restarts_after(view.pod, other, code):
            return False
    return True
