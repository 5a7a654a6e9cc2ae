"""What the rules about restarts look for: each row by its cause, weighed by what it means now."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kubectl_podx.model.clock import format_time, parse_time
from kubectl_podx.model.raw import one_line
from kubectl_podx.model.words import RestartCause
from kubectl_podx.pod.kills import RESET_SECONDS
from kubectl_podx.pod.pod import LOOPING, OOM_MARK, ContainerEntry
from kubectl_podx.pod.probe_events import event_span, strip_combined
from kubectl_podx.pod.start_error import innermost
from kubectl_podx.rules.fixes import edit_owner, more
from kubectl_podx.rules.remedies import checked, describe_pod, kubectl, logs
from kubectl_podx.rules.rule import Case, Fix, Hit
from kubectl_podx.rules.waiting import missing_source
from kubectl_podx.rules.weight import weight
from kubectl_podx.sections.restarts.report import Restart
from kubectl_podx.sections.restarts.termination.instance import policy_of
from kubectl_podx.sections.restarts.termination.memory import memory
from kubectl_podx.sections.restarts.termination.pod_end import (
    OF_THE_SPEC,
    eviction_message,
    of_its_own_limit,
)

_LOGS_TELL = frozenset(
    {"livenessProbe", "startupProbe", "exitCode", "signal", "completed", "postStartHook"}
)
_NODE_TELLS = frozenset({"evicted", "nodeShutdown", "preempted", "rejected", "lostByRuntime"})
_MEMORY = frozenset({"oomKilled", "nodeOOM"})


def by_cause(*causes: RestartCause) -> Callable[[Case], Iterator[Hit]]:
    """The check of one rule: every row with one of these causes that matters."""

    def check(case: Case) -> Iterator[Hit]:
        for row in case.report.restarts or ():
            if row.cause in causes and matters(case, row):
                severity, blocking = weight(case, row)
                yield Hit(
                    row.summary,
                    tuple(f"{each.source}: {each.text}" for each in row.evidence),
                    container=row.container,
                    remedy=_words(case, row),
                    next=_next(case, row),
                    fix=_fix(case, row),
                    severity=severity,
                    blocking=blocking,
                    open=row.confidence != "proven",
                )

    return check


def matters(case: Case, row: Restart) -> bool:
    """Whether an end is worth a finding: work that is done, and a shell that ended, are not."""
    if row.kind == "ephemeral":
        return False
    if row.cause != "completed":
        return True
    entry = case.view.container(row.container)
    if entry is not None and entry.kind == "sidecar":
        return row.looping
    if row.kind == "init" or entry is None:
        return False
    ended = entry.terminated is not None
    over = case.view.api.ended or case.view.api.terminating
    if ended and not over and policy_of(case.view.pod, entry) == "Always":
        # It is between two lives, whether the kubelet has counted the next one or not.
        return True
    # A container that ended with 0 and stays so is done; one that was started again is not.
    return bool(row.count or row.looping) and (not ended or row.looping)


def _next(case: Case, row: Restart) -> str:
    """Where more is said about this end; empty where the row has it all."""
    if row.cause in _LOGS_TELL:
        entry = case.view.container(row.container)
        ended = entry is not None and entry.terminated is not None
        return logs(case, row.container, *(() if ended else ("--previous",)))
    if _own_limit(case, row):
        # The node was not short of anything.
        return ""
    if row.cause in _NODE_TELLS:
        node = case.view.api.node
        return kubectl("describe", "node", checked(node)) if node else ""
    return "" if row.cause in ("deleted", "startError", *_MEMORY) else describe_pod(case)


def _words(case: Case, row: Restart) -> str:
    """What to do where the rule's own words are about somebody else's limit; else empty."""
    if _own_limit(case, row):
        return (
            "Raise the limit that it names, or write less: what is logged counts until the "
            "kubelet rotates it (containerLogMaxSize), and stays until the pod goes."
        )
    if row.cause == "completed" and row.confidence == "possible":
        return (
            "Check first whether somebody stopped it: the evidence above lists what is not "
            "excluded. Otherwise give it a command that keeps running, or make it a Job."
        )
    entry = case.view.container(row.container)
    if row.cause == "nodeOOM" and entry is not None and memory(case.view, entry, None).pod:
        return "Raise the pod's memory limit (spec.resources), or let its containers use less."
    return ""


def _fix(case: Case, row: Restart) -> Fix:
    """What changes the cause, where the cause itself says what."""
    if row.cause in _MEMORY:
        entry = case.view.container(row.container)
        if entry is None or memory(case.view, entry, None).shared:
            # Twice the container's own limit would not help where the pod's was reached.
            return edit_owner(case)
        return more(case, "memory", row.container)
    if row.cause == "startError" or _own_limit(case, row) or _asks_too_much(case, row):
        return edit_owner(case)
    return Fix()


def _asks_too_much(case: Case, row: Restart) -> bool:
    """Whether a field of the spec is what the kubelet refused."""
    return row.cause == "rejected" and case.view.api.reason in OF_THE_SPEC


def _own_limit(case: Case, row: Restart) -> bool:
    return row.cause == "evicted" and of_its_own_limit(eviction_message(case.view))


def child_oom(case: Case) -> Iterator[Hit]:
    """The OOMKilled mark on an exit that was not the OOM kill: a child was killed before."""
    for row in case.report.restarts or ():
        if row.reason != OOM_MARK or row.exit_code == 137 or row.kind == "ephemeral":
            continue
        if row.cause == "oomKilled":
            # That end is told of as a whole.
            continue
        entry = case.view.container(row.container)
        if entry is None:
            continue
        age, done = case.view.running_for(entry), case.view.api.phase == "Succeeded"
        above = memory(case.view, entry, None)
        title = f"a process in {row.container} was OOM-killed while its main process lived on"
        victim = _victim(case) if above.pod_alone else ""
        if above.pod_alone:
            title = (
                f"{row.container} is marked OOMKilled: a process of it was OOM-killed, or only "
                f"{f'that of {victim}' if victim else 'one of another container'} at the pod's "
                f"memory limit of {above.pod}"
            )
        yield Hit(
            title,
            (
                f"status: reason OOMKilled with exit code {row.exit_code}",
                *(each.text for each in above.shared),
            ),
            container=row.container,
            fix=more(case, "memory", row.container),
            severity="info" if victim or done or (age or 0) > RESET_SECONDS else None,
        )


def _victim(case: Case) -> str:
    """A container whose main process was OOM-killed: its end explains the mark of the others."""
    dead = (r for r in case.report.restarts or () if r.reason == "OOMKilled" and r.exit_code == 137)
    return next((row.container for row in dead), "")


def next_start_blocked(case: Case) -> Iterator[Hit]:
    """The last exit is an older story: since then something else keeps it from starting.

    While the back-off runs, the status says CrashLoopBackOff, and for a moment before it only that
    the container has ended; only the events have the reason.
    """
    for row in case.report.restarts or ():
        entry = case.view.container(row.container)
        if entry is None or entry.running:
            continue
        if entry.waiting_reason not in ("", LOOPING):
            continue
        found = _newest_start_error(case, entry, row)
        if found is not None:
            said, when = found
            missing = missing_source(said)
            words = f"{missing} does not exist" if missing else one_line(innermost(said))
            yield Hit(
                f"{row.container} cannot start again: {words}",
                (f"event at {when}: {one_line(said)}", f"the exit before it: {row.summary}"),
                container=row.container,
                next=describe_pod(case),
                blocking=True,
            )


def _newest_start_error(case: Case, entry: ContainerEntry, row: Restart) -> tuple[str, str] | None:
    ended = parse_time(row.finished_at)
    if ended is None or row.cause == "startError":
        return None
    for event in reversed(case.view.said_of(entry)):
        last = event_span(event.body)[1]
        if last is None or last < ended or event.reason == "Started":
            return None
        message, _ = strip_combined(event.message)
        if event.reason == "Failed" and message.startswith("Error: "):
            return message.removeprefix("Error: "), format_time(last)
    return None
