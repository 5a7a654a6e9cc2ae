"""The store of a run: every answer opened by the sealer, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kubectl_podx.capture.calls import Outcome, idle
from kubectl_podx.capture.plan import PlannedCall
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import ObjectState, StoredList, StoredObject
from kubectl_podx.model.raw import text
from kubectl_podx.model.reference import Reference

SOMETHING_ELSE = "the server answered with something else"
_SOURCES = ("Secret", "ConfigMap")


class Store:
    """Objects and lists as a Capture has them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.objects: dict[str, StoredObject] = {}
        self.lists: dict[str, StoredList] = {}

    def seal(self, outcomes: dict[str, Outcome], remember: Callable[[], None] = idle) -> None:
        """Opens every answer. One that is no answer to its question becomes a failed call.

        What the sources hold is scrubbed from everything that is opened after them. `remember` is
        run between the two: what a container showed of sources that may not be read counts, too.
        """
        sources = {
            kind: [one for one in outcomes.values() if one.call.reference.kind == kind]
            for kind in _SOURCES
        }
        for kind in _SOURCES:
            self._open_all(sources[kind], outcomes)
        remember()
        outcomes |= {one.call.id: self._withheld(one) for one in outcomes.values()}
        rest = [one for one in outcomes.values() if one.call.reference.kind not in _SOURCES]
        self._open_all(rest, outcomes)
        for key, stored in list(self.objects.items()):
            reference = Reference.of_key(key)
            if reference.kind == "Pod" and stored.state == "present":
                self.objects[key] = self._sealer.keep(reference, self._sealer.raw_pod(reference))

    def _open_all(self, answers: list[Outcome], outcomes: dict[str, Outcome]) -> None:
        for outcome in answers:
            if outcome.call.kind in ("get", "type", "list") and not self.open(outcome):
                failed = outcome._replace(state="failed", reason=SOMETHING_ELSE)
                outcomes[outcome.call.id] = failed

    def open(self, outcome: Outcome) -> bool:
        """Seals and stores what came; False where it is not what was asked for."""
        call, reference = outcome.call, outcome.call.reference
        if reference.kind == "Secret" and call.kind == "get" and _holds_nothing(outcome):
            self._sealer.without(reference)
        state: ObjectState = "present"
        reason = outcome.reason
        if outcome.state != "ok":
            state = outcome.state if outcome.state != "skipped" else "failed"
        try:
            if call.kind == "list":
                key = call.target
                rows: list[dict[str, Any]] = []
                if state == "present":
                    rows = self._sealer.open_list(
                        reference.kind, reference.namespace, outcome.answer, remember=False
                    )
                    reason = ""
                self.lists[key] = StoredList(reference=key, state=state, items=rows, reason=reason)
                if reference.kind == "ReplicaSet":
                    self._keep_each(reference, self.lists[key])
                return True
            if state == "present":
                opener = self._sealer.open_type if call.kind == "type" else self._sealer.open
                stored = opener(reference, outcome.answer)
                # A pull secret of one pod may be a source of another: then its keys are known.
                before = self.objects.get(reference.key)
                if call.kind != "type" or before is None or before.keys is None:
                    self.objects[reference.key] = stored
                return True
        except WrongObjectError:
            state, reason = "failed", SOMETHING_ELSE
            if call.kind == "list":
                self.lists[call.target] = StoredList(
                    reference=call.target, state=state, reason=reason
                )
                return False
        self.objects[reference.key] = StoredObject(
            reference=reference.key, state=state, reason=reason
        )
        return outcome.state != "ok"

    def _withheld(self, outcome: Outcome) -> Outcome:
        """The outcome itself, or what is left of a log or of events that may hold an unread value.

        The sealer would let none of their text through: without the answer they count as not read.
        """
        call = outcome.call
        events = call.kind == "list" and call.reference.kind == "Event"
        if outcome.state != "ok" or not (events or call.kind == "log"):
            return outcome
        unread = self._sealer.unread(_pod_of(call))
        if not unread:
            return outcome
        late = any(self.state_of(secret) == "timedOut" for secret in unread)
        names = ", ".join(secret.name for secret in unread)
        reason = f"withheld, because Secret {names} was not read"
        return outcome._replace(state="timedOut" if late else "failed", reason=reason, answer=None)

    def state_of(self, reference: Reference) -> ObjectState | None:
        """How reading this object ended; None where nobody asked for it."""
        stored = self.objects.get(reference.key)
        return stored.state if stored else None

    def _keep_each(self, reference: Reference, found: StoredList) -> None:
        """The objects of a list, each under its own name."""
        for body in found.items:
            one = Reference(reference.kind, reference.namespace, text(body, "metadata", "name"))
            stored = StoredObject(reference=one.key, state="present", body=body)
            self.objects.setdefault(one.key, stored)


def _holds_nothing(outcome: Outcome) -> bool:
    """Whether nothing more can be known of a Secret: it may not be read, or cannot be there."""
    if outcome.state in ("denied", "missing"):
        return True
    from kubectl_podx.cluster.paths import BadNameError, check_segment  # noqa: PLC0415

    try:
        check_segment(outcome.call.reference.name)
    except BadNameError:
        return True
    return False


def _pod_of(call: PlannedCall) -> Reference | None:
    """The pod whose log or events these are; None for a node's events."""
    reference = call.reference
    if reference.kind == "Event":
        # Such a list is named after the object that it is about.
        return Reference.of_key(reference.name) if reference.name.startswith("Pod/") else None
    return reference
