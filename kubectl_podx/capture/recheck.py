"""The right pod: what changed under our eyes, by the pod as it was read again after the looks."""

from __future__ import annotations

from kubectl_podx.capture.calls import Outcome
from kubectl_podx.capture.seal import Sealer, WrongObjectError
from kubectl_podx.model.pod import Json, containers, number, text

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
    return {
        entry.name: f"container {entry.name} restarted while it was looked at"
        for entry in containers(now)
        if entry.name in known
        and (
            entry.container_id != known[entry.name].container_id
            or number(entry.status, "restartCount")
            != number(known[entry.name].status, "restartCount")
        )
    }
