"""Before and after the execs of a run: whether each can be afforded, and what changed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.capture import exec_policy
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.exec_policy import of_pod_metrics, of_summary
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import EndedDuringExec
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.model.raw import Json, dig, number, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import ContainerEntry, containers

_NO_ANSWER = "skipped: memory headroom unknown, as its reading did not come in time"


class _Waiting(Struct, frozen=True):
    """The execs of one pod that wait, and what may be asked for it."""

    pod: Json
    execs: tuple[PlannedCall, ...]
    stats: PlannedCall | None


class ExecGate:
    """One per run; its methods may be called by any thread."""

    def __init__(self, now: Callable[[], str], *, waited_for: bool) -> None:
        self._now = now
        self._waited_for = waited_for
        self._lock = threading.Lock()
        self._waiting: dict[Reference, _Waiting] = {}
        self._usages: dict[Reference, list[MemoryUsage]] = {}
        self._stats: dict[str, Outcome | None] = {}
        """By call id; None while it is under way."""
        self._refused: dict[str, Outcome] = {}

    def hold(
        self, calls: Mapping[Reference, Sequence[PlannedCall]], pods: Mapping[Reference, Json]
    ) -> set[str]:
        """The ids of the calls that are not to be sent yet: `release` names them later."""
        held: set[str] = set()
        for reference, planned in calls.items():
            held |= {call.id for call in planned if call.kind == "stats"}
            if not any(call.kind == "podMetrics" for call in planned):
                continue
            limited = {
                entry.name
                for entry in containers(pods[reference])
                if exec_policy.memory_limits(pods[reference], entry)
            }
            execs = tuple(c for c in planned if c.kind == "exec" and c.container in limited)
            stats = next((call for call in planned if call.kind == "stats"), None)
            self._waiting[reference] = _Waiting(pods[reference], execs, stats)
            held |= {call.id for call in execs}
        return held

    def release(self, outcome: Outcome) -> list[PlannedCall]:
        """What this answer lets be sent: execs, or the next reading."""
        if outcome.call.kind == "podMetrics":
            return self._after_metrics(outcome)
        if outcome.call.kind == "stats":
            return self._after_stats(outcome)
        return []

    def refused(self) -> dict[str, Outcome]:
        """The outcomes of the execs that were not sent, when everything else has ended."""
        with self._lock:
            left = {
                call.id: Outcome(
                    call, "skipped", _NO_ANSWER, f"a longer --deadline, or {exec_policy.FORCE}"
                )
                for waiting in self._waiting.values()
                for call in waiting.execs
            }
            return {**left, **self._refused}

    def usages(self, reference: Reference) -> list[MemoryUsage]:
        """What was read of this pod's memory."""
        return self._usages.get(reference, [])

    def _after_metrics(self, outcome: Outcome) -> list[PlannedCall]:
        reference = Reference("Pod", outcome.call.reference.namespace, outcome.call.reference.name)
        if outcome.state == "ok":
            found = of_pod_metrics(outcome.answer, reference.namespace, reference.name)
            self._usages[reference] = found
        with self._lock:
            waiting = self._waiting.get(reference)
            if waiting is None:
                return []
            stats = waiting.stats
            sent = self._decided(reference, waiting, outcome, final=stats is None)
            if reference not in self._waiting or stats is None:
                return sent
            if stats.id not in self._stats:
                self._stats[stats.id] = None
                return [*sent, stats]
            known = self._stats[stats.id]
            return [*sent, *(self._with_stats(reference, known) if known else ())]

    def _after_stats(self, outcome: Outcome) -> list[PlannedCall]:
        with self._lock:
            self._stats[outcome.call.id] = outcome
            return [
                call
                for reference, waiting in list(self._waiting.items())
                # Others of this node still wait for their metrics.
                if waiting.stats is not None and waiting.stats.id == outcome.call.id
                for call in self._with_stats(reference, outcome)
            ]

    def _with_stats(self, reference: Reference, outcome: Outcome) -> list[PlannedCall]:
        waiting = self._waiting[reference]
        if outcome.state == "ok":
            found = of_summary(outcome.answer, text(waiting.pod, "metadata", "uid"))
            self._usages[reference] = found or self.usages(reference)
        return self._decided(reference, waiting, outcome, final=True)

    def _decide(
        self, waiting: _Waiting, entry: ContainerEntry, usages: list[MemoryUsage], last: Outcome
    ) -> exec_policy.Decision:
        """The decision for one container; `last` is the reading that came last."""
        del last
        return exec_policy.decide(
            waiting.pod, entry, usages, now=self._now(), waited_for=self._waited_for
        )

    def _decided(
        self, reference: Reference, waiting: _Waiting, outcome: Outcome, *, final: bool
    ) -> list[PlannedCall]:
        """The execs that may be sent; those that may not are noted, the undecided stay."""
        entries = {entry.name: entry for entry in containers(waiting.pod)}
        sent: list[PlannedCall] = []
        undecided: list[PlannedCall] = []
        for call in waiting.execs:
            usages = self.usages(reference)
            decision = self._decide(waiting, entries[call.container], usages, outcome)
            if not final and not decision.known:
                undecided.append(call)
            elif decision.allowed:
                sent.append(call)
            else:
                self._refused[call.id] = Outcome(call, "skipped", decision.reason, decision.needs)
        if undecided:
            self._waiting[reference] = replace(waiting, execs=tuple(undecided))
        else:
            del self._waiting[reference]
        return sent


class RehearsedGate(ExecGate):
    """For `doctor`, which asks for rights only: a reading that may be read would tell enough."""

    def _decide(
        self, waiting: _Waiting, entry: ContainerEntry, usages: list[MemoryUsage], last: Outcome
    ) -> exec_policy.Decision:
        if last.state == "ok":
            return exec_policy.Decision(allowed=True)
        return super()._decide(waiting, entry, usages, last)


_NOT_AGAIN = "the pod could not be read again after the exec"


class Meanwhile(Struct, frozen=True):
    """What is different in the second reading of a pod."""

    changes: dict[str, str]
    """Container -> what changed; the empty name stands for the whole pod."""
    ended: list[EndedDuringExec]
    """Of the containers that an exec ran in. The exec may have ended them (memory); nobody can tell
    that from outside, so this is never reported as an end of the app's own."""


def compare(
    before: Json,
    outcome: Outcome | None,
    executed: Collection[str] = (),
    first: object = None,
) -> Meanwhile:
    """The second reading against the first; None stands for a pod that nobody looked into.

    `executed`: the containers that an exec ran in. What changed makes an observation worthless: it
    may be of another instance than the API's facts are. `first`: the first answer as it came, where
    that is known: most pods have not changed by one byte.
    """
    if outcome is None or (outcome.state == "ok" and outcome.answer == first):
        return Meanwhile({}, [])
    if outcome.state == "missing":
        return Meanwhile({"": "the pod was deleted during inspection"}, [])
    if outcome.state != "ok":
        return Meanwhile({"": _NOT_AGAIN}, [])
    try:
        now = Sealer().open(outcome.call.reference, outcome.answer).body or {}
    except WrongObjectError:
        return Meanwhile({"": _NOT_AGAIN}, [])
    if text(now, "metadata", "uid") != text(before, "metadata", "uid"):
        return Meanwhile({"": "the pod was recreated under the same name during inspection"}, [])
    known = {entry.name: entry for entry in containers(before)}
    found = Meanwhile({}, [])
    for entry in containers(now):
        first = known.get(entry.name)
        if first is None:
            continue
        stopped = first.running and not entry.running
        another = _is_another_instance(first, entry)
        if another:
            found.changes[entry.name] = f"container {entry.name} restarted during inspection"
        elif stopped:
            found.changes[entry.name] = f"container {entry.name} ended during inspection"
        if entry.name in executed and first.running and (stopped or another):
            found.ended.append(_ended(first, entry))
    return found


def _is_another_instance(before: ContainerEntry, now: ContainerEntry) -> bool:
    return now.container_id != before.container_id or number(now.status, "restartCount") != number(
        before.status, "restartCount"
    )


def _ended(first: ContainerEntry, now: ContainerEntry) -> EndedDuringExec:
    """How the instance of the first reading ended, if the status tells by now."""
    ends = [dig(now.status, state, "terminated") for state in ("state", "lastState")]
    identity = text(first.status, "containerID")
    own = next((end for end in ends if text(end, "containerID") == identity), None)
    return EndedDuringExec(
        container=now.name, reason=text(own, "reason"), exit_code=number(own, "exitCode")
    )
