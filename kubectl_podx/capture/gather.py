"""Carries out the plan: reads and looks side by side, then seals everything that came back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kubectl_podx import __version__
from kubectl_podx.capture import exec_gate, look, plan, recheck, resolve
from kubectl_podx.capture.calls import (
    GRACE,
    Early,
    Meanwhile,
    Outcome,
    Progress,
    idle,
    perform_read,
    send_all,
)
from kubectl_podx.capture.look import log_tail
from kubectl_podx.capture.plan import LookOptions, PlannedCall
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.capture.steps import Steps
from kubectl_podx.capture.store import SOMETHING_ELSE, asked_together
from kubectl_podx.capture.targets import Targets
from kubectl_podx.model.capture import (
    Capture,
    CapturedPod,
    CapturedWorkload,
    Observation,
    Variable,
)
from kubectl_podx.model.clock import Deadline, format_time, parse_http_date
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.raw import Json, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.tried import ProbeAttempt
from kubectl_podx.pod.debugging import NO_SHELL

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer
    from kubectl_podx.model.revealed import Revealed

# What an exec that is cut off needs beside, until its output so far is here.
_EXEC_RESERVE = 0.75


class Gatherer:
    """One run against one server."""

    def __init__(
        self,
        server: ApiServer,
        options: LookOptions,
        deadline: Deadline,
        revealed: Revealed | None = None,
        progress: Progress | None = None,
        steps: Steps | None = None,
        early: Callable[[Capture], None] | None = None,
    ) -> None:
        self._server = server
        self._steps = steps or Steps()
        self._progress = progress
        self._early = early
        self._options = options
        self._deadline = deadline
        self._in_flight = options.max_in_flight
        self._revealed = revealed
        self._attempts_of: Callable[[list[Outcome]], list[ProbeAttempt]] = lambda _: []
        self._sealer = Sealer()
        self.search = self._sealer.found_in
        self._gate: exec_gate.ExecGate | None = None
        self._early_reading: recheck.EarlyReading | None = None
        self._store = self._steps.store(self._sealer)
        self._workloads: dict[Reference, list[Reference]] = {}
        self._known: dict[str, Outcome] = {}
        self._led_to: dict[str, list[PlannedCall]] = {}
        self._captured_at = self._version = ""
        self._first_answers: dict[Reference, object] = {}

    def capture(self, targets: Targets, namespace: str, meanwhile: Meanwhile = idle) -> Capture:
        """The sealed Capture of every pod that the targets name.

        `meanwhile` is run once while the looks are under way.
        """
        found = resolve.pods(self._server, self._sealer, self._store.objects, targets, namespace)
        self._workloads, self._known = found.workloads, found.answers
        return self._gathered(self._read_pods(found.pods), meanwhile)

    def capture_known(self, pods: Mapping[Reference, Json], captured_at: str) -> Capture:
        """The sealed Capture of pods that a scan has read, `captured_at` that moment."""
        self._captured_at = captured_at
        bodies: dict[Reference, Json] = {}
        for reference, raw in pods.items():
            stored = self._sealer.keep(reference, raw)
            self._store.objects[reference.key] = stored
            bodies[reference] = stored.body or {}
        return self._gathered(bodies)

    def capture_workloads(self, bodies: Mapping[Reference, Json], captured_at: str) -> Capture:
        """The sealed Capture of workloads that a scan has read, without their pods."""
        self._captured_at = captured_at
        for reference, raw in bodies.items():
            self._store.objects[reference.key] = self._sealer.keep(reference, raw)
            self._workloads[reference] = []
        return self._gathered({})

    def _gathered(self, bodies: dict[Reference, Json], meanwhile: Meanwhile = idle) -> Capture:
        calls = {
            reference: plan.pod_calls(reference, body, self._options)
            for reference, body in bodies.items()
        }
        own = {reference: self._about(reference) for reference in self._workloads}
        held: set[str] = set()
        if any(call.kind == "podMetrics" for planned in calls.values() for call in planned):
            self._gate = self._steps.gate(
                lambda: self._captured_at, waited_for=self._options.wait_start
            )
            held = self._gate.hold(calls, {r: self._sealer.raw_pod(r) for r in bodies})
        asked, stand_ins = asked_together(calls)
        everything = [*asked, *(call for planned in own.values() for call in planned)]
        everything += [plan.get_version()] if bodies or own else []
        known = held | self._known.keys()
        now = [call for call in everything if call.id not in known]
        self._dial_for(everything, now)
        first, width = self._first_answers, self._in_flight
        self._early_reading = recheck.early_reading(self._server, calls, width, first)
        # A read that hangs must not take the time of the second reading of the pod with it.
        bound = self._before_the_end(recheck.RESERVE)
        show = self._early

        def without_looks(answers: Mapping[str, Outcome]) -> None:
            # What is shown before the report is never worth a failure of the report.
            if show:
                with suppress(Exception):
                    show(self._without_looks(bodies, calls, own, {**answers, **self._known}))

        early = without_looks if bodies and show else None
        outcomes = self._send(now, meanwhile if bodies else idle, bound, early) | self._known
        if stand_ins:
            from kubectl_podx.capture import store as together  # noqa: PLC0415 - of many pods only

            outcomes |= self._send(together.split(outcomes, stand_ins), bound=bound)
        if self._gate is not None:
            outcomes |= self._gate.refused()
        if "version" in outcomes and outcomes["version"].state == "ok":
            self._version = self._sealer.server_version(outcomes["version"].answer) or ""
        outcomes |= self._look_again(bodies, calls, outcomes)
        if self._options.probe_runs:
            from kubectl_podx.capture import run_probes  # noqa: PLC0415 - only where asked for

            self._attempts_of = run_probes.attempts_of
            outcomes |= run_probes.run(
                self._server,
                {reference: self._sealer.raw_pod(reference) for reference in bodies},
                calls,
                outcomes,
                self._options,
                in_flight=self._in_flight,
                deadline=self._before_the_end(recheck.RESERVE),
            )
        again = self._read_again(bodies, calls, outcomes)
        return Capture(
            podx_version=__version__,
            captured_at=self._captured_at or format_time(datetime.now(UTC)),
            server_version=self._version,
            pods=[self._captured(r, bodies[r], calls[r], outcomes, again) for r in bodies],
            workloads=[self._workload(r, own[r], outcomes) for r in own],
            objects=self._store.objects,
            lists=self._store.lists,
        )

    def _without_looks(
        self,
        bodies: dict[Reference, Json],
        calls: dict[Reference, list[PlannedCall]],
        own: dict[Reference, list[PlannedCall]],
        known: dict[str, Outcome],
    ) -> Capture:
        """What the API alone tells, while execs are under way: by a sealer of its own, as all is
        opened again with what the execs have shown.
        """
        alone = Gatherer(self._server, replace(self._options, exec_allowed=False), self._deadline)
        alone._led_to, alone._captured_at = self._led_to, self._captured_at
        for reference in bodies:
            raw = self._sealer.raw_pod(reference)
            alone._store.objects[reference.key] = alone._sealer.keep(reference, raw)
        alone._store.objects |= {r.key: self._store.objects[r.key] for r in own}
        alone._store.seal(known)
        return Capture(
            podx_version=__version__,
            captured_at=self._captured_at or format_time(datetime.now(UTC)),
            pods=[alone._captured(r, bodies[r], calls[r], known, {}) for r in bodies],
            workloads=[self._workload(r, own[r], known) for r in own],
            objects=alone._store.objects,
            lists=alone._store.lists,
        )

    def _about(self, reference: Reference) -> list[PlannedCall]:
        """What is asked about a workload itself, and what the answers that are there lead to."""
        stored = self._store.objects[reference.key]
        calls = plan.workload_calls(reference, stored.body or {})
        found = (self._follow(self._known[call.id]) for call in calls if call.id in self._known)
        return [*calls, *(one for several in found for one in several)]

    def _workload(
        self, reference: Reference, calls: list[PlannedCall], outcomes: dict[str, Outcome]
    ) -> CapturedWorkload:
        every = self._with_those_after(calls)
        return CapturedWorkload(
            reference=reference.key,
            pods=[pod.key for pod in self._workloads[reference]],
            calls=[outcomes[call.id].record() for call in every if call.id in outcomes],
        )

    def _with_those_after(self, calls: list[PlannedCall]) -> list[PlannedCall]:
        """The calls and what their answers have led to, each once."""
        every = {call.id: call for call in calls}
        waiting = list(calls)
        while waiting:
            for each in self._led_to.get(waiting.pop().id, ()):
                if each.id not in every:
                    every[each.id] = each
                    waiting.append(each)
        return list(every.values())

    # -- reading ---------------------------------------------------------------------------------

    def _send(
        self,
        calls: list[PlannedCall],
        meanwhile: Meanwhile = idle,
        bound: Deadline | None = None,
        early: Early | None = None,
    ) -> dict[str, Outcome]:
        return send_all(
            calls,
            lambda call: self._steps.perform(call, self._send_one),
            in_flight=self._in_flight,
            deadline=bound or self._deadline,
            follow=self._follow,
            meanwhile=meanwhile,
            grace=0.0 if bound else GRACE,
            progress=self._progress,
            early=early,
        )

    def _before_the_end(self, seconds: float) -> Deadline:
        """A bound that leaves these seconds, or half of a time that is too short for that."""
        left = self._deadline.remaining()
        return self._deadline.within(left - min(seconds, left / 2))

    def _dial_for(self, calls: list[PlannedCall], now: list[PlannedCall]) -> None:
        """Each look keeps a connection to its end: the reads need some beside them."""
        first = sum(call.kind == "exec" for call in now)
        self._server.expect_execs(min(first, self._in_flight))
        execs = sum(call.kind == "exec" for call in calls)
        if execs > 2:
            self._server.dial_ahead(min(execs, self._in_flight) + 2)

    def _follow(self, outcome: Outcome) -> list[PlannedCall]:
        """What this answer leads to; remembered, as it belongs to the same pods."""
        call = outcome.call
        if self._gate is not None and call.kind in ("podMetrics", "stats"):
            return self._gate.release(outcome)
        if call.kind in ("list", "apis"):
            self._led_to[call.id] = found = self._after_a_list(outcome)
            return found
        if (call.kind, outcome.state) == ("type", "missing"):
            elsewhere = plan.names_elsewhere("Secret", call.reference.name, call.sections)
            self._led_to[call.id] = [elsewhere]
            return [elsewhere]
        kind = call.reference.kind if call.kind == "get" and outcome.state == "ok" else ""
        # A ConfigMap leads nowhere, but to judge its keys takes time, of which there is some now.
        if kind != "ConfigMap" and kind not in plan.LEAD_ON:
            return []
        try:
            body = self._sealer.open(call.reference, outcome.answer).body or {}
        except WrongObjectError:
            return []
        found = plan.follow_ups(call.reference, body, self._options)
        self._led_to[call.id] = found
        return found

    def _after_a_list(self, outcome: Outcome) -> list[PlannedCall]:
        """What the ReplicaSets, Jobs or events of a workload lead to, or the groups of the API."""
        call, kind = outcome.call, outcome.call.reference.kind
        if outcome.state == "ok" and call.kind == "apis":
            return plan.after_groups(call, outcome.answer)
        if outcome.state != "ok" or plan.WORKLOAD[0] not in call.sections:
            return []
        if kind == "Event":
            return plan.webhooks() if plan.tell_of_webhooks(outcome.answer) else []
        if not call.owner:
            return []
        try:
            bodies = self._sealer.open_list(kind, call.reference.namespace, outcome.answer)
        except WrongObjectError:
            return []
        own = [one for one in bodies if plan.is_owned_by(one, call.owner)]
        return plan.after_owned(kind, call.reference.namespace, own)

    def _send_one(self, call: PlannedCall) -> Outcome:
        if call.kind != "exec":
            return perform_read(self._server, call)
        pod = self._sealer.raw_pod(call.reference)
        bound = self._before_the_end(recheck.RESERVE + _EXEC_RESERVE)
        early = self._early_reading
        if early is None:
            return look.perform(self._server, call, pod, bound)
        return early.look(call.id, partial(look.perform, self._server, call, pod, bound))

    def _read_pods(self, references: list[Reference]) -> dict[Reference, Json]:
        """The pods' bodies. One pod that is asked for by name and cannot be read is an error."""
        missing = [r for r in references if r.key not in self._store.objects]
        if len(missing) == 1:
            # In this thread, so that kubectl's own error text reaches the person unchanged.
            outcomes = [perform_read(self._server, plan.get_pod(missing[0]))]
        else:
            outcomes = list(self._send([plan.get_pod(r) for r in missing]).values())
        for outcome in outcomes:
            self._note_time(outcome.date)
            self._first_answers[outcome.call.reference] = outcome.answer
            if outcome.state != "ok":
                raise PodxError(
                    f'Error from server (NotFound): pods "{outcome.call.reference.name}" not found'
                    if outcome.state == "missing"
                    else f"cannot read pod {outcome.call.reference.name}: {outcome.reason}"
                )
            if not self._store.open(outcome):
                name = outcome.call.reference.name
                raise PodxError(f"cannot read pod {name}: {SOMETHING_ELSE}")
        return {
            reference: stored.body
            for reference in references
            if (stored := self._store.objects.get(reference.key)) and stored.body is not None
        }

    def _note_time(self, date: str | None) -> None:
        if not self._captured_at and (moment := parse_http_date(date)):
            self._captured_at = format_time(moment)

    def _look_again(
        self,
        bodies: dict[Reference, Json],
        calls: dict[Reference, list[PlannedCall]],
        outcomes: dict[str, Outcome],
    ) -> dict[str, Outcome]:
        if not any(one.reason == NO_SHELL for one in outcomes.values()):
            return {}
        from kubectl_podx.capture import other_ways  # noqa: PLC0415 - only where needed

        ways = other_ways.Ways(
            server=self._server,
            options=self._options,
            send=self._send,
            deadline=lambda: self._before_the_end(recheck.RESERVE + _EXEC_RESERVE),
            consent=self._ask,
            say=self._steps.say,
            usages=lambda pod: self._gate.usages(pod) if self._gate else (),
            now=self._captured_at,
        )
        raw = {reference: self._sealer.raw_pod(reference) for reference in bodies}
        return other_ways.look_again(ways, raw, calls, outcomes)

    def _ask(self, question: str) -> bool:
        """Time stands still while a person is asked."""
        left = self._deadline.remaining()
        answer = self._steps.consent(question)
        self._deadline = Deadline(left)
        return answer

    def _read_again(
        self,
        bodies: dict[Reference, Json],
        calls: dict[Reference, list[PlannedCall]],
        outcomes: dict[str, Outcome],
    ) -> dict[Reference, Outcome]:
        """The pods that were looked into, read again: uid and container ids must not have moved.
        What came back is sealed meanwhile.
        """
        sent: dict[Reference, list[Outcome]] = {}
        for reference in bodies:
            known = (outcomes.get(call.id) for call in calls[reference])
            if looks := [one for one in known if one is not None and look.was_sent(one)]:
                sent[reference] = looks

        def seal() -> None:
            self._store.seal(outcomes, lambda: self._remember_looks(bodies, calls, outcomes))

        def read(pods: Sequence[Reference], work: Meanwhile = idle) -> dict[Reference, Outcome]:
            found = self._send([plan.get_pod(one) for one in pods], work)
            return {one.call.reference: one for one in found.values()}

        # Probes that were run by hand have had time to do harm since the early reading.
        if self._early_reading is not None and sent and not self._options.probe_runs:
            ((reference, looks),) = sent.items()
            early = self._early_reading.outcome(looks, self._deadline)
            if early is not None:
                seal()
                return {reference: early}
        first = read(list(sent), seal)
        return recheck.until_told(bodies, sent, first, read, self._deadline)

    def _remember_looks(
        self,
        bodies: dict[Reference, Json],
        calls: dict[Reference, list[PlannedCall]],
        outcomes: dict[str, Outcome],
    ) -> None:
        """What the looks show of Secrets that may not be read is scrubbed, too, from all text."""
        for reference in bodies:
            planned = [outcomes[c.id] for c in calls[reference] if c.id in outcomes]
            if not (looks := [one for one in planned if one.call.kind == "exec"]):
                continue
            from kubectl_podx.capture.seal_observation import remember_looks  # noqa: PLC0415

            pod = self._sealer.raw_pod(reference)
            remember_looks(self._sealer, pod, looks, self._store.objects)

    def _captured(
        self,
        reference: Reference,
        body: Json,
        calls: list[PlannedCall],
        outcomes: dict[str, Outcome],
        again: dict[Reference, Outcome],
    ) -> CapturedPod:
        from kubectl_podx.capture.exec_policy import probe_counters  # noqa: PLC0415 - late
        from kubectl_podx.capture.seal_environment import declared_variables  # noqa: PLC0415
        from kubectl_podx.capture.throttling import throttling_of  # noqa: PLC0415

        every = self._with_those_after(calls)
        mine = [outcomes[call.id] for call in every if call.id in outcomes]
        uid = text(body, "metadata", "uid")
        pod = self._sealer.raw_pod(reference)
        declared = declared_variables(self._sealer, pod, self._store.objects)
        executed = {one.call.container for one in mine if look.was_sent(one)}
        first = self._first_answers.get(reference)
        compared = exec_gate.compare(body, again.get(reference), executed, first)
        moved, ended = compared.changes, compared.ended
        observations = [
            self._steps.observe(outcome, partial(self._observation, pod, outcome, declared, moved))
            for outcome in mine
            if outcome.call.kind == "exec"
        ]
        told = {one.call.kind: one.answer for one in mine if one.state == "ok"}
        known = self._gate.usages(reference) if self._gate is not None else []
        usages, outside = known, None
        if any(one.call.kind == "stats" and one.call.detail for one in mine):
            from kubectl_podx.capture.summary import seen_outside  # noqa: PLC0415 - rarely

            usages, outside = seen_outside(mine, uid, known)
        if self._revealed is not None:
            from kubectl_podx.capture.reveal import reveal  # noqa: PLC0415 - only where asked for

            reveal(self._revealed, self._sealer, pod, self._store.objects, mine)
        return CapturedPod(
            reference=reference.key,
            uid=uid,
            observations=observations,
            probe_counters=probe_counters(told["metrics"], uid) if "metrics" in told else None,
            throttling=throttling_of(told.get("throttling", b""), uid),
            probe_attempts=self._attempts_of(mine),
            logs=[
                log_tail(self._sealer, outcome, self._options.log_lines)
                for outcome in mine
                if outcome.call.kind == "log"
            ],
            calls=[outcome.record() for outcome in mine],
            memory_usages=usages,
            outside=outside,
            ended_during_exec=ended,
            disturbed="; ".join(sorted(set(moved.values()))),
            withheld=[secret.key for secret in self._sealer.unread(reference)],
            declared_variables=declared,
        )

    def _observation(
        self,
        pod: Json,
        outcome: Outcome,
        declared: dict[str, list[Variable]],
        moved: dict[str, str],
    ) -> Observation:
        container = outcome.call.container
        from kubectl_podx.capture.seal_observation import seal_look  # noqa: PLC0415

        change = moved.get("") or moved.get(container)
        if change:
            return Observation(container=container, state="unobservable", reason=change)
        return seal_look(self._sealer, pod, outcome, self._store.objects, declared)
