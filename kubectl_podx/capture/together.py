"""What many pods need, read by one list instead of by one call for each of them.

Events: the API server keeps no watch cache of them, so that each list by a field selector reads all
events of the namespace from etcd. Nodes: by the label that the kubelet gives them with their name.
A list that may not be read, or does not hold all that was to be read, costs nothing but itself:
what is missing is asked for one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.planned import MANY, PlannedCall, right_to
from kubectl_podx.model.reference import RESOURCES, Reference

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


_PAGE = msgspec.json.Decoder(_Page)
_EVENT = msgspec.json.Decoder(_Event)
_NODE = msgspec.json.Decoder(_Node)


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
        outcomes[call.id] = outcome._replace(call=call, answer=answer)
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
            outcomes[call.id] = outcome._replace(call=call, answer=body)
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
