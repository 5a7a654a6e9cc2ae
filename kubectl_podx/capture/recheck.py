"""The right pod: what changed meanwhile, by the pod as it was read again after the execs."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import EndedDuringExec
from kubectl_podx.model.raw import Json, dig, number, text
from kubectl_podx.pod.containers import ContainerEntry, containers

_NOT_AGAIN = "the pod could not be read again after the look"


class Meanwhile(NamedTuple):
    """What is different in the second reading of a pod."""

    changes: dict[str, str]
    """Container -> what changed; the empty name stands for the whole pod."""
    ended: list[EndedDuringExec]
    """Of the containers that an exec ran in. The exec may have ended them (memory); nobody can tell
    that from outside, so this is never reported as an end of the app's own."""


def compare(before: Json, outcome: Outcome | None, executed: Collection[str] = ()) -> Meanwhile:
    """The second reading against the first; None stands for a pod that nobody looked into.

    `executed`: the containers that an exec ran in. What changed makes an observation worthless: it
    may be of another instance than the API's facts are.
    """
    if outcome is None:
        return Meanwhile({}, [])
    if outcome.state == "missing":
        return Meanwhile({"": "the pod was deleted while it was looked at"}, [])
    if outcome.state != "ok":
        return Meanwhile({"": _NOT_AGAIN}, [])
    try:
        now = Sealer().open(outcome.call.reference, outcome.answer).body or {}
    except WrongObjectError:
        return Meanwhile({"": _NOT_AGAIN}, [])
    if text(now, "metadata", "uid") != text(before, "metadata", "uid"):
        return Meanwhile({"": "the pod was replaced by a namesake while it was looked at"}, [])
    known = {entry.name: entry for entry in containers(before)}
    found = Meanwhile({}, [])
    for entry in containers(now):
        first = known.get(entry.name)
        if first is None:
            continue
        stopped = first.running and not entry.running
        another = _is_another_instance(first, entry)
        if another:
            found.changes[entry.name] = f"container {entry.name} restarted while it was looked at"
        elif stopped:
            found.changes[entry.name] = f"container {entry.name} ended while it was looked at"
        if entry.name in executed and first.running and (stopped or another):
            found.ended.append(_ended(first, entry))
    return found


def _is_another_instance(before: ContainerEntry, now: ContainerEntry) -> bool:
    return now.container_id != before.container_id or number(now.status, "restartCount") != number(
        before.status, "restartCount"
    )


def _ended(first: ContainerEntry, now: ContainerEntry) -> EndedDuringExec:
    """How the instance of the first reading ended, if the status tells by now."""
    ends = [dig(now.status, state, "terminated") for state in ("state", "lastState")]
    identity = text(first.status, "containerID")
    own = next((end for end in ends if text(end, "containerID") == identity), None)
    return EndedDuringExec(
        container=now.name, reason=text(own, "reason"), exit_code=number(own, "exitCode")
    )
