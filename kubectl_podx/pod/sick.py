"""What a pod is sick of by its status alone, and sick pods by owner and symptom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from kubectl_podx.model.capture import Capture
from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.words import Symptom, TriageBasis
from kubectl_podx.pod.gate import (
    ConditionGate,
    ContainerStatusGate,
    MetaGate,
    PodGate,
    SpecGate,
    StatusGate,
)
from kubectl_podx.pod.kills import RESET_SECONDS, slow_loop
from kubectl_podx.pod.pod import (
    BEING_CREATED,
    IMAGE_FAILURES,
    LOOPING,
    OOM_MARK,
    STARTING_SECONDS,
)

CREATING = 120
"""Seconds after which it takes too long to create the containers (volumes, images, network)."""

SLOW = 300
"""Seconds after which a startup probe takes too long."""

LONG_INIT = 600
"""Seconds after which an init container that still runs is stuck."""

LATELY = RESET_SECONDS
"""Seconds: a restart followed by ten minutes of running is past."""

PAST = 3600
"""Seconds after which a failed pod that its controller has replaced is litter and no incident."""

PAST_JOB = 86400
"""The same for a Job, which nobody may have looked at until the next morning."""

_OVERDUE = 60
_NOBODY = MetaGate()
_NOTHING = SpecGate()
_NO_STATUS = StatusGate()


class Sick(Struct, frozen=True):
    """What a pod suffers from."""

    symptom: Symptom
    since: str | None = None
    """RFC 3339: since when, as far as the status tells."""


def symptom(pod: PodGate, now: datetime | None) -> Sick | None:
    """The pod's symptom; None for a healthy one.

    `now` by the server's clock. Without it (a saved manifest) nothing counts as recent, and what
    is not ready counts as not ready for long.
    """
    meta, status = pod.metadata or _NOBODY, pod.status or _NO_STATUS
    if meta.deletion_timestamp is not None:
        # The timestamp has the grace period in it: it is the moment of the end.
        overdue = now is not None and _older(meta.deletion_timestamp, now, _OVERDUE)
        return Sick("terminating", meta.deletion_timestamp) if overdue else None
    stopped = status.phase == "Succeeded" and _goes_on(pod.spec or _NOTHING)
    if status.phase == "Failed" or stopped:
        return _failed(meta, status, now)
    if status.phase == "Succeeded":
        return None
    if status.reason == "NodeLost" or status.phase == "Unknown":
        return Sick("nodeLost", _since(status, "Ready"))
    spec = pod.spec or _NOTHING
    return (
        _unscheduled(meta, spec, status, now)
        or _containers(spec, status, now)
        or _slow(spec, status, now)
        or _unready(meta, spec, status, now)
    )


def _goes_on(spec: SpecGate) -> bool:
    """Whether some container of it is started again whenever it ends: only whoever stops the whole
    pod makes such a pod Succeeded, as an eviction may.
    """
    containers = spec.containers or ()
    return spec.restart_policy == "Always" and any(
        one.restart_policy in (None, "Always") for one in containers
    )


def _older(moment: str | None, now: datetime | None, seconds: float) -> bool:
    """Whether that was longer ago; yes where one of the moments is not known."""
    then = parse_time(moment)
    return then is None or now is None or (now - then).total_seconds() > seconds


def _within(moment: str | None, now: datetime | None, seconds: float) -> bool:
    then = parse_time(moment)
    return then is not None and now is not None and (now - then).total_seconds() <= seconds


def _condition(status: StatusGate, kind: str) -> ConditionGate | None:
    return next((one for one in status.conditions or () if one.type == kind), None)


def _since(status: StatusGate, kind: str) -> str | None:
    found = _condition(status, kind)
    return found.last_transition_time if found else None


def _failed(meta: MetaGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """Nobody runs a failed pod again: bare ones stay sick, others until they are litter."""
    ends = [
        one.state.terminated.finished_at
        for one in status.container_statuses or ()
        if one.state and one.state.terminated and one.state.terminated.finished_at
    ]
    # A pod that was evicted before it ran has no end of a container.
    end = max(ends, default=None) or _since(status, "Ready") or status.start_time
    controller = next((one for one in meta.owner_references or () if one.controller), None)
    if controller is not None and now is not None:
        limit = PAST_JOB if controller.kind == "Job" else PAST
        if _older(end or meta.creation_timestamp, now, limit):
            return None
    return Sick("evicted" if status.reason == "Evicted" else "failed", end)


def _unscheduled(
    meta: MetaGate, spec: SpecGate, status: StatusGate, now: datetime | None
) -> Sick | None:
    if spec.node_name:
        return None
    judged = _condition(status, "PodScheduled")
    since = (judged.last_transition_time if judged else None) or meta.creation_timestamp
    gated = judged is not None and judged.reason == "SchedulingGated"
    if not _older(since, now, LONG_INIT if gated else STARTING_SECONDS):
        return None
    return Sick("unschedulable" if status.phase == "Pending" else "unknown", since)


def _every(spec: SpecGate, status: StatusGate) -> Iterator[tuple[ContainerStatusGate, bool]]:
    """Each status, init containers first, and whether it is one that has to end."""
    sidecars = {one.name for one in spec.init_containers or () if one.restart_policy == "Always"}
    for one in status.init_container_statuses or ():
        yield one, one.name not in sidecars
    for one in status.container_statuses or ():
        yield one, False


def _containers(spec: SpecGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """What a container is in: first what keeps it from running, then what it did lately."""
    lately: Sick | None = None
    for one, init in _every(spec, status):
        waiting = one.state.waiting if one.state else None
        ended = one.last_state.terminated if one.last_state else None
        reason = (waiting.reason or "") if waiting else ""
        if reason == LOOPING:
            return Sick("crashLoop", ended.finished_at if ended else None)
        if reason in IMAGE_FAILURES:
            return Sick("imagePull", _since(status, "ContainersReady") or status.start_time)
        if reason not in BEING_CREATED:
            return Sick("cannotStart", _since(status, "ContainersReady") or status.start_time)
        lately = lately or _went_down(one, spec, status, now, init=init)
    return lately


def _went_down(
    one: ContainerStatusGate,
    spec: SpecGate,
    status: StatusGate,
    now: datetime | None,
    *,
    init: bool,
) -> Sick | None:
    """A container that has just ended badly, or was restarted recently. The tempo counts."""
    at_rest = one.state.terminated if one.state else None
    if at_rest is not None and at_rest.exit_code not in (0, None):
        if spec.restart_policy == "Never":
            return Sick("failed", at_rest.finished_at)
        return Sick("restarting", at_rest.finished_at)
    if init and at_rest is not None and at_rest.reason == OOM_MARK:
        # It counts as failed, whatever its exit code.
        return Sick("oomKilled", at_rest.finished_at)
    ended = one.last_state.terminated if one.last_state else None
    count = one.restart_count or 0
    if ended is None or (init and at_rest is not None) or count < 1:
        return None
    went_down, began = parse_time(ended.finished_at), parse_time(status.start_time)
    lately = _within(ended.finished_at, now, LATELY)
    if not lately and not slow_loop(count, began, went_down, now):
        return None
    # A job that is restarted after it has ended well is no trouble of the moment.
    if ended.exit_code == 0 and spec.restart_policy != "Always":
        return None
    return Sick("oomKilled" if ended.reason == OOM_MARK else "restarting", ended.finished_at)


def _slow(spec: SpecGate, status: StatusGate, now: datetime | None) -> Sick | None:
    """It takes too long to start: an init container that does not end, containers not created."""
    for one, init in _every(spec, status):
        running = one.state.running if one.state else None
        if init and running is not None:
            stuck = now is not None and _older(running.started_at, now, LONG_INIT)
            return Sick("initStuck", running.started_at) if stuck else None
    if status.phase == "Pending" and spec.node_name and _older(status.start_time, now, CREATING):
        return Sick("stuckStarting", status.start_time or _since(status, "PodScheduled"))
    return None


def _unready(
    meta: MetaGate, spec: SpecGate, status: StatusGate, now: datetime | None
) -> Sick | None:
    """Running and not ready, for longer than a start takes; or without any status to go by."""
    if status.phase != "Running":
        told = status.phase == "Pending"
        old = _older(meta.creation_timestamp, now, STARTING_SECONDS)
        return Sick("unknown", meta.creation_timestamp) if old and not told else None
    ready = _condition(status, "Ready")
    if ready is None or ready.status == "True":
        return None
    if not _older(ready.last_transition_time, now, STARTING_SECONDS):
        return None
    within = _condition(status, "ContainersReady")
    gated = ready.reason == "ReadinessGatesNotReady"
    statuses = status.container_statuses or ()
    if not gated and within is not None and within.status == "True" and statuses:
        # The node controller writes Ready alone when a node falls silent (MarkPodsNotReady).
        return Sick("nodeLost", ready.last_transition_time)
    if spec.restart_policy not in (None, "Always") and _ended_well(statuses):
        return _held(meta, statuses, now)
    for one in statuses:
        running = one.state.running if one.state else None
        if running is not None and not one.ready:
            patience = STARTING_SECONDS if one.started else SLOW
            if not _older(running.started_at, now, patience):
                return None
    return Sick("notReady", ready.last_transition_time)


def _ended_well(statuses: list[ContainerStatusGate] | tuple[()]) -> bool:
    """Every container that is not ready has ended with 0: a Job with a helper that still runs."""
    rest = [one.state.terminated if one.state else None for one in statuses if not one.ready]
    return bool(rest) and all(one is not None and one.exit_code == 0 for one in rest)


def _held(
    meta: MetaGate, statuses: list[ContainerStatusGate] | tuple[()], now: datetime | None
) -> Sick | None:
    """A Job whose work has been done for long, and that a container beside it keeps."""
    if not any(one.controller and one.kind == "Job" for one in meta.owner_references or ()):
        return None
    ended = [one.state.terminated for one in statuses if one.state and one.state.terminated]
    last = max((end.finished_at or "" for end in ended), default="")
    late = last and now is not None and _older(last, now, LONG_INIT)
    return Sick("jobHeld", last) if late else None


RANK: Mapping[str, int] = {name: at for at, name in enumerate(get_args(Symptom))}
"""The worst symptom first."""

# A container in a loop is in back-off, has just ended, or runs for a moment.
_FAMILY: Mapping[Symptom, Symptom] = {"restarting": "crashLoop", "oomKilled": "crashLoop"}
_MOST_NAMES = 5
_MOST_NODES = 5

# The CronJob controller names a Job by the minute that it is for (pkg/controller/cronjob/utils.go).
_CRON_JOB = lazy(r"(.+)-\d{8,10}")

# The hash of a template as the Deployment controller writes it (rand.SafeEncodeString).
_TEMPLATE_HASH = lazy(r"(.+)-[bcdfghjklmnpqrstvwxz2456789]{1,10}")


class GroupKey(Struct, frozen=True):
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
    jobs: set[str] = set()
    """`NAMESPACE/NAME` of the Jobs that made these pods."""


class Tally(msgspec.Struct):
    """What a scan has seen so far."""

    scanned: int = 0
    sick: int = 0
    groups: dict[GroupKey, Group] = {}
    on_node: dict[str, list[int]] = {}
    """Node -> pods on it, sick ones among them."""
    leaving: set[tuple[str, str, str]] = set()
    """Namespace, kind and name of the controllers of pods that are being deleted: until such a pod
    is gone, its controller may not make the next one."""

    def add(self, pod: PodGate, found: Sick | None) -> Group | None:
        """Counts one pod; the group that wants its body, where it is to stand for the others."""
        self.scanned += 1
        node = (pod.spec.node_name or "") if pod.spec else ""
        counts = self.on_node.setdefault(node, [0, 0]) if node else [0, 0]
        counts[0] += 1
        if pod.metadata is not None and pod.metadata.deletion_timestamp is not None:
            for owner in pod.metadata.owner_references or ():
                self.leaving.add((pod.metadata.namespace, owner.kind, owner.name))
        if found is None:
            return None
        self.sick += 1
        counts[1] += 1
        key = key_of(pod, found.symptom)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(symptom=found.symptom)
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
        for owner in meta.owner_references or ():
            if owner.controller and owner.kind == "Job":
                group.jobs.add(f"{meta.namespace}/{owner.name}")
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
            kind, name = workload_above(owner.kind, owner.name)
            break
    return GroupKey(meta.namespace, kind, name, _FAMILY.get(symptom, symptom))


def workload_above(kind: str, name: str) -> tuple[str, str]:
    """Kind and name of the workload that made a ReplicaSet or Job, as far as its name tells."""
    above = _ABOVE.get(kind)
    found = above[1].fullmatch(name) if above else None
    return (above[0], found[1]) if above and found else (kind, name)


_ABOVE: Mapping[str, tuple[str, re.Pattern[str]]] = {
    "ReplicaSet": ("Deployment", _TEMPLATE_HASH),
    "Job": ("CronJob", _CRON_JOB),
}

NodeState = Literal["ready", "notReady", "unknown"]


class Looked(Struct, frozen=True):
    """One Capture of representatives, and whose they are."""

    basis: TriageBasis
    keys: Mapping[str, GroupKey]
    """The key of a representative, or of a workload that lacks pods, in the store -> its row."""
    capture: Capture


class Lacking(Struct, frozen=True):
    """A workload that lacks pods or runs."""

    since: str | None
    pods: int
    """How many are missing."""
    body: bytes
    """Its JSON, not sealed."""


class Triaged(Struct, frozen=True):
    """What one run has read."""

    tally: Tally
    namespace: str
    """Empty for all."""
    captured_at: str
    nodes: Mapping[str, NodeState]
    looked: Iterable[Looked]
    """Read once: captures by the status alone are made when they are wanted."""
    coverage: Sequence[Coverage]
    lacking: Mapping[GroupKey, Lacking] = MappingProxyType({})
    """Workloads that lack pods or runs."""


def urgency(key: GroupKey, group: Group) -> tuple[int, int, str, str]:
    """What is looked at first: the worst symptom, then the most pods."""
    return RANK[group.symptom], -group.count, key.namespace, key.name


def lack_urgency(key: GroupKey, lacking: Lacking) -> tuple[int, int, str, str]:
    """The same of a workload that lacks pods or runs."""
    return RANK[key.family], -lacking.pods, key.namespace, key.name
