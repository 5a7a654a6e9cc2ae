"""Sick pods by owner and symptom: what a scan keeps of a cluster. It does not grow with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import msgspec

from kubectl_podx.model.capture import Capture
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.words import Symptom, TriageBasis
from kubectl_podx.pod.gate import MetaGate, PodGate
from kubectl_podx.pod.symptom import Sick

RANK: Mapping[str, int] = {name: at for at, name in enumerate(get_args(Symptom))}
"""The worst symptom first."""

# A container in a loop is in back-off, has just ended, or runs for a moment.
_FAMILY: Mapping[Symptom, Symptom] = {"restarting": "crashLoop", "oomKilled": "crashLoop"}
_MOST_NAMES = 5
_MOST_NODES = 5

# The CronJob controller names a Job by the minute that it is for (pkg/controller/cronjob/utils.go).
_CRON_JOB = re.compile(r"(.+)-\d{8,10}")

# The hash of a template as the Deployment controller writes it (rand.SafeEncodeString).
_TEMPLATE_HASH = re.compile(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{1,10}")


class GroupKey(NamedTuple):
    """What one row of a triage stands for."""

    namespace: str
    """Empty for a node."""
    kind: str
    name: str
    family: Symptom
    """The symptom, or the one that it is a moment of: see `_FAMILY`."""


class Group(msgspec.Struct, gc=False):
    """The sick pods of one owner and symptom."""

    symptom: Symptom
    """The worst of them."""
    count: int = 0
    names: list[str] = []
    """The first few, `NAMESPACE/NAME`; `body` is the first one's."""
    nodes: dict[str, int] = {}
    since: str | None = None
    restarts: int = 0
    body: bytes | None = None
    """The representative's JSON, not sealed; None where it could not be kept."""


class Tally(msgspec.Struct):
    """What a scan has seen so far."""

    scanned: int = 0
    sick: int = 0
    groups: dict[GroupKey, Group] = {}
    on_node: dict[str, list[int]] = {}
    """Node -> pods on it, sick ones among them."""

    def add(self, pod: PodGate, found: Sick | None) -> Group | None:
        """Counts one pod; the group that wants its body, where it is to stand for the others."""
        self.scanned += 1
        node = (pod.spec.node_name or "") if pod.spec else ""
        counts = self.on_node.setdefault(node, [0, 0]) if node else [0, 0]
        counts[0] += 1
        if found is None:
            return None
        self.sick += 1
        counts[1] += 1
        key = key_of(pod, found.symptom)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(symptom=found.symptom, names=[], nodes={})
        # The worst pod stands for the others: the one in back-off tells more than the one that
        # has just been started again.
        chosen = not group.count or RANK[found.symptom] < RANK[group.symptom]
        group.count += 1
        meta = pod.metadata or MetaGate()
        if chosen:
            group.symptom = found.symptom
            group.names.insert(0, f"{meta.namespace}/{meta.name}")
            del group.names[_MOST_NAMES:]
        elif len(group.names) < _MOST_NAMES:
            group.names.append(f"{meta.namespace}/{meta.name}")
        if node and (node in group.nodes or len(group.nodes) < _MOST_NODES):
            group.nodes[node] = group.nodes.get(node, 0) + 1
        group.since = min(filter(None, (group.since, found.since)), default=None)
        group.restarts = max(group.restarts, restarts(pod))
        return group if chosen else None


def restarts(pod: PodGate) -> int:
    """Restarts of all containers."""
    status = pod.status
    if status is None:
        return 0
    every = (*(status.init_container_statuses or ()), *(status.container_statuses or ()))
    return sum(one.restart_count or 0 for one in every)


def key_of(pod: PodGate, symptom: Symptom) -> GroupKey:
    """The group of a sick pod: by the workload that people edit, as far as names tell.

    A ReplicaSet whose name ends in a template's hash is a Deployment's, a Job whose name ends in a
    minute a CronJob's. Where the node is silent, that is what is sick, whosever the pods are.
    """
    meta = pod.metadata or MetaGate()
    node = (pod.spec.node_name or "") if pod.spec else ""
    if symptom == "nodeLost" and node:
        return GroupKey("", "Node", node, symptom)
    kind, name = "Pod", meta.name
    for owner in meta.owner_references or ():
        # A static pod's owner is its node: that is no workload.
        if owner.controller and owner.kind and owner.name and owner.kind != "Node":
            kind, name = _workload(owner.kind, owner.name)
            break
    return GroupKey(meta.namespace, kind, name, _FAMILY.get(symptom, symptom))


def _workload(kind: str, name: str) -> tuple[str, str]:
    above = _ABOVE.get(kind)
    found = above[1].fullmatch(name) if above else None
    return (above[0], found[1]) if above and found else (kind, name)


_ABOVE: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "ReplicaSet": ("Deployment", _TEMPLATE_HASH),
    "Job": ("CronJob", _CRON_JOB),
}

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
