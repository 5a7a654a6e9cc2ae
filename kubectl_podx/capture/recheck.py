"""The right pod: what changed meanwhile, by the pod as it was read again after the execs."""

from __future__ import annotations

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.capture import EndedDuringExec
from kubectl_podx.model.pod import ContainerEntry, Json, containers, dig, number, text

_NOT_AGAIN = "the pod could not be read again after the look"


def changes_meanwhile(before: Json, outcome: Outcome | None) -> dict[str, str]:
    """Container -> what changed; the empty name stands for the whole pod.

    `outcome` is the second reading; None where nobody was looked into. What changed makes an
    observation worthless: it may be of another instance than the API's facts are.
    """
    if outcome is None:
        return {}
    if outcome.state == "missing":
        return {"": "the pod was deleted while it was looked at"}
    if outcome.state != "ok":
        return {"": _NOT_AGAIN}
    try:
        now = Sealer().open(outcome.call.reference, outcome.answer).body or {}
    except WrongObjectError:
        return {"": _NOT_AGAIN}
    if text(now, "metadata", "uid") != text(before, "metadata", "uid"):
        return {"": "the pod was replaced by a namesake while it was looked at"}
    known = {entry.name: entry for entry in containers(before)}
    changed: dict[str, str] = {}
    for entry in containers(now):
        before_it = known.get(entry.name)
        if before_it is None:
            continue
        if _is_another_instance(before_it, entry):
            changed[entry.name] = f"container {entry.name} restarted while it was looked at"
        elif before_it.running and not entry.running:
            changed[entry.name] = f"container {entry.name} ended while it was looked at"
    return changed


def _is_another_instance(before: ContainerEntry, now: ContainerEntry) -> bool:
    return now.container_id != before.container_id or number(now.status, "restartCount") != number(
        before.status, "restartCount"
    )


def ended_during_exec(
    before: Json, outcome: Outcome | None, executed: set[str]
) -> list[EndedDuringExec]:
    """The containers among `executed` whose instance of the first reading has ended since.

    The exec may have ended them (memory); nobody can tell that from outside, so they are reported
    as such, and never as an end of the app's own.
    """
    if outcome is None or outcome.state != "ok":
        return []
    try:
        now = Sealer().open(outcome.call.reference, outcome.answer).body or {}
    except WrongObjectError:
        return []
    if text(now, "metadata", "uid") != text(before, "metadata", "uid"):
        return []
    known = {entry.name: entry for entry in containers(before)}
    found: list[EndedDuringExec] = []
    for entry in containers(now):
        first = known.get(entry.name)
        if entry.name not in executed or first is None or not first.running:
            continue
        if entry.running and not _is_another_instance(first, entry):
            continue
        ends = [dig(entry.status, state, "terminated") for state in ("state", "lastState")]
        identity = text(first.status, "containerID")
        own = next((end for end in ends if text(end, "containerID") == identity), None)
        found.append(
            EndedDuringExec(
                container=entry.name,
                reason=text(own, "reason"),
                exit_code=number(own, "exitCode"),
            )
        )
    return found
