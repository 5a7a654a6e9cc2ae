"""The few fields of a pod that tell whether it is sick: what a scan of a whole cluster decodes.

msgspec skips everything else without making objects of it, so ten thousand pods cost what their
bytes cost. An answer of another shape is read field by field instead, as all raw JSON is.
"""

from __future__ import annotations

import zlib
from typing import Annotated

import msgspec
from msgspec import Meta

from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.raw import Json, dig, items, number, text

_Count = Annotated[int, Meta(ge=-(2**31), le=2**31)]


class Camel(msgspec.Struct, rename="camel", gc=False):
    """A part of an object of the API; unknown fields are skipped."""


class OwnerGate(Camel):
    """One owner reference."""

    kind: str = ""
    name: str = ""
    controller: bool | None = None


class MetaGate(Camel):
    """metadata."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    owner_references: list[OwnerGate] | None = None


class ContainerGate(Camel):
    """One container of the spec."""

    name: str = ""
    restart_policy: str | None = None


class SpecGate(Camel):
    """spec."""

    node_name: str | None = None
    restart_policy: str | None = None
    init_containers: list[ContainerGate] | None = None
    containers: list[ContainerGate] | None = None


class WaitingGate(Camel):
    """state.waiting."""

    reason: str | None = None


class RunningGate(Camel):
    """state.running."""

    started_at: str | None = None


class TerminatedGate(Camel):
    """state.terminated and lastState.terminated."""

    reason: str | None = None
    exit_code: _Count | None = None
    finished_at: str | None = None


class StateGate(Camel):
    """state and lastState."""

    waiting: WaitingGate | None = None
    running: RunningGate | None = None
    terminated: TerminatedGate | None = None


class ContainerStatusGate(Camel):
    """One of containerStatuses and initContainerStatuses."""

    name: str = ""
    ready: bool | None = None
    started: bool | None = None
    restart_count: _Count | None = None
    state: StateGate | None = None
    last_state: StateGate | None = None


class ConditionGate(Camel):
    """One of the pod's conditions."""

    type: str = ""
    status: str = ""
    reason: str | None = None
    last_transition_time: str | None = None


class StatusGate(Camel):
    """status."""

    phase: str | None = None
    reason: str | None = None
    start_time: str | None = None
    conditions: list[ConditionGate] | None = None
    container_statuses: list[ContainerStatusGate] | None = None
    init_container_statuses: list[ContainerStatusGate] | None = None


class PodGate(Camel):
    """What is decoded of one pod."""

    metadata: MetaGate | None = None
    spec: SpecGate | None = None
    status: StatusGate | None = None


class _Page(msgspec.Struct):
    items: list[PodGate] | None = None


class _Whole(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


_PAGE = Decoder(_Page)
_WHOLE = Decoder(_Whole)
_ANYTHING = msgspec.json.Decoder()
_BROKEN = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)


class NotAListError(ValueError):
    """The bytes are no list of objects. Carries no text of them."""


def gates_of_page(body: bytes) -> list[PodGate]:
    """The pods of one page of a list. NotAListError where the bytes are no such thing."""
    try:
        return _PAGE.decode(body).items or []
    except _BROKEN:
        pass
    try:
        decoded = _ANYTHING.decode(body)
    except _BROKEN:
        raise NotAListError from None
    found = dig(decoded, "items")
    if not isinstance(decoded, dict) or not isinstance(found, list | None):
        raise NotAListError
    return [gate_of(one if isinstance(one, dict) else {}) for one in found or []]


def raw_items(body: bytes) -> list[msgspec.Raw]:
    """The JSON of each object of a page; each keeps the page. NotAListError where the bytes are no
    such thing.
    """
    try:
        return _WHOLE.decode(body).items or []
    except _BROKEN:
        raise NotAListError from None


def bodies_of_page(body: bytes, places: list[int]) -> dict[int, bytes]:
    """The JSON of the pods at these places of a page; what cannot be read is left out."""
    try:
        raw = raw_items(body)
    except NotAListError:
        return {}
    # A copy: a view would keep the whole page.
    return {place: bytes(raw[place]) for place in places if place < len(raw)}


def packed(raw: bytes) -> bytes:
    """JSON that takes a fifth of the memory, for whoever keeps thousands; `body_of` reads it."""
    return zlib.compress(raw, 1)


# What zlib begins with, and no JSON does.
_PACKED = b"x"


def body_of(raw: bytes | None) -> dict[str, object]:
    """The pod of that JSON, with the kind that items of a list do not carry; empty without one."""
    try:
        plain = zlib.decompress(raw) if raw and raw.startswith(_PACKED) else raw
        decoded = _ANYTHING.decode(plain or b"{}")
    except (*_BROKEN, zlib.error):
        return {}
    return {"kind": "Pod", "apiVersion": "v1", **decoded} if isinstance(decoded, dict) else {}


def gate_of(pod: Json) -> PodGate:
    """The same of a decoded pod of whatever shape."""
    meta, spec, status = dig(pod, "metadata"), dig(pod, "spec"), dig(pod, "status")
    return PodGate(
        MetaGate(
            text(meta, "name"),
            text(meta, "namespace"),
            text(meta, "uid"),
            text(meta, "creationTimestamp") or None,
            text(meta, "deletionTimestamp") or None,
            [
                OwnerGate(text(one, "kind"), text(one, "name"), dig(one, "controller") is True)
                for one in items(meta, "ownerReferences")
            ],
        ),
        SpecGate(
            text(spec, "nodeName") or None,
            text(spec, "restartPolicy") or None,
            [
                ContainerGate(text(one, "name"), text(one, "restartPolicy") or None)
                for one in items(spec, "initContainers")
            ],
            [
                ContainerGate(text(one, "name"), text(one, "restartPolicy") or None)
                for one in items(spec, "containers")
            ],
        ),
        StatusGate(
            text(status, "phase") or None,
            text(status, "reason") or None,
            text(status, "startTime") or None,
            [
                ConditionGate(
                    text(one, "type"),
                    text(one, "status"),
                    text(one, "reason") or None,
                    text(one, "lastTransitionTime") or None,
                )
                for one in items(status, "conditions")
            ],
            [_container_status(one) for one in items(status, "containerStatuses")],
            [_container_status(one) for one in items(status, "initContainerStatuses")],
        ),
    )


def _container_status(status: Json) -> ContainerStatusGate:
    return ContainerStatusGate(
        text(status, "name"),
        dig(status, "ready") is True,
        True if dig(status, "started") is True else None,
        number(status, "restartCount"),
        _state(dig(status, "state")),
        _state(dig(status, "lastState")),
    )


def _state(state: object) -> StateGate:
    waiting, running = dig(state, "waiting"), dig(state, "running")
    ended = dig(state, "terminated")
    return StateGate(
        WaitingGate(text(waiting, "reason") or None) if isinstance(waiting, dict) else None,
        RunningGate(text(running, "startedAt") or None) if isinstance(running, dict) else None,
        TerminatedGate(
            text(ended, "reason") or None,
            number(ended, "exitCode"),
            text(ended, "finishedAt") or None,
        )
        if isinstance(ended, dict)
        else None,
    )
