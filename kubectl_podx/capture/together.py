"""Events of many pods of one namespace, read by one list instead of one for each pod.

The API server keeps no watch cache of events: each list by a field selector reads all events of
the namespace from etcd, so a hundred of them cost it a hundred times what one does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.planned import PlannedCall, right_to
from kubectl_podx.model.reference import RESOURCES, Reference

MANY = 10
"""From so many pods of one namespace on."""
_OF_PODS = (("fieldSelector", "involvedObject.kind=Pod"),)

Calls = Mapping[Reference, list[PlannedCall]]


class _Involved(msgspec.Struct):
    uid: str = ""


class _Event(msgspec.Struct):
    involved: _Involved = msgspec.field(name="involvedObject", default_factory=_Involved)


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] = []


_PAGE = msgspec.json.Decoder(_Page)
_EVENT = msgspec.json.Decoder(_Event)


def merged(calls: Calls) -> tuple[list[PlannedCall], dict[str, list[PlannedCall]]]:
    """What to ask, and which calls each of the namespaces' lists stands for, by its id."""
    events: dict[str, list[PlannedCall]] = {}
    for call in _events(calls):
        events.setdefault(call.reference.namespace, []).append(call)
    stand_ins: dict[str, list[PlannedCall]] = {}
    asked: list[PlannedCall] = []
    replaced: set[str] = set()
    for namespace, found in events.items():
        if len(found) >= MANY:
            stand_in = PlannedCall(
                f"list Event/{namespace}",
                "list",
                found[0].sections,
                right_to("list", RESOURCES["Event"], namespace),
                Reference("Event", namespace, ""),
                _OF_PODS,
            )
            asked.append(stand_in)
            stand_ins[stand_in.id] = found
            replaced |= {call.id for call in found}
    asked += [call for planned in calls.values() for call in planned if call.id not in replaced]
    return asked, stand_ins


def _events(calls: Calls) -> Iterator[PlannedCall]:
    """The lists of a pod's own events."""
    for reference, planned in calls.items():
        identity = f"list Event/{reference.key}"
        yield from (call for call in planned if call.id == identity)


def split(
    outcomes: dict[str, Outcome], stand_ins: Mapping[str, list[PlannedCall]]
) -> list[PlannedCall]:
    """Replaces the outcome of each stand-in by one for each pod.

    Returns the calls that have to be made after all: of a namespace with more events than are read.
    """
    left: list[PlannedCall] = []
    for identity, calls in stand_ins.items():
        outcome = outcomes.pop(identity, None)
        if outcome is None:
            continue
        found = _by_uid(outcome.answer) if outcome.state == "ok" and not outcome.reason else None
        if outcome.state == "ok" and found is None:
            left += calls
            continue
        for call in calls:
            uid = dict(call.query)["fieldSelector"].partition("=")[2]
            answer = outcome.answer if found is None else [_page(found.get(uid, []))]
            outcomes[call.id] = outcome._replace(call=call, answer=answer)
    return left


def _by_uid(pages: list[bytes]) -> dict[str, list[bytes]] | None:
    """The events of each pod as they came; None where a page is no list of events."""
    found: dict[str, list[bytes]] = {}
    try:
        for page in pages:
            for raw in _PAGE.decode(page).items:
                uid = _EVENT.decode(raw).involved.uid
                found.setdefault(uid, []).append(bytes(raw))
    except msgspec.MsgspecError:
        return None
    return found


def _page(events: list[bytes]) -> bytes:
    return b'{"kind":"EventList","items":[' + b",".join(events) + b"]}"
