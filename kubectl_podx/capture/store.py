"""The store of a run, and what many pods need read by one list instead of by many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from kubectl_podx.capture.calls import Outcome, idle
from kubectl_podx.capture.names import names_in
from kubectl_podx.capture.plan import is_owned_by
from kubectl_podx.capture.planned import MANY, PlannedCall, right_to
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import ObjectState, StoredList, StoredObject
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.raw import text
from kubectl_podx.model.reference import RESOURCES, Reference

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
            if outcome.call.kind in ("get", "type", "list", "names") and not self.open(outcome):
                failed = replace(outcome, state="failed", reason=SOMETHING_ELSE)
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
        if call.kind == "names":
            key = f"names {call.target}"
            found = _named(outcome.answer) if state == "present" else []
            if found is None:
                state, reason, found = "failed", SOMETHING_ELSE, []
            self.lists[key] = StoredList(reference=key, state=state, items=found, reason=reason)
            return True
        try:
            if call.kind == "list":
                key = call.target
                rows: list[dict[str, Any]] = []
                if state == "present":
                    rows = self._sealer.open_list(
                        reference.kind, reference.namespace, outcome.answer, remember=False
                    )
                    if call.owner:
                        rows = [row for row in rows if is_owned_by(row, call.owner)]
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
        return replace(outcome, state="timedOut" if late else "failed", reason=reason, answer=None)

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


_OF_PODS = (("fieldSelector", "involvedObject.kind=Pod"),)
_HOSTNAME = "kubernetes.io/hostname"

# Of the address of one list, in which their names stand.
_MOST_NODES = 100
Calls = Mapping[Reference, list[PlannedCall]]
StandIns = Mapping[str, list[PlannedCall]]
"""By the id of a list: the calls that it stands for."""


class _Involved(msgspec.Struct):
    uid: str = ""


class _Named(msgspec.Struct):
    name: str = ""


class _Node(msgspec.Struct):
    metadata: _Named = msgspec.field(default_factory=_Named)


class _Event(msgspec.Struct):
    involved: _Involved = msgspec.field(name="involvedObject", default_factory=_Involved)


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] = []


_PAGE = Decoder(_Page)
_EVENT = Decoder(_Event)
_NODE = Decoder(_Node)


def _named(body: bytes) -> list[dict[str, Any]] | None:
    """The objects of a list of metadata, with no more than their names."""
    found = names_in(body)
    if found is None:
        return None
    return [{"metadata": {"name": each.name, "namespace": each.namespace}} for each in found]


def asked_together(
    calls: Mapping[Reference, list[PlannedCall]],
) -> tuple[list[PlannedCall], Mapping[str, list[PlannedCall]]]:
    """What to ask, and which calls each list of it stands for: some are merged of many pods."""
    if len(calls) >= MANY:
        return merged(calls)
    return [call for planned in calls.values() for call in planned], {}


def merged(calls: Calls) -> tuple[list[PlannedCall], StandIns]:
    """What to ask, and which calls each list of it stands for."""
    stand_ins: dict[str, list[PlannedCall]] = {}
    lists: list[PlannedCall] = []
    for stand_in, found in (*_events(calls), *_nodes(calls)):
        lists.append(stand_in)
        stand_ins[stand_in.id] = found
    replaced = {call.id for found in stand_ins.values() for call in found}
    rest = [call for planned in calls.values() for call in planned if call.id not in replaced]
    return [*lists, *rest], stand_ins


def _events(calls: Calls) -> Iterator[tuple[PlannedCall, list[PlannedCall]]]:
    """A list for each namespace with many pods."""
    by_namespace: dict[str, list[PlannedCall]] = {}
    for reference, planned in calls.items():
        target = f"Event/{reference.key}"
        own = [call for call in planned if (call.kind, call.target) == ("list", target)]
        by_namespace.setdefault(reference.namespace, []).extend(own)
    for namespace, found in by_namespace.items():
        if len(found) >= MANY:
            yield _list_of("Event", namespace, f"Event/{namespace}", _OF_PODS, found), found


def _nodes(calls: Calls) -> Iterator[tuple[PlannedCall, list[PlannedCall]]]:
    """A list for each hundred of many nodes."""
    nodes = {
        call.id: call
        for planned in calls.values()
        for call in planned
        if call.kind == "get" and call.reference.kind == "Node"
    }
    found = list(nodes.values())
    for start in range(0, len(found), _MOST_NODES) if len(found) >= MANY else ():
        some = found[start : start + _MOST_NODES]
        names = ",".join(call.reference.name for call in some)
        query = (("labelSelector", f"{_HOSTNAME} in ({names})"),)
        yield _list_of("Node", "", f"Node/{start}", query, some), some


def _list_of(
    kind: str,
    namespace: str,
    target: str,
    query: tuple[tuple[str, str], ...],
    found: list[PlannedCall],
) -> PlannedCall:
    right = right_to("list", RESOURCES[kind], namespace)
    reference = Reference(kind, namespace, "")
    return PlannedCall("list", target, found[0].sections, right, reference, query)


def split(outcomes: dict[str, Outcome], stand_ins: StandIns) -> list[PlannedCall]:
    """Replaces the outcome of each stand-in by those of the calls that it stands for.

    Returns the calls that have to be made after all.
    """
    left: list[PlannedCall] = []
    for identity, calls in stand_ins.items():
        outcome = outcomes.pop(identity, None)
        if outcome is not None:
            splitter = _split_nodes if outcome.call.reference.kind == "Node" else _split_events
            left += splitter(outcome, calls, outcomes)
    return left


def _split_events(
    outcome: Outcome, calls: list[PlannedCall], outcomes: dict[str, Outcome]
) -> list[PlannedCall]:
    """A page for each pod. The right is the same one, so a refusal is one of each of them."""
    found = None
    if outcome.state == "ok":
        found = _parts(outcome, lambda raw: _EVENT.decode(raw).involved.uid)
        if found is None:
            return calls
    for call in calls:
        uid = dict(call.query)["fieldSelector"].partition("=")[2]
        answer = outcome.answer if found is None else [_page(found.get(uid, []))]
        outcomes[call.id] = replace(outcome, call=call, answer=answer)
    return []


def _split_nodes(
    outcome: Outcome, calls: list[PlannedCall], outcomes: dict[str, Outcome]
) -> list[PlannedCall]:
    """An object for each node that is there: to list nodes is another right than to get one."""
    found = _parts(outcome, lambda raw: _NODE.decode(raw).metadata.name) or {}
    for call in calls:
        bodies = found.get(call.reference.name, [])
        if len(bodies) == 1:
            # The items of a list do not name their kind.
            body = b'{"kind":"Node","apiVersion":"v1",' + bodies[0].lstrip()[1:]
            outcomes[call.id] = replace(outcome, call=call, answer=body)
    return [call for call in calls if call.id not in outcomes]


def _parts(outcome: Outcome, name_of: Callable[[bytes], str]) -> dict[str, list[bytes]] | None:
    """The items of a list as they came, by name; None where it is not whole or no list."""
    if outcome.state != "ok" or outcome.reason:
        return None
    found: dict[str, list[bytes]] = {}
    try:
        for page in outcome.answer:
            for raw in _PAGE.decode(page).items:
                item = bytes(raw)
                found.setdefault(name_of(item), []).append(item)
    except msgspec.MsgspecError:
        return None
    return found


def _page(events: list[bytes]) -> bytes:
    return b'{"kind":"EventList","items":[' + b",".join(events) + b"]}"
