"""Holds back the execs of one run until it is known from outside that they can be afforded.

A container with a memory limit waits for a reading of its memory: of `metrics.k8s.io`, and where
that does not tell, of its node's kubelet. All others are looked into at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kubectl_podx.capture import exec_policy
from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.memory_usage import of_pod_metrics, of_summary
from kubectl_podx.capture.planned import PlannedCall
from kubectl_podx.model.capture import MemoryUsage
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.containers import ContainerEntry, containers

_NO_ANSWER = "skipped: memory headroom unknown, as its reading did not come in time"


class _Waiting(NamedTuple):
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
            self._waiting[reference] = waiting._replace(execs=tuple(undecided))
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
