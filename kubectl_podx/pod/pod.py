"""What pods and nodes have in common: conditions and moments."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Condition
from kubectl_podx.model.raw import Json, items, text


def conditions(body: Json) -> list[Condition]:
    """`status.conditions` of a pod or a node, in their own order."""
    return [
        Condition(
            type=text(condition, "type"),
            status=text(condition, "status") or "Unknown",
            reason=text(condition, "reason"),
            message=text(condition, "message"),
            since=moment(condition, "lastTransitionTime"),
        )
        for condition in items(body, "status", "conditions")
    ]


def moment(body: Json, *path: str | int) -> str | None:
    """The text of a time below `path`; None where it is missing or no RFC 3339 time."""
    found = text(body, *path)
    return found if parse_time(found) else None
