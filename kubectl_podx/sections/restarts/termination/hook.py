"""Ends by a postStart hook, and hooks that failed only because the container had ended."""

from __future__ import annotations

from kubectl_podx.model.parts import Evidence
from kubectl_podx.model.words import Confidence
from kubectl_podx.sections.restarts.termination.conclusion import Conclusion, fact
from kubectl_podx.sections.restarts.termination.exit_codes import CRASHES, stop_signal
from kubectl_podx.sections.restarts.termination.instance import Instance
from kubectl_podx.sections.restarts.termination.witnesses import Witnesses
from kubectl_podx.view.units import times

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
        return found if found.confidence == "possible" else found._replace(confidence="likely")
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
    # A program may end a stop with a code of its own, and it may have ended so by itself, in which
    # case its hook fails, too: the kubelet's message tells how the hook ended.
    code = w.instance.exit_code if w.instance else None
    sure: Confidence = "proven"
    if code and not stop_signal(code):
        told = w.waiting_reason == "PostStartHookError" and _HOOK in w.waiting_message
        sure = "likely" if told else "possible"
    return Conclusion("postStartHook", sure, predicate, evidence, accounts)
