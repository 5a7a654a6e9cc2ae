"""Which finding comes first in the verdict, and which one is behind another."""

from __future__ import annotations

from collections.abc import Sequence

from kubectl_podx.model.parts import Finding
from kubectl_podx.rules.rule import Case

_SEVERITY = {"critical": 0, "warning": 1, "info": 2}

# What keeps a container from existing, before why it ends, before why it is not ready, before who
# waits for it. A code or its letters; the longest that fits counts.
_GROUPS: dict[str, int] = {
    "RST024": 0,
    "SCH": 1,
    "NOD": 1,
    "VOL": 1,
    "IMG": 1,
    "CON": 1,
    # Why the pod as a whole ended: evicted, preempted, its node's shutdown, its deadline, rejected.
    "RST015": 1,
    "RST016": 1,
    "RST017": 1,
    "RST018": 1,
    "RST019": 1,
    "RST": 2,
    "RST021": 3,
    "CON004": 3,
    "NSP": 4,
    "NET": 4,
    "PRB006": 4,
    "PRB": 5,
    "CON006": 7,
}
_OTHERS = 6

_BEHIND_A_PROBE = frozenset({"NET001", "NET002", "NET009"})
"""Nobody listens, on the loopback only, or does not accept: why a probe gets no answer."""


def ranked(case: Case, findings: Sequence[Finding]) -> list[Finding]:
    """What blocks first, then by severity, by how near to the cause, by the order of start."""
    places = {entry.name: place for place, entry in enumerate(case.view.containers)}

    def key(found: Finding) -> tuple[bool, int, int, int]:
        return (
            not found.blocking,
            _SEVERITY[found.severity],
            group(found.code) if found.blocking else _standing_group(found.code),
            places.get(found.container, -1),
        )

    return sorted(findings, key=key)


def group(code: str) -> int:
    """How near to the cause the findings of this code are; lower is nearer."""
    return _GROUPS.get(code, _GROUPS.get(code[:3], _OTHERS))


def _standing_group(code: str) -> int:
    """Where nothing blocks, a container that went down comes before everything else."""
    return -1 if code.startswith(("RST", "LIF008")) else group(code)


def root_of(top: Finding, order: Sequence[Finding]) -> Finding:
    """The finding behind this one: nobody listens behind a probe that fails."""
    if not top.code.startswith("PRB") or not top.blocking:
        return top
    return next(
        (
            each
            for each in order
            if each.code in _BEHIND_A_PROBE and each.container == top.container
        ),
        top,
    )
