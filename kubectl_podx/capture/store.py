"""The store of a run: every answer opened by the sealer, or why there is none."""

from __future__ import annotations

from typing import Any

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import ObjectState, StoredList, StoredObject
from kubectl_podx.model.raw import text
from kubectl_podx.model.reference import Reference

SOMETHING_ELSE = "the server answered with something else"


class Store:
    """Objects and lists as a Capture has them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self.objects: dict[str, StoredObject] = {}
        self.lists: dict[str, StoredList] = {}

    def seal(self, outcomes: dict[str, Outcome]) -> None:
        """Opens every answer. One that is no answer to its question becomes a failed call."""
        # Secrets first: what they hold is scrubbed from everything that is opened after them.
        order = {"Secret": 0, "ConfigMap": 1}
        answers = list(outcomes.values())
        for outcome in sorted(answers, key=lambda one: order.get(one.call.reference.kind, 2)):
            if outcome.call.kind in ("get", "type", "list") and not self.open(outcome):
                failed = outcome._replace(state="failed", reason=SOMETHING_ELSE)
                outcomes[outcome.call.id] = failed
        for key, stored in list(self.objects.items()):
            reference = Reference.of_key(key)
            if reference.kind == "Pod" and stored.state == "present":
                self.objects[key] = self._sealer.keep(reference, self._sealer.raw_pod(reference))

    def open(self, outcome: Outcome) -> bool:
        """Seals and stores what came; False where it is not what was asked for."""
        call, reference = outcome.call, outcome.call.reference
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
                self.objects[reference.key] = opener(reference, outcome.answer)
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

    def _keep_each(self, reference: Reference, found: StoredList) -> None:
        """The objects of a list, each under its own name."""
        for body in found.items:
            one = Reference(reference.kind, reference.namespace, text(body, "metadata", "name"))
            stored = StoredObject(reference=one.key, state="present", body=body)
            self.objects.setdefault(one.key, stored)
