"""Pods that no node takes."""

from __future__ import annotations

from e2e.manifests import shell
from incidents.incident import Expected, broken
from incidents.when import age, condition

INCIDENTS = (
    broken(
        "pending-node-selector",
        "a nodeSelector that no node matches",
        shell(),
        nodeSelector={"disk": "tape"},
        until=condition("PodScheduled", "False", "Unschedulable"),
        expected=Expected(words=("affinity/selector",), codes=("SCH001",)),
    ),
    broken(
        "pending-cpu",
        "more cpu than any node has",
        shell(resources={"requests": {"cpu": "100"}}),
        until=condition("PodScheduled", "False", "Unschedulable"),
        expected=Expected(words=("cpu",)),
    ),
    broken(
        "pending-gate",
        "a scheduling gate that nobody opens",
        shell(),
        schedulingGates=[{"name": "example.com/quota"}],
        until=condition("PodScheduled", "False", "SchedulingGated"),
        expected=Expected(words=("example.com/quota",), severity=("critical", "warning")),
    ),
    broken(
        "pending-scheduler-name",
        "a scheduler that does not exist: no condition, no event, nothing",
        shell(),
        schedulerName="tetris",
        until=age(35),
        expected=Expected(words=("tetris",), severity=("critical", "warning")),
    ),
)
