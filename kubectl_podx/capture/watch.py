"""Waiting: until a pod has changed (`--watch`), until a container runs (`--wait-start`)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct

from kubectl_podx.capture.targets import Targets, parse_words
from kubectl_podx.model.capture import Capture, Observation
from kubectl_podx.model.clock import Deadline, parse_http_date
from kubectl_podx.model.decoder import Decoder
from kubectl_podx.model.reference import RESOURCES
from kubectl_podx.pod.pod import LOOPING, Pod, containers

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer, Query
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.kills import backoff
from kubectl_podx.pod.pod import ContainerEntry

Ended = Literal["changed", "expired", "quiet"]
"""`expired`: the moment is too old for the server; `quiet`: the watch ended without news."""

# The server ends a watch after this long; a new one is begun.
_SECONDS = "240"


class _Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta | None = None
    code: int | None = None
    """Of a Status, in an event of the type ERROR."""


class _Event(msgspec.Struct):
    type: str = ""
    object: _Object | None = None


_EVENT = Decoder(_Event)
_LIST = Decoder(_Object)


class Following:
    """Which pods are followed, and the moment up to which they are known."""

    def __init__(self, targets: Targets, namespace: str) -> None:
        self._targets = targets
        self._namespace = namespace
        self.version = ""

    def begin(self, server: ApiServer) -> None:
        """Takes the moment of now; to be called before the look."""
        path, query = self._where()
        answer = server.get(path, (*query, ("limit", "1")))
        self.version = moment_of(answer.body)

    def wait(self, server: ApiServer, pods: Collection[str] | None, *, deadline: Deadline) -> Ended:
        """Until something happens to one of the `pods` (`NAMESPACE/NAME`; None for all), or one
        comes or goes.
        """
        path, query = self._where()
        query = (
            *query,
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", _SECONDS),
            ("resourceVersion", self.version),
        )
        ended: Ended = "quiet"

        def take(line: bytes) -> bool:
            nonlocal ended
            self.version, found = judge(line, self.version, pods)
            ended = found or ended
            return found is None

        server.watch(path, query, take, deadline=deadline)
        return ended

    def _where(self) -> tuple[str, Query]:
        from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

        targets, resource = self._targets, RESOURCES["Pod"]
        place = None if targets.all_namespaces else self._namespace
        path = api_path(resource.prefix, resource.plural, place)
        if targets.selector is not None:
            given = (("labelSelector", targets.selector), ("fieldSelector", targets.field_selector))
            return path, tuple((name, value) for name, value in given if value)
        named = parse_words(targets.words)
        if len(named) == 1 and named[0].kind == "Pod":
            return path, (("fieldSelector", f"metadata.name={named[0].name}"),)
        # Of an owner's pods nobody knows the names beforehand.
        return path, ()


def moment_of(body: bytes) -> str:
    """The resourceVersion of a list; empty, which means any, where it has none."""
    try:
        metadata = _LIST.decode(body).metadata
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return ""
    return metadata.resource_version if metadata else ""


def judge(line: bytes, version: str, pods: Collection[str] | None) -> tuple[str, Ended | None]:
    """The moment after this event, and how the wait ends with it; None where it goes on."""
    try:
        event = _EVENT.decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return version, "expired"
    if event.type == "ERROR":
        return version, "expired"
    meta = event.object.metadata if event.object else None
    if meta is None or not meta.resource_version:
        return version, "expired"
    mine = pods is None or f"{meta.namespace}/{meta.name}" in pods
    # Whether a pod that comes is one of an owner's, the next look tells.
    news = event.type in ("ADDED", "DELETED") or (event.type == "MODIFIED" and mine)
    return meta.resource_version, "changed" if news else None


def with_looks_of_before(now: Capture, before: Capture) -> Capture:
    """The capture with the looks of the one before, for containers that are the same instance."""
    known = {
        (pod.reference, pod.uid, one.container): one
        for pod in before.pods
        for one in pod.observations
    }
    pods = []
    for pod in now.pods:
        stored = now.objects.get(pod.reference)
        body = (stored.body if stored else None) or {}
        seen = {one.container for one in pod.observations}
        kept: list[Observation] = []
        for entry in containers(body):
            found = known.get((pod.reference, pod.uid, entry.name))
            same = found is not None and found.container_id == entry.container_id
            if found is not None and same and entry.name not in seen and entry.running:
                kept.append(found)
        pods.append(msgspec.structs.replace(pod, observations=[*pod.observations, *kept]))
    return msgspec.structs.replace(now, pods=pods)


def new_instances(now: Capture, before: Capture) -> bool:
    """Whether a container runs that no look has seen yet."""
    known = {(pod.reference, one.container_id) for pod in before.pods for one in pod.observations}
    for pod in now.pods:
        stored = now.objects.get(pod.reference)
        for entry in containers((stored.body if stored else None) or {}):
            if entry.running and (pod.reference, entry.container_id) not in known:
                return True
    return False


LONGEST = 330.0
"""Seconds: the longest back-off of the kubelet is five minutes."""

# A container may run for half a second. Near its start the status is read this often; before that
# there is nothing to see.
_OFTEN = 0.1
_SELDOM = 2.0
_NEAR = 4.0


class Waiting(Struct, frozen=True):
    """What is waited for, at one reading of the pod."""

    container: str
    due: float | None
    """Seconds until the next start; None where the status does not tell."""


def awaited(pod: Json, container: str | None, now: datetime | None) -> Waiting | None:
    """The container that has to start; None where nothing has to be waited for.

    With a name, that container. Without one, the first that restarts again and again (it waits with
    CrashLoopBackOff, or has ended and will be started again), else none.
    """
    for entry in containers(pod):
        if (container is not None and entry.name != container) or entry.running:
            continue
        if container is not None or _comes_again(entry):
            return Waiting(entry.name, _due(entry, now))
    return None


def _comes_again(entry: ContainerEntry) -> bool:
    return entry.waiting_reason == LOOPING or entry.terminated is not None


def _due(entry: ContainerEntry, now: datetime | None) -> float | None:
    found = backoff(entry, now)
    start = parse_time(found.next) if found and found.next else None
    return (start - now).total_seconds() if start and now else None


def pause(waiting: Waiting) -> float:
    """Seconds until the pod is worth another reading."""
    if waiting.due is None or waiting.due < _NEAR:
        return _OFTEN
    return min(_SELDOM, waiting.due - _NEAR + _OFTEN)


def wait_for_start(
    server: ApiServer,
    reference: Reference,
    container: str | None,
    *,
    deadline: Deadline,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns as soon as the container runs, or when nothing is left to wait for.

    `say` is told once what is waited for, and where it did not come. A pod that is gone or that
    cannot be read is a PodxError.
    """
    told = False
    while True:
        pod, now = _read(server, reference)
        waiting = awaited(pod, container, now)
        if waiting is None:
            return
        if Pod(pod).terminating or Pod(pod).ended:
            say(f"container {waiting.container} will not start again: the pod has ended or ends")
            return
        if not told:
            when = "" if waiting.due is None else f", which is due in {max(0, waiting.due):.0f} s"
            say(f"waiting for container {waiting.container} to start{when}")
            told = True
        if deadline.remaining() < pause(waiting):
            say(f"container {waiting.container} did not start in {LONGEST:.0f} s")
            return
        sleep(pause(waiting))


def _read(server: ApiServer, reference: Reference) -> tuple[Json, datetime | None]:
    from kubectl_podx.cluster.paths import api_path  # noqa: PLC0415

    resource = reference.resource
    path = api_path(resource.prefix, resource.plural, reference.namespace, reference.name)
    answer = server.get(path)
    try:
        # Of a sealer of its own: nothing of it goes further than this file.
        sealer = Sealer()
        sealer.open(reference, answer.body)
        pod = sealer.raw_pod(reference)
    except (WrongObjectError, msgspec.MsgspecError):
        raise PodxError(f"cannot read pod {reference.name}") from None
    return pod, parse_http_date(answer.date)
