"""The last steps of the decision list: what the exit code says when no other witness decides."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.raw import dig, text
from kubectl_podx.model.words import Confidence
from kubectl_podx.pod.image_name import parse_image
from kubectl_podx.sections.restarts.termination.conclusion import (
    CRASH_MEANING,
    CRASHES,
    KILLS,
    OWN_DOING,
    Conclusion,
    abort_may_end_so,
    fact,
    signal_name,
    stop_signal,
)
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.sections.restarts.termination.probe_witness import ProbeWitness
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses
from kubectl_podx.view.units import spell_seconds, times

# From the write of a pod to the kubelet's stop: its watch, a sync, and a preStop hook's start.
_ACTS_WITHIN = 15
_SECOND = timedelta(seconds=1)
NEW_IMAGE = "was stopped because its definition changed (a new image)"
RESIZED = "was stopped because a resize asks for a restart"


def changed(w: Witnesses) -> Conclusion | None:
    """A definition change or a resize whose Killing event is gone.

    The kubelet acts on a new image or size within seconds, so that the end comes no later than a
    stop takes after the write. A program may end a stop with any code.
    """
    instance, written = w.instance, w.resized or w.spec_written
    if instance is None or written is None or instance.finished_at is None or not w.restarts:
        return None
    # What was written as it started is what it was started with.
    early = instance.started_at is not None and written <= instance.started_at + _SECOND
    late = (instance.finished_at - written).total_seconds() > w.grace + _ACTS_WITHIN
    code = instance.exit_code
    if early or late or code in CRASHES or instance.reason == "OOMKilled":
        return None
    if w.resized:
        words = "it was resized just before, and its resizePolicy asks for a restart"
        return Conclusion("resize", "likely", RESIZED, (fact("spec", words, written),))
    if not (w.image_before or code == 0 or stop_signal(code)):
        return None
    evidence = [fact("spec", "the pod's spec was written while it ran, just before", written)]
    if w.image_before:
        words = f"an earlier start was of image {w.image_before}, which the spec no longer names"
        evidence.append(fact("event", words))
    return Conclusion(
        "definitionChanged",
        "likely" if w.image_before else "possible",
        NEW_IMAGE,
        tuple(evidence),
    )


_KILLED = 137
# `Exec lifecycle hook ([…]) for Container "app" in Pod "…" failed - error: …`
_HOOK = " lifecycle hook ("
_WITH_THE_REST = ("exited with 137", "timed out after 0s")


def post_start(w: Witnesses) -> Conclusion | None:
    """A FailedPostStartHook event of this instance, or the kubelet's waiting reason for it.

    Where only instances before have such an event (later ones are dropped), a hook that failed
    before fails again, unless the runtime tells of a crash or of memory.
    """
    if w.instance is None or hook_died_with_it(w):
        return None
    if w.hook_failures:
        moment, count = w.hook_failures[-1]
        return failed_hook(w, (fact("event", "PostStartHook failed", moment),), count)
    if w.waiting_reason == "PostStartHookError":
        words = f"waiting PostStartHookError: {w.waiting_message}"
        return failed_hook(w, (fact("status", words),), 1)
    if w.hook_before and w.post_start and w.restart_count:
        words = f"FailedPostStartHook {times(w.hook_before)} on instances before"
        found = failed_hook(w, (fact("event", words),), w.hook_before)
        return found if found.confidence == "possible" else replace(found, confidence="likely")
    return None


def _own_death(instance: Instance) -> bool:
    oom = instance.reason == "OOMKilled" and instance.exit_code == 137
    return oom or instance.exit_code in CRASHES


def hook_died_with_it(w: Witnesses) -> bool:
    """Whether the hook failed because the container had ended, and not the other way round.

    Its command is then killed with the rest: `command '…' exited with 137`. Or the runtime waits in
    vain for a command whose container has gone: `timed out after 0s`, and a hook has no timeout of
    its own (seen on a slow node with containerd). The kubelet writes the same events for all.
    """
    if w.instance is None:
        return False
    if _own_death(w.instance):
        return True
    killed = any(words in w.waiting_message for words in _WITH_THE_REST)
    return killed and not stop_signal(w.instance.exit_code)


def failed_hook(w: Witnesses, evidence: tuple[Evidence, ...], accounts: int) -> Conclusion:
    """The conclusion from evidence that the hook failed; `accounts`: how many ends it speaks of."""
    handler = f" ({w.post_start})" if w.post_start else ""
    predicate = f"was killed because its postStart hook failed{handler}"
    # A program may end a stop with any code, and it may have ended so by itself, in which case its
    # hook fails, too: only the kubelet's message, which stands for a second, tells how that ended.
    code = w.instance.exit_code if w.instance else None
    told = w.waiting_reason == "PostStartHookError" and _HOOK in w.waiting_message
    own = bool(code) and not stop_signal(code)
    sure: Confidence = "proven" if code == _KILLED or (told and not own) else "likely"
    if own and not told:
        sure = "possible"
    return Conclusion("postStartHook", sure, predicate, evidence, accounts)


_AT_ONCE = 2
_INTERACTIVE = frozenset(["-i", "-l", "-il", "-li", "--login"])
_HANDS = 10
"""Seconds below which nobody goes into a container, finds its process and sends it a signal."""

CHILD_OOM = (
    "a process in the container was OOM-killed while the main process lived: the runtime's "
    "OOMKilled mark stays, whatever the later exit code"
)

SIBLING_OOM = (
    "the runtime's mark OOMKilled stays, whatever the later exit code: a process in the container "
    "was OOM-killed, or the pod's memory limit was reached and the victim was in another container"
)


def by_exit_code(w: Witnesses) -> Conclusion | None:
    """The cause that the exit code names; None without an instance."""
    instance = w.instance
    if instance is None:
        return None
    code = instance.exit_code
    if code is None:
        words = "ended with no exit code on record"
        return Conclusion("unknown", "possible", words, (_status(w),), accounts=0)
    if code in CRASHES or code in OWN_DOING:
        return _own_signal(w, code)
    if stop_signal(code):
        return _stop_signal(w, code)
    if code == 0:
        return _completed(w)
    sure = _own_confidence(w)
    predicate = f"exited with code {code}{_ran(w)}{_meaning(code)}{_child(w)}{_open(w, sure)}"
    return Conclusion("exitCode", sure, predicate, _evidence(w))


def _own_signal(w: Witnesses, code: int) -> Conclusion:
    """A signal that a program brings upon itself.

    Never proven: a shell ends with the same code when it hands on the status of its child.
    """
    meaning = CRASH_MEANING.get(code) or OWN_DOING.get(code, "")
    if w.first_process and abort_may_end_so(code):
        meaning += ", or abort(), which ends PID 1 so"
    words = f"exit code {code} is {signal_name(code)} of the process, or the same code of a command"
    handed_on = fact("status", f"{words} in it that it handed on")
    verb = "crashed with" if code in CRASHES else "ended by"
    predicate = f"{verb} {signal_name(code)}{_ran(w)} ({meaning}){_child(w)}"
    return Conclusion("signal", "likely", predicate, (*_evidence(w), handed_on))


def not_excluded(w: Witnesses) -> list[str]:
    """Who might have stopped the process all the same, so that its own exit is not proven."""
    found = [
        f"its {probe.type} probe"
        for probe in (w.liveness, w.startup)
        if probe is not None and not probe.cleared
    ]
    if w.post_start:
        found.append("its postStart hook")
    if w.spec_written or w.resized or w.writes_unknown:
        found.append("a change of the pod's spec")
    if w.sandbox is not None or not w.sandbox_kept:
        found.append("a new sandbox")
    if w.pod_over and not w.events_seen:
        # The status may have lost it: only an event tells of an eviction after a clean end.
        found.append("an eviction of the pod")
    found += [f"a signal of {sender}" for sender in w.senders]
    return found


def _own_confidence(w: Witnesses) -> Confidence:
    """Less sure with every witness that is missing: a probe nobody counted and no event of it."""
    unsaid = w.instance is not None and not w.instance.reason
    # An init container that ended with 0 is done: no probe, hook or sandbox could make that up.
    if w.entry.kind == "init" and w.instance and not w.instance.exit_code:
        return "likely" if unsaid else "proven"
    if not not_excluded(w):
        if unsaid:
            # Of a start that failed the runtime tells by the reason alone.
            return "likely"
        return "proven" if _nobody_came(w) or _says_why(w) else "likely"
    if w.pod_over and not w.events_seen and w.policy == "Always":
        # The kubelet would have started it again: the pod was stopped as a whole.
        return "possible"
    code = w.instance.exit_code if w.instance else None
    blind = bool(w.post_start and not (w.events_seen and code)) or any(
        probe is not None and _may_have_killed(probe, w.instance)
        for probe in (w.liveness, w.startup)
    )
    return "possible" if blind else "likely"


def _nobody_came(w: Witnesses) -> bool:
    """It ran too short for somebody to go in and send it a signal, and no probe runs inside."""
    run = w.instance.duration if w.instance else None
    return run is not None and run < _HANDS and not w.visited


def _says_why(w: Witnesses) -> bool:
    """The program itself tells of a failure, and ends with a code that says so."""
    if w.instance is None or not w.instance.exit_code:
        return False
    if w.instance.message or not w.log:
        return bool(w.instance.message)
    from kubectl_podx.sections.restarts.crash_line import crash_line  # noqa: PLC0415 - 5 ms

    return crash_line(w.log, failed=False) is not None


def _may_have_killed(probe: ProbeWitness, instance: Instance | None) -> bool:
    """Whether the probe is as near a cause as the program itself: nothing tells of it, or there
    were enough failures for a kill of some instance, and no success or one just before this end.

    Of two causes without a witness the silent one is less probable; but a program that handles the
    stop signal mostly ends with 0.
    """
    unknown_run = instance is None or instance.duration is None
    if probe.cleared or not (probe.fits_least or unknown_run):
        return False
    if probe.accounts and (probe.never_succeeded or probe.near_end):
        return True
    silent = probe.silent and instance is not None and bool(instance.exit_code)
    return not probe.evidence and not silent


def _completed(w: Witnesses) -> Conclusion:
    sure = _own_confidence(w)
    itself = " by itself" if sure == "proven" else ""
    predicate = f"ended{itself} with exit code 0{_ran(w)}{_child(w)}{_open(w, sure)}{_unfed(w)}"
    if w.rule:
        predicate += ", and its restartPolicyRules start it again"
    elif w.restarts or (w.restart_count and w.policy == "Always"):
        predicate += ", and restartPolicy Always starts it again"
    elif w.entry.kind == "init":
        predicate = f"completed{_ran(w)}{_child(w)}"
    return Conclusion("completed", sure, predicate, _evidence(w))


_READS_STDIN = frozenset(["sh", "bash", "ash", "dash", "zsh", "ksh", "python", "python3", "node"])
_SYSTEMS = frozenset(
    [
        "busybox",
        "alpine",
        "ubuntu",
        "debian",
        "fedora",
        "centos",
        "rockylinux",
        "almalinux",
        "amazonlinux",
        "oraclelinux",
        "archlinux",
        "ubi8",
        "ubi9",
        "bash",
        "python",
        "node",
    ]
)


def _unfed(w: Witnesses) -> str:
    """A shell, or such an interpreter, that has nothing to do but to read a stdin that is closed
    ends at once and well; so does what an image of a bare system runs by itself.
    """
    spec, run = w.entry.spec, w.instance.duration if w.instance else None
    if dig(spec, "stdin") is True or run is None or run > _AT_ONCE:
        return ""
    parts = [dig(spec, field) for field in ("command", "args")]
    path, *flags = [word for part in parts if isinstance(part, list) for word in part] or [""]
    program = str(path).rpartition("/")[2]
    if program in _READS_STDIN and all(flag in _INTERACTIVE for flag in flags):
        return f" (`{program}` alone reads its stdin, which is closed: `stdin: true` is not set)"
    image = parse_image(text(spec, "image")).repository.rpartition("/")[2]
    if not program and image in _SYSTEMS:
        return " (no command is set: that of such an image is often a shell, which needs stdin)"
    return ""


def _stop_signal(w: Witnesses, code: int) -> Conclusion:
    """SIGKILL, SIGTERM and the like: from outside the process, with no word on by whom.

    The kubelet's own kills come first where they remain possible: in a living pod a stop signal
    from anybody else is rare.
    """
    name = signal_name(code)
    open_ends = not_excluded(w)
    for cause, probe in (("startupProbe", w.startup), ("livenessProbe", w.liveness)):
        # Under a policy without restarts the event says only `Stopping container` (seen on 1.37).
        silent = probe is not None and probe.silent and w.killed() is None
        short = probe is not None and not probe.fits_least and not probe.failures
        if probe is None or probe.cleared or silent or short or code not in KILLS:
            continue
        word = "startup" if cause == "startupProbe" else "liveness"
        predicate = f"was killed by its {word} probe ({probe.budget})"
        words = f"{name} is how such a kill ends, and it ran {_long(w)}; no other witness is left"
        evidence = (fact("status", words), *_evidence(w), *probe.evidence)
        if cause == "startupProbe":
            return Conclusion("startupProbe", "possible", predicate, evidence)
        return Conclusion("livenessProbe", "possible", predicate, evidence)
    if w.post_start and code in KILLS:
        predicate = f"was killed because its postStart hook failed ({w.post_start})"
        return Conclusion("postStartHook", "possible", predicate, _evidence(w))
    limits = (w.memory.own, w.memory.pod and f"{w.memory.pod} of the pod")
    least = next(filter(None, limits), "")
    missed = code == 137 and bool(least)
    predicate = f"ended with {name}{_ran(w)}{_child(w)}; who sent it is not known"
    words = f"a shell also ends with {code} if a command in it did, as `timeout` ends one"
    evidence = (*_evidence(w), fact("status", words))
    if missed:
        limit = f"memory limit {least}; a runtime can miss an OOM kill"
        evidence = (*evidence, fact("spec", limit))
    return Conclusion(
        "signal", "possible" if missed or open_ends else "likely", predicate, evidence
    )


def _evidence(w: Witnesses) -> tuple[Evidence, ...]:
    found = [_status(w)]
    if w.instance is not None and w.instance.reason == "OOMKilled" and w.instance.exit_code != 137:
        found.append(fact("status", SIBLING_OOM if w.memory.pod_alone else CHILD_OOM))
        found += w.memory.shared
    if w.instance is not None and w.instance.message:
        found.append(fact("status", f"termination message: {w.instance.message}"))
    if w.rule:
        found.append(fact("spec", f"restartPolicyRules: this exit code means {w.rule}"))
    found += [
        fact("metrics" if "kubelet counted" in probe.cleared else "spec", probe.cleared)
        for probe in (w.liveness, w.startup)
        if probe is not None and probe.cleared
    ]
    open_ends = not_excluded(w)
    if open_ends:
        found.append(fact("spec", f"not excluded: {', '.join(open_ends)}"))
    elif w.instance is not None and not stop_signal(w.instance.exit_code):
        # What the kubelet stops a container of a living pod for; each is excluded by what it has.
        words = (
            "the kubelet had no reason to stop it: no open probe, hook, spec change or new sandbox"
        )
        if not _nobody_came(w):
            words += "; a signal that an exec sends leaves no trace"
            words += f", and its {w.visited} probe runs a command inside" if w.visited else ""
        found.append(fact("spec", words))
    return (*found, *w.deleted_later)


def _status(w: Witnesses) -> Evidence:
    instance = w.instance
    if instance is None:
        return fact("status", "no instance on record")
    words = f"exit code {instance.exit_code}, reason {instance.reason or 'none'}"
    return fact("status", words, instance.finished_at)


def _ran(w: Witnesses) -> str:
    if w.instance is None or w.instance.duration is None:
        return ""
    return f" after {spell_seconds(w.instance.duration)}"


def _long(w: Witnesses) -> str:
    duration = w.instance.duration if w.instance else None
    return spell_seconds(duration) if duration is not None else "for an unknown time"


def _child(w: Witnesses) -> str:
    if w.instance is None or w.instance.reason != "OOMKilled":
        return ""
    if w.memory.pod_alone:
        return " (marked OOMKilled: a process of it or of its pod was OOM-killed)"
    limit = f" {w.memory.where}" if w.memory.own else ""
    return f" (a process in it was OOM-killed{limit})"


def _open(w: Witnesses, sure: Confidence) -> str:
    """What may as well have stopped it, in the sentence itself: other words are often not read."""
    opens = not_excluded(w)
    return f" ({opens[0]} is not excluded)" if sure == "possible" and opens else ""


def _meaning(code: int) -> str:
    """What shells and runtimes mean by some codes; only they report these."""
    return {
        124: " (timeout's word for: it took too long)",
        126: " (a shell's word for: not executable)",
        127: " (a shell's word for: command not found)",
    }.get(code, "")
