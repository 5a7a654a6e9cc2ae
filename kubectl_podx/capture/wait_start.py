"""`--wait-start`: waits until a crash-looping container runs, to look inside in those seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.clock import Deadline, parse_time
from kubectl_podx.model.errors import PodxError
from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.backoff import backoff
from kubectl_podx.pod.containers import LOOPING, ContainerEntry, containers
from kubectl_podx.pod.pod import Pod

if TYPE_CHECKING:
    from kubectl_podx.cluster.server import ApiServer

LONGEST = 330.0
"""Seconds: the longest back-off of the kubelet is five minutes."""

# A container may run for half a second. Near its start the status is read this often; before that
# there is nothing to see.
_OFTEN = 0.1
_SELDOM = 2.0
_NEAR = 4.0


class Waiting(NamedTuple):
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
    return pod, _moment(answer.date)


def _moment(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except (TypeError, ValueError):
        return None
