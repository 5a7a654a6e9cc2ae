"""The decision list: witnesses -> the one cause of the last end, with its confidence.

Each step separates a cause from its look-alikes; the order is part of the meaning. `proven` needs
evidence that excludes the others and never rests on an event that is not there: where a witness is
missing the step is passed over or the confidence falls.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.words import Confidence, RestartCause
from kubectl_podx.pod.kills import Kill
from kubectl_podx.pod.pod import OOM_MARK
from kubectl_podx.pod.start_error import DIED, start_failure, start_was_refused
from kubectl_podx.sections.restarts.termination.conclusion import (
    CRASHES,
    Conclusion,
    fact,
    stop_signal,
)
from kubectl_podx.sections.restarts.termination.exit_causes import (
    NEW_IMAGE,
    RESIZED,
    by_exit_code,
    changed,
    failed_hook,
    hook_died_with_it,
    post_start,
)
from kubectl_podx.sections.restarts.termination.probe_witness import ProbeWitness
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses
from kubectl_podx.view.units import spell_seconds, times

_KILLED = {
    "definitionChanged": NEW_IMAGE,
    "resize": RESIZED,
    "restartAllContainers": "was stopped because another container's rule restarts all containers",
}


_KILLED_HARD = 137
_UNANNOUNCED = (
    "its failures are on record, and no Killing event is: it may have ended by itself just then"
)

_SHM = "files in /dev/shm stay when a container ends, and count against the pod's memory limit"
_ONE_EACH = "one failed attempt for each end: it may have ended by itself at each of them"


def decide(w: Witnesses) -> Conclusion | None:
    """The cause of the last end; None where the container never ended."""
    for step in _STEPS:
        found = step(w)
        if found is not None:
            return found
    return None


def _pod_ended(w: Witnesses) -> Conclusion | None:
    """Eviction, preemption, shutdown, deadline, rejection, deletion of the whole pod."""
    end = w.pod_end
    if end is None:
        return None
    kill = w.killed()
    before = kill is not None and kill.kind != "stop"
    if before and kill and end.moment and kill.first and kill.first < end.moment:
        return None
    evidence: tuple[Evidence, ...] = (fact("status", end.source, end.moment),)
    if kill is not None:
        evidence = (*evidence, fact("event", kill.message, kill.last))
    # A deletion says that all containers are stopped, not that this one did not end by itself.
    # Nor who deletes it: a preemption is told by a condition alone.
    sure: Confidence = "proven" if end.cause != "deleted" else "likely"
    dated = w.instance is None or w.instance.finished_at is not None
    # The kubelet dates no end that it only knows to be over.
    if kill is None and not dated and w.instance and w.instance.reason != "ContainerStatusUnknown":
        sure = "likely"
    if kill is None and w.instance is not None and end.before(w.instance):
        # Within the slack of two clocks: it may have ended by itself just before.
        sure = "likely"
    undated = end.moment is None or not end.dated
    if undated and kill is None and w.instance and w.instance.finished_at:
        # Nothing dates the pod's end: this one may have ended by itself before.
        sure = "likely" if stop_signal(w.instance.exit_code) else "possible"
    return Conclusion(end.cause, sure, end.sentence, evidence)


def _unknown_past(w: Witnesses) -> Conclusion | None:
    """Restarts of which no instance is on record: the kubelet keeps one, or none."""
    if w.instance is not None:
        return None
    refused = w.waiting_reason == "CreateContainerError" and start_was_refused(w.waiting_message)
    if refused or w.waiting_reason == "RunContainerError":
        why = start_failure(w.waiting_message, w.entry.spec)
        evidence = (fact("status", f"waiting {w.waiting_reason}: {w.waiting_message}"),)
        return Conclusion("startError", "proven", f"cannot start: {why}", evidence)
    if not w.restart_count:
        return None
    words = "ended for an unknown reason: lastState is empty"
    evidence = (fact("status", f"restartCount {w.restart_count}, and lastState is empty"),)
    return Conclusion("unknown", "possible", words, evidence, accounts=0)


def _restarted_with_all(w: Witnesses) -> Conclusion | None:
    if w.instance is None or w.instance.reason != "RestartingAllContainers":
        return None
    evidence = (fact("status", "lastState reason RestartingAllContainers", w.instance.finished_at),)
    return Conclusion("restartAllContainers", "proven", _KILLED["restartAllContainers"], evidence)


def _start_error(w: Witnesses) -> Conclusion | None:
    """The runtime could not start it: StartError (containerd), ContainerCannotRun (dockershim)."""
    if w.instance is None or w.instance.reason not in ("StartError", "ContainerCannotRun"):
        return None
    why = start_failure(w.instance.message, w.entry.spec)
    memory = (fact("spec", _SHM), *w.memory.shared) if DIED in why else ()
    evidence = (fact("status", f"{w.instance.reason}: {w.instance.message}"), *memory)
    return Conclusion("startError", "proven", f"cannot start: {why}", evidence, w.restart_count)


def _killed_by_kubelet(w: Witnesses) -> Conclusion | None:
    """A Killing event with this container's fieldPath inside this very instance."""
    kill = w.killed()
    if kill is None or kill.kind == "stop":
        return None
    evidence = (fact("event", f"Killing: {kill.message}", kill.last),)
    accounts = sum(each.seen for each in w.kills if each.kind == kill.kind)
    if kill.kind == "postStartHook":
        return None if hook_died_with_it(w) else failed_hook(w, evidence, accounts)
    probe = w.liveness if kill.kind == "livenessProbe" else w.startup
    if kill.kind in ("livenessProbe", "startupProbe"):
        found = _by_probe(kill.kind, probe, evidence, kill, accounts)
    else:
        found = Conclusion(kill.kind, "proven", _KILLED[kill.kind], evidence, accounts)
    if w.instance is not None and w.instance.started_at is None and not _met_its_end(w, kill):
        # Without its start the kill may be of the instance before.
        return replace(found, confidence="likely")
    if _met_its_end(w, kill):
        words = "it ended in the second of the kill: the attempt that failed may have made it end"
        both = (
            *found.evidence,
            fact("status", words, w.instance.finished_at if w.instance else None),
        )
        answered = probe is not None and probe.failures and not probe.cut_off
        sure: Confidence = "likely" if answered else "possible"
        return replace(found, confidence=sure, evidence=both)
    if not w.of_the_next_perhaps(kill):
        return found
    words = "dated in the second of the next start: by its time alone it may be of that instance"
    both = (*found.evidence, fact("event", words, kill.last))
    return replace(found, confidence="likely", evidence=both)


def _met_its_end(w: Witnesses, kill: Kill) -> bool:
    """Whether the kubelet can have killed what had just ended by itself, which it learns a moment
    later: the failed attempt was the first of the instance, and may itself have made it end.
    """
    instance = w.instance
    probe = {"livenessProbe": w.liveness, "startupProbe": w.startup}.get(kill.kind)
    if instance is None or instance.finished_at is None or probe is None:
        return False
    # Without its start nobody knows which failures were of this instance.
    survived_one = instance.started_at is not None and probe.failures > 1
    if instance.exit_code == _KILLED_HARD or survived_one or not probe.may_end_it:
        return False
    inside = [m for m in (kill.first, kill.last) if m and instance.holds_stop(m)]
    return bool(inside) and instance.finished_at <= max(inside)


def _by_probe(
    cause: RestartCause,
    probe: ProbeWitness | None,
    evidence: tuple[Evidence, ...],
    kill: Kill | None,
    accounts: int = 1,
    *,
    possible: bool = False,
) -> Conclusion:
    word = "liveness" if cause == "livenessProbe" else "startup"
    # The spec may have lost the probe since (an ephemeral edit is not possible, a lie is).
    predicate = f"was killed by its {word} probe{f' ({probe.budget})' if probe else ''}"
    both = (*evidence, *(probe.evidence if probe else ()))
    accounts = max(accounts, probe.accounts if probe else 0)
    weak: Confidence = "possible" if possible else "likely"
    return Conclusion(cause, "proven" if kill else weak, predicate, both, accounts)


def _sandbox(w: Witnesses) -> Conclusion | None:
    """A new sandbox: every container of the old one ends, most by a stop or lost at a reboot."""
    if w.instance is None or w.sandbox is None:
        return None
    code, reason = w.instance.exit_code, w.instance.reason
    if w.entry.kind == "init" and code == 0:
        return None
    gone = code == 255 or reason in ("Unknown", "ContainerStatusUnknown")
    stopped = w.killed() is not None
    if reason == "OOMKilled" or not (gone or stopped or code == 0 or stop_signal(code)):
        return None
    proven = w.sandbox.event and (gone or stopped)
    predicate = "was stopped because the pod sandbox was recreated"
    if gone:
        predicate += ", as after a reboot of the node"
    return Conclusion(
        "sandboxChanged", "proven" if proven else "likely", predicate, w.sandbox.evidence
    )


def _lost(w: Witnesses) -> Conclusion | None:
    """The runtime or the kubelet lost track of it: how it ended is unknown."""
    if w.instance is None:
        return None
    reason, code = w.instance.reason, w.instance.exit_code
    if reason == "ContainerStatusUnknown" or (reason == "Unknown" and code == 255):
        predicate = "was lost by the container runtime: how it ended is unknown"
        if reason == "ContainerStatusUnknown" and w.instance.current:
            # The kubelet itself raises the count for it (KP).
            predicate += ", and its count may include no restart at all"
        words = f"reason {reason}, exit code {code}: {w.instance.message}".rstrip(": ")
        # In a pod that has failed the kubelet writes this of what it ended itself, too.
        sure: Confidence = "likely" if w.pod_failed else "proven"
        return Conclusion("lostByRuntime", sure, predicate, (fact("status", words),))
    return None


def _stopped(w: Witnesses) -> Conclusion | None:
    """`Stopping container` in a pod that lives on: its sandbox went, or the main containers did."""
    kill = w.killed()
    if w.after_apps and w.instance is not None:
        evidence = [fact("status", "every app container had ended before", w.instance.finished_at)]
        if kill is not None:
            evidence.append(fact("event", kill.message, kill.last))
        predicate = "was stopped by the kubelet after the main containers had ended"
        sure: Confidence = "proven" if kill is not None else "likely"
        return Conclusion("completed", sure, predicate, tuple(evidence))
    if kill is None or kill.kind != "stop" or w.restarts is False:
        return None
    predicate = "was stopped by the kubelet with the pod's sandbox"
    return Conclusion(
        "sandboxChanged", "likely", predicate, (fact("event", kill.message, kill.last),)
    )


def _oom_of_init(w: Witnesses) -> Conclusion | None:
    """An init container that did its work, and in which a process was OOM-killed."""
    if w.entry.kind != "init" or w.instance is None or w.instance.exit_code != 0:
        return None
    if w.instance.reason != OOM_MARK:
        return None
    mark = fact("status", "reason OOMKilled, exit code 0", w.instance.finished_at)
    rule = fact("status", "the kubelet takes an init container with this mark for a failed one")
    where = f" {w.memory.where}" if w.memory.own else ""
    whose = "a process of it or of its pod" if w.memory.pod_alone else "a process in it"
    predicate = (
        f"ended with exit code 0 and counts as failed, because {whose} was OOM-killed{where}"
    )
    sure: Confidence = "likely" if w.memory.shared or not w.memory.own else "proven"
    return Conclusion("oomKilled", sure, predicate, (mark, rule, *w.memory.shared), w.restart_count)


def _oom(w: Witnesses) -> Conclusion | None:
    """OOMKilled with 137: PID 1 itself died of SIGKILL and the cgroup had an OOM kill.

    The mark is on the container for any OOM kill in its cgroup, a child's or an exec's too, so
    with another exit code it is a note; with 137 a liveness SIGKILL reads the same.
    """
    if w.instance is None or w.instance.reason != "OOMKilled" or w.instance.exit_code != 137:
        return None
    if w.liveness is not None and w.liveness.explains:
        return None
    mark = fact("status", "reason OOMKilled, exit code 137", w.instance.finished_at)
    if not w.memory.own:
        predicate = "was OOM-killed without a memory limit of its own: "
        if w.memory.pod:
            predicate += f"the pod's limit of {w.memory.pod} was reached"
        else:
            predicate += "its node or a parent cgroup ran out of memory"
        return Conclusion("nodeOOM", "likely", predicate, (mark, *w.memory.node))
    if w.memory.node_oom:
        predicate = "was OOM-killed when its node ran out of memory"
        return Conclusion("nodeOOM", "likely", predicate, (mark, *w.memory.node))
    limit = fact("spec", f"memory limit {w.memory.own}")
    probes = [p for p in (w.liveness, w.startup) if p is not None]
    cleared = [fact("spec", p.cleared) for p in probes if p.cleared]
    predicate = f"was OOM-killed {w.memory.where}"
    around = (*w.memory.shared, *w.memory.node, *([w.memory.calm] if w.memory.calm else ()))
    return Conclusion("oomKilled", _sure_of_oom(w), predicate, (mark, limit, *cleared, *around))


def _sure_of_oom(w: Witnesses) -> Confidence:
    """The mark names no cgroup and no process: proven only where neither the pod's nor the node's
    memory can have been full first, and nobody else can have killed the main process after a child
    had left the mark.
    """
    open_probes = [p for p in (w.liveness, w.startup) if p is not None and not p.cleared]
    unseen = [p for p in open_probes if p.fits_least and not (p.silent or p.evidence)]
    # A probe that killed instances before may have killed this one, too: with the mark of a child.
    unseen += [p for p in open_probes if p.recurs]
    if unseen or any(probe.fits_least and probe.accounts for probe in open_probes):
        return "possible"
    if open_probes or w.senders or w.memory.shared or w.memory.node or w.memory.calm is None:
        return "likely"
    return "proven"


def _probe_without_event(w: Witnesses) -> Conclusion | None:
    """A probe kill whose Killing event is gone: dated failures, or counters and the exit code."""
    instance = w.instance
    if instance is None:
        return None
    code = instance.exit_code
    for cause, probe in (("startupProbe", w.startup), ("livenessProbe", w.liveness)):
        if probe is None or probe.cleared or (code in CRASHES and not probe.at_threshold):
            continue
        if not (probe.fits_least or probe.adds_up):
            continue
        # A handler of SIGTERM may end with any code: 0, 143 and 137 are only the usual ones.
        usual = code == 0 or stop_signal(code)
        likely = probe.explains or (usual and (probe.counted or probe.recurs))
        # With a code of its own and no failure in sight, its own exit is the nearer cause.
        again = probe.recurs and (usual or probe.failures or probe.drops)
        if likely or again or (usual and probe.prior_kills):
            words = f"it ran {spell_seconds(instance.duration or 0)}, long enough for this probe"
            evidence: tuple[Evidence, ...] = (
                fact("status", words),
                fact("status", _exit_words(w)),
            )
            if code != _KILLED_HARD and (probe.unannounced or probe.one_each):
                likely = False
                words = _UNANNOUNCED if probe.unannounced else _ONE_EACH
                evidence = (*evidence, fact("status", words))
            name: RestartCause = "startupProbe" if cause == "startupProbe" else "livenessProbe"
            return _by_probe(name, probe, evidence, None, possible=not likely)
    return None


def _exit_words(w: Witnesses) -> str:
    instance = w.instance
    code = instance.exit_code if instance else None
    return (
        f"exit code {code}, reason {instance.reason if instance else ''}, {times(w.restart_count)}"
    )


def _own_exit(w: Witnesses) -> Conclusion | None:
    return by_exit_code(w)


_STEPS: tuple[Callable[[Witnesses], Conclusion | None], ...] = (
    _pod_ended,
    _unknown_past,
    _restarted_with_all,
    _start_error,
    _killed_by_kubelet,
    post_start,
    _sandbox,
    _lost,
    _stopped,
    changed,
    _oom_of_init,
    _oom,
    _probe_without_event,
    _own_exit,
)
