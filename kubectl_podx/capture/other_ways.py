"""Second looks, where a container has no shell: through a neighbour, or through a debug container.

The debug container is the one thing that podx ever writes: only where `--debug-image` asks for it
and a person has said yes. Nothing here decides what it is (`capture/plan_debug.py`).
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from kubectl_podx.capture import look, plan_debug
from kubectl_podx.capture.calls import Outcome, outcome_of_error
from kubectl_podx.capture.planned import DebugWish, LookOptions, PlannedCall
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.capture.summary import whole_summary
from kubectl_podx.model.clock import Deadline
from kubectl_podx.model.outside import MemoryUsage
from kubectl_podx.model.raw import Json, dig, text
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod import debugging, own
from kubectl_podx.pod.pod import IMAGE_FAILURES, containers

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

_STEP = 0.25
# What the look itself needs after the debug container has started.
_LOOK_SECONDS = 1.5
_STUCK = IMAGE_FAILURES | {
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "PreCreateHookError",
    "PostStartHookError",
}
"""Waiting reasons of a container that will not run within this deadline."""
YES = "--yes, or y when asked"

Pods = Mapping[Reference, Json]
Calls = Mapping[Reference, list[PlannedCall]]
Outcomes = dict[str, Outcome]


class Ways(Struct, frozen=True):
    """What second looks need of the run that they are part of."""

    server: ApiServer
    options: LookOptions
    send: Callable[[list[PlannedCall]], dict[str, Outcome]]
    deadline: Callable[[], Deadline]
    """Asked again each time: it stands still while a person is asked."""
    consent: Callable[[str], bool]
    say: Callable[[str], None]
    usages: Callable[[Reference], Sequence[MemoryUsage]]
    now: str
    """The server's clock."""


def look_again(ways: Ways, pods: Pods, calls: Calls, outcomes: Mapping[str, Outcome]) -> Outcomes:
    """The outcomes that a second look replaces, by the id of the first; and those of what was
    added, whose calls are added to the pods' `calls`.
    """
    found = _through_neighbours(ways, pods, calls, outcomes)
    for reference, pod in pods.items():
        now = {**outcomes, **found}
        blind = [
            call
            for call in calls[reference]
            if call.kind == "exec" and call.id in now and look.is_blind(now[call.id])
        ]
        if blind:
            found |= _Debug(ways, reference, pod).look(blind, calls[reference])
    return found | _from_outside(ways, pods, calls, {**outcomes, **found})


def _from_outside(ways: Ways, pods: Pods, calls: Calls, now: Mapping[str, Outcome]) -> Outcomes:
    """What the kubelet tells of pods that are still not seen, where it may be asked."""
    asked: dict[str, PlannedCall] = {}
    for reference, pod in pods.items():
        execs = [call for call in calls[reference] if call.kind == "exec"]
        summary = whole_summary(pod)
        if summary and any(call.id in now and look.is_blind(now[call.id]) for call in execs):
            calls[reference].append(summary)
            asked[summary.id] = summary
    return ways.send(list(asked.values())) if asked else {}


def _through_neighbours(
    ways: Ways, pods: Pods, calls: Calls, outcomes: Mapping[str, Outcome]
) -> Outcomes:
    second: list[PlannedCall] = []
    for reference, pod in pods.items():
        execs = [call for call in calls[reference] if call.kind == "exec"]
        second += look.neighbour_calls(pod, execs, outcomes)
    return _looked(ways, second)


def _looked(ways: Ways, second: list[PlannedCall]) -> Outcomes:
    """The looks that came to something, by the id of the exec that did not."""
    found = ways.send(second).values() if second else ()
    return {replace(one.call, through="").id: one for one in found if one.state == "ok"}


class _Debug:
    """The debug containers of one pod."""

    def __init__(self, ways: Ways, reference: Reference, pod: Json) -> None:
        self._ways = ways
        self._reference = reference
        self._pod = pod
        self._wish = ways.options.debug

    def look(self, blind: list[PlannedCall], planned: list[PlannedCall]) -> Outcomes:
        """Looks into these containers: by what is there already, and by what may be added."""
        known = {
            call.container: name
            for call in blind
            if (name := plan_debug.known_for(self._pod, call.container, self._wish))
        }
        running = [s for s in own.own_statuses(self._pod) if own.is_running(s)]
        found, _ = self._through(blind, known, running)
        left = [call for call in blind if call.id not in found]
        if self._wish is None or not left:
            return found
        writes = [plan_debug.debug_call(self._reference, call.container) for call in left]
        planned += writes
        # One that ran, and in which the exec failed, has ended meanwhile.
        ran = {text(status, "name") for status in running}
        pending = {target: name for target, name in known.items() if name not in ran}
        ended = {
            call.container: self._awaited(call, pending[call.container])
            for call in writes
            if call.container in pending
        }
        ended |= self._added([call for call in writes if call.container not in ended], self._wish)
        started = {
            target: one.answer
            for target, one in ended.items()
            if one.state == "ok" and isinstance(one.answer, dict)
        }
        names = {target: text(status, "name") for target, status in started.items()}
        looked, failed = self._through(left, names, list(started.values()))
        for call in writes:
            if (why := failed.get(_exec_id(call))) is not None:
                reason = f"{names[call.container]} runs, but the exec in it failed: {why.reason}"
                ended[call.container] = Outcome(call, "failed", reason, why.needs)
        return {**found, **{one.call.id: one for one in ended.values()}, **looked}

    def _through(
        self, blind: list[PlannedCall], by: Mapping[str, str], statuses: Sequence[Json]
    ) -> tuple[Outcomes, Outcomes]:
        """`by`: container -> debug container; the looks through those that run, and those that
        failed, by the id of the first look.
        """
        ids = {text(status, "name"): own.identity(status) for status in statuses}
        second = [
            replace(call, through=by[call.container], through_id=ids[by[call.container]])
            for call in blind
            if ids.get(by.get(call.container, ""))
        ]
        done = self._ways.send(second).values() if second else ()
        by_first = {replace(one.call, through="").id: one for one in done}
        seen = {identity: one for identity, one in by_first.items() if one.state == "ok"}
        return seen, {each: one for each, one in by_first.items() if each not in seen}

    # -- the write ---------------------------------------------------------------------------------

    def _added(self, adding: list[PlannedCall], wish: DebugWish) -> dict[str, Outcome]:
        """Container -> how the write for it ended: with the container's status, if it runs."""
        if not adding:
            return {}
        why, needs = debugging.refusal(self._pod, len(adding)), ""
        if not why and not self._ways.options.force_exec:
            usages = self._ways.usages(self._reference)
            decision = plan_debug.memory(self._pod, usages, self._ways.now)
            why, needs = decision.reason, decision.needs
        if why:
            return {call.container: Outcome(call, "skipped", why, needs) for call in adding}
        targets = [call.container for call in adding]
        if not self._ways.consent(plan_debug.question(self._reference, targets, wish)):
            return {
                call.container: Outcome(call, "skipped", "nobody said yes to it", YES)
                for call in adding
            }
        entries = {entry.name: entry for entry in containers(self._pod)}
        made = {
            target: plan_debug.debug_container(
                self._pod, entries[target], wish, plan_debug.name_of(secrets.token_bytes(5))
            )
            for target in targets
        }
        return self._written(adding, made)

    def _written(
        self, adding: list[PlannedCall], made: dict[str, dict[str, object]]
    ) -> dict[str, Outcome]:
        names = ", ".join(str(one["name"]) for one in made.values())
        where = f"pod {self._reference.name}, and stays in its spec until the pod is deleted"
        body = msgspec.json.encode(plan_debug.patch(self._pod, made.values()))
        try:
            self._ways.server.patch_ephemeral(
                self._reference.namespace, self._reference.name, body, self._ways.deadline()
            )
        except Exception as error:  # noqa: BLE001 - as of every call: it costs its rows
            return {call.container: _refused(call, error) for call in adding}
        except BaseException:
            self._ways.say(f"interrupted: {names} may have been added to {where}")
            raise
        self._ways.say(f"{names} was added to {where}")
        try:
            return {
                call.container: self._awaited(call, str(made[call.container]["name"]))
                for call in adding
            }
        except KeyboardInterrupt:
            self._ways.say(f"interrupted: {names} ends by itself two minutes after its start")
            raise

    def _awaited(self, call: PlannedCall, name: str) -> Outcome:
        """Until the debug container runs, cannot, or the time is over."""
        begun = time.monotonic()
        bound = self._ways.deadline().within(self._ways.deadline().remaining() - _LOOK_SECONDS)
        while True:
            try:
                pod = self._read()
            except Exception as error:  # noqa: BLE001 - as of every call
                return outcome_of_error(call, error)
            status = own.status_of(pod, name)
            taken = round(time.monotonic() - begun, 3)
            policy = f"imagePullPolicy {_policy(pod, name)}"
            if own.is_running(status):
                self._ways.say(f"{name} runs after {taken:.1f} s ({policy})")
                return Outcome(call, "ok", seconds=taken, answer=dict(status))
            why = _stuck(status)
            if why:
                reason = f"{name} did not start ({policy}): {why}"
                return Outcome(call, "failed", reason, seconds=taken)
            if bound.remaining() <= _STEP:
                reason = f"{name} did not start before the deadline ({policy}): {_waits(status)}"
                return Outcome(call, "timedOut", reason, "a longer --deadline", taken)
            time.sleep(_STEP)

    def _read(self) -> Json:
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415 - it is there by now

        resource = self._reference.resource
        path = api_path(
            resource.prefix, resource.plural, self._reference.namespace, self._reference.name
        )
        try:
            opened = Sealer().open(self._reference, self._ways.server.get(path).body)
        except WrongObjectError:
            return {}
        return opened.body or {}


def _exec_id(call: PlannedCall) -> str:
    """The id of the first look at the container that a debug container was added for."""
    return replace(call, kind="exec").id


def _refused(call: PlannedCall, error: Exception) -> Outcome:
    """RBAC's refusal names the right; that of an admission plugin says what it objects to."""
    found = outcome_of_error(call, error)
    if found.state != "denied" or 'cannot patch resource "pods/ephemeralcontainers"' in str(error):
        return found
    return Outcome(call, "failed", str(error))


def _policy(pod: Json, name: str) -> str:
    specs = (one for one in own.own_specs(pod) if text(one, "name") == name)
    return next((text(one, "imagePullPolicy") for one in specs), "") or "unknown"


def _stuck(status: Json) -> str:
    """Why it will not run; empty while it may."""
    reason = text(status, "state", "waiting", "reason")
    if reason in _STUCK:
        return _said(reason, text(status, "state", "waiting", "message"))
    if dig(status, "state", "terminated") is None:
        return ""
    # Its message may be of a program, and is withheld; the usual cause is an image without a shell.
    return _said(
        text(status, "state", "terminated", "reason"), "is there a shell (sh) in its image?"
    )


def _said(reason: str, message: str) -> str:
    return ": ".join(filter(None, (reason, message[:300])))


def _waits(status: Json) -> str:
    return text(status, "state", "waiting", "reason") or "the kubelet has not taken it yet"
