"""What a triage knows before it is a report: groups of sick pods, and captures of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from kubectl_podx.model.capture import Capture
from kubectl_podx.model.report.finding import Coverage
from kubectl_podx.model.report.words import TriageBasis
from kubectl_podx.model.sick import RANK, Group, GroupKey, Tally

NodeState = Literal["ready", "notReady", "unknown"]


class Looked(NamedTuple):
    """One Capture of representatives, and whose they are."""

    basis: TriageBasis
    keys: Mapping[str, GroupKey]
    """The representative's key in the store -> its group."""
    capture: Capture


class Triaged(NamedTuple):
    """What one run has read."""

    tally: Tally
    namespace: str
    """Empty for all."""
    captured_at: str
    nodes: Mapping[str, NodeState]
    looked: Iterable[Looked]
    """Read once: captures by the status alone are made when they are wanted."""
    coverage: Sequence[Coverage]


def urgency(key: GroupKey, group: Group) -> tuple[int, int, str, str]:
    """What is looked at first: the worst symptom, then the most pods."""
    return RANK[group.symptom], -group.count, key.namespace, key.name
