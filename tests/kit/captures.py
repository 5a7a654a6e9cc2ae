"""Captures of small pods, and the view that every section reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kit.objects import Json
from kubectl_podx.capture.look import RawLook
from kubectl_podx.model.capture import (
    Call,
    CallState,
    Capture,
    CapturedPod,
    ObjectState,
    Observation,
    StoredList,
    StoredObject,
)
from kubectl_podx.model.reference import Reference
from kubectl_podx.model.words import CallKind
from kubectl_podx.pod.view import PodView

POD = "Pod/shop/web-0"
"""The key of the pod that `kit.pod` builds."""
NOW = "2026-01-01T12:00:00Z"
"""When a capture is made unless a test says otherwise."""

Listed = Mapping[str, Sequence[Json] | ObjectState]
"""The key of a list -> its items, or why there are none."""


def key_of(body: Json | None) -> str:
    """The key of an object in a capture's store; that of the pod `web-0` where it has no name."""
    meta = (body or {}).get("metadata")
    if body is None or not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
        return POD
    return Reference(body.get("kind", "Pod"), meta.get("namespace", ""), meta["name"]).key


def stored(body: Json | None, key: str = "", **fields: Any) -> StoredObject:
    """An object that was read; `key` where its body does not say what it is."""
    return StoredObject(reference=key or key_of(body), state="present", body=body, **fields)


def absent(key: str, state: ObjectState = "missing") -> StoredObject:
    """An object that is not there, or that may not be read."""
    return StoredObject(reference=key, state=state)


def captured(body: Json | None, **fields: Any) -> CapturedPod:
    """What belongs to a pod beside the store."""
    meta = (body or {}).get("metadata")
    uid = meta.get("uid", "") if isinstance(meta, dict) else ""
    known: dict[str, Any] = {"reference": key_of(body), "uid": uid, **fields}
    return CapturedPod(**known)


def capture(
    bodies: Iterable[Json],
    *objects: StoredObject,
    lists: Listed | None = None,
    captured_at: str = NOW,
    **fields: Any,
) -> Capture:
    """A capture of any number of pods."""
    pods = [(captured(body), body) for body in bodies]
    return capture_of(pods, objects, lists, captured_at=captured_at, **fields)


def capture_of(
    pods: Iterable[tuple[CapturedPod, Json | None]],
    objects: Iterable[StoredObject] = (),
    lists: Listed | None = None,
    **fields: Any,
) -> Capture:
    """The same for pods of which more is known than their objects."""
    pods = list(pods)
    several = [*(stored(body, one.reference) for one, body in pods), *objects]
    return Capture(
        pods=[one for one, _ in pods],
        objects={each.reference: each for each in several},
        lists={key: listed(key, found) for key, found in (lists or {}).items()},
        **fields,
    )


def listed(key: str, found: Sequence[Json] | ObjectState) -> StoredList:
    """The answer to a list request: its items, or the word for why there are none."""
    if isinstance(found, str):
        return StoredList(reference=key, state=found)
    return StoredList(reference=key, state="present", items=list(found))


def view(
    body: Json | None,
    *objects: StoredObject,
    events: Sequence[Json] | ObjectState | None = None,
    lists: Listed | None = None,
    captured_at: str = NOW,
    source: Any = "live",
    server_version: str = "",
    **fields: Any,
) -> PodView:
    """The view of a capture of that pod. `events` None: nobody asked for them. `fields` are those
    of the captured pod, such as `observations`.
    """
    one = captured(body, **fields)
    told = {} if events is None else {f"Event/{one.reference}": events}
    whole = capture_of(
        [(one, body)],
        objects,
        {**told, **(lists or {})},
        captured_at=captured_at,
        source=source,
        server_version=server_version,
    )
    return PodView(whole, one)


def capture_of_store(
    objects: Mapping[str, StoredObject],
    *,
    reference: str,
    uid: str = "",
    lists: Mapping[str, StoredList] | None = None,
    captured_at: str = NOW,
    **fields: Any,
) -> Capture:
    """A capture of one pod over objects that were sealed already, as a sealer keeps them."""
    one = CapturedPod(reference=reference, uid=uid, **fields)
    return Capture(
        captured_at=captured_at, pods=[one], objects=dict(objects), lists=dict(lists or {})
    )


def call(kind: CallKind, target: str, *, state: CallState = "ok", **fields: Any) -> Call:
    """A request that was made for a pod, as a capture records it."""
    known: dict[str, Any] = {"sections": [], **fields}
    words = (kind, target, fields.get("container", ""), fields.get("detail", ""))
    identity = " ".join(filter(None, words))
    return Call(id=identity, kind=kind, target=target, state=state, **known)


def observation(container: str = "app", **fields: Any) -> Observation:
    """What a look inside by exec found."""
    return Observation(**{"container": container, "state": "observed", "method": "exec"} | fields)


def raw_look(
    output: bytes, *, nonce: str = "n", container_id: str = "x", through: str = "", since: str = ""
) -> RawLook:
    """What a look that came to its end sent back."""
    return RawLook(
        output=output,
        nonce=nonce,
        complete=True,
        ended_by="",
        container_id=container_id,
        started_at=since,
        through=through,
    )
