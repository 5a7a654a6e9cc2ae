"""What a scan for drift keeps: groups of pods, never the pods. Memory grows with the workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from kubectl_podx.drift.gate import PodGate, WorkloadGate
from kubectl_podx.drift.uses import (
    Judged,
    SourceFacts,
    SourceKey,
    Use,
    Write,
    judged,
    uses_of,
)
from kubectl_podx.model.words import DriftKind, DriftState
from kubectl_podx.pod.sick import workload_above

MOST_NAMES = 5
_ENDED = ("Succeeded", "Failed")
_WORST: tuple[DriftState, ...] = ("old", "gone", "reload", "unknown", "current")
# Labels that say which template a pod was made from.
_REVISIONS = ("controller-revision-hash", "pod-template-hash")
_CERTIFICATES = (".crt", ".pem", ".cer", ".cert")
_GENERATION = "deprecated.daemonset.template.generation"


class OwnerKey(Struct, frozen=True):
    """A workload as people edit it; a pod of its own is its own workload."""

    namespace: str
    kind: str
    name: str


class GroupKey(Struct, frozen=True):
    """Pods of one owner that have one drift from one source."""

    owner: OwnerKey
    drift: DriftKind
    source: str
    """`KIND/NAME`."""
    state: DriftState


class Group(msgspec.Struct):
    """What is kept of them."""

    pods: int = 0
    names: list[str] = []
    """At most MOST_NAMES."""
    how: list[str] = []
    write: Write = Write()
    started: str = ""
    """When the oldest of their containers started."""
    bodies: list[bytes] = []
    """Of the pods that have names, their JSON: for a look inside."""


class ImageUse(msgspec.Struct):
    """Pods of one owner whose container runs one digest."""

    pods: int = 0
    newest: str = ""
    names: list[str] = []


class Tally:
    """Judges pods one by one."""

    def __init__(
        self,
        sources: Mapping[SourceKey, SourceFacts],
        unread: Iterable[str],
        *,
        only: SourceKey | None = None,
        keeps: Callable[[OwnerKey, str], bool] = lambda _owner, _pod: True,
    ) -> None:
        """`unread`: kinds of sources of which nothing is known. `only`: one source alone counts,
        and every use of it. `keeps`: whose pods count.
        """
        self.groups: dict[GroupKey, Group] = {}
        self.owners: dict[OwnerKey, int] = {}
        self.images: dict[tuple[OwnerKey, str, str], dict[str, ImageUse]] = {}
        self.revisions: dict[OwnerKey, dict[str, Group]] = {}
        self.certificates: dict[SourceKey, dict[OwnerKey, int]] = {}
        """Secrets with a certificate in them, and who mounts them."""
        self.scanned = 0
        self._sources = sources
        self.unread = set(unread)
        self.failed: set[SourceKey] = set()
        """Single sources that could not be read."""
        self._only = only
        self._keeps = keeps

    def add(self, pod: PodGate) -> list[GroupKey]:
        """Judges a pod. The groups that want its body."""
        meta = pod.metadata
        ended = pod.status is not None and pod.status.phase in _ENDED
        if meta is None or ended or meta.deletion_timestamp:
            return []
        owner = _owner(pod)
        if not self._keeps(owner, meta.name):
            return []
        self.scanned += 1
        self.owners[owner] = self.owners.get(owner, 0) + 1
        if self._only is None:
            self._count(owner, pod)
        found: dict[tuple[DriftKind, str], list[Judged]] = {}
        for one in self._judged(pod, owner):
            source = f"{one.use.kind}/{one.use.name}"
            found.setdefault((one.drift, source), []).append(one)
        return [
            key
            for (drift, source), several in found.items()
            if (key := self._take(owner, drift, source, several, meta.name)) is not None
        ]

    def _judged(self, pod: PodGate, owner: OwnerKey) -> Iterator[Judged]:
        namespace, counted = owner.namespace, None
        for use in uses_of(pod):
            source: SourceKey = (use.kind, namespace, use.name)
            if self._only is not None:
                if source != self._only:
                    continue
            elif use.drift == "pullSecret":
                continue
            if use.kind in self.unread or source in self.failed:
                if self._only is not None:
                    yield Judged(use, use.drift, "unknown")
                continue
            facts = self._sources.get(source)
            if facts is not None and use.kind == "Secret" and _has_certificate(use, facts):
                users = self.certificates.setdefault(source, {})
                if counted != source:
                    users[owner] = users.get(owner, 0) + 1
                counted = source
            one = judged(use, facts)
            if self._only is not None or one.state not in ("current", "unknown"):
                yield one

    def _take(
        self, owner: OwnerKey, drift: DriftKind, source: str, several: list[Judged], name: str
    ) -> GroupKey | None:
        """The group of the pod's worst use, where it wants the pod's body."""
        states: list[DriftState] = [one.state for one in several]
        state: DriftState = min(states, key=_WORST.index)
        key = GroupKey(owner, drift, source, state)
        group = self.groups.setdefault(key, Group())
        group.pods += 1
        for one in several:
            if one.state != state:
                continue
            if one.use.how not in group.how:
                group.how = [*group.how, one.use.how][:MOST_NAMES]
            group.write = max(group.write, one.write)
            starts = [at for at in (group.started, one.use.started) if at]
            group.started = min(starts, default="")
        if len(group.names) >= MOST_NAMES:
            return None
        group.names = [*group.names, name]
        return key if state == "old" else None

    def _count(self, owner: OwnerKey, pod: PodGate) -> None:
        """Of images and templates a pod tells only beside others of its owner."""
        meta = pod.metadata
        labels = (meta.labels if meta else None) or {}
        name = meta.name if meta else ""
        revision = next((labels[label] for label in _REVISIONS if label in labels), "")
        if owner.kind == "DaemonSet":
            revision = labels.get("pod-template-generation", revision)
        if revision:
            group = self.revisions.setdefault(owner, {}).setdefault(revision, Group())
            group.pods += 1
            group.names = [*group.names, name][:MOST_NAMES]
        spec, status = pod.spec, pod.status
        images = {one.name: one.image or "" for one in (spec.containers if spec else None) or ()}
        for one in (status.container_statuses if status else None) or ():
            running = one.state.running if one.state else None
            digest = (one.image_id or "").rpartition("@")[2]
            if running is None or not digest or "@" in images.get(one.name, "@"):
                continue
            # Of one template only: another one may name another image.
            uses = self.images.setdefault((owner, one.name, images[one.name]), {})
            use = uses.setdefault(digest, ImageUse())
            use.pods += 1
            use.newest = max(use.newest, running.started_at or "")
            use.names = [*use.names, name][:MOST_NAMES]


def _has_certificate(use: Use, facts: SourceFacts) -> bool:
    """Whether the Secret is mounted and has a key that is called as certificates are."""
    mounted = use.drift in ("files", "subPath")
    return mounted and any(key.endswith(_CERTIFICATES) for key in facts.keys)


def _owner(pod: PodGate) -> OwnerKey:
    meta = pod.metadata
    namespace = meta.namespace if meta else ""
    for owner in (meta.owner_references if meta else None) or ():
        if owner.controller and owner.kind and owner.name and owner.kind != "Node":
            return OwnerKey(namespace, *workload_above(owner.kind, owner.name))
    return OwnerKey(namespace, "Pod", meta.name if meta else "")


PAUSED = "its rollout is paused"


class OldTemplate(Struct, frozen=True):
    """Pods that were made from an older template than their owner has now."""

    owner: OwnerKey
    pods: int
    names: list[str]
    why: str
    """Why they are still there."""
    stuck: bool
    """They stay until somebody does something."""


def old_template(kind: str, one: WorkloadGate, tally: Tally) -> OldTemplate | None:
    """Which pods of the workload are not of its current template; None where all are."""
    meta, status = one.metadata, one.status
    if meta is None or status is None:
        return None
    owner = OwnerKey(meta.namespace, kind, meta.name)
    made = tally.revisions.get(owner)
    if made is None:
        return None
    if kind == "Deployment":
        pods = (status.replicas or 0) - (status.updated_replicas or 0)
        names: list[str] = []
    else:
        now = status.update_revision or ""
        if kind == "DaemonSet":
            now = (meta.annotations or {}).get(_GENERATION, "")
        old = {revision: group for revision, group in made.items() if revision != now}
        pods = sum(group.pods for group in old.values()) if now else 0
        names = [name for group in old.values() for name in group.names][:MOST_NAMES]
    if pods <= 0:
        return None
    if one.paused:
        return OldTemplate(owner, pods, names, PAUSED, stuck=True)
    if one.on_delete:
        return OldTemplate(owner, pods, names, "its update strategy is OnDelete", stuck=True)
    if one.stuck:
        return OldTemplate(owner, pods, names, "its rollout has not finished in time", stuck=True)
    why = "held there by its partition" if one.partitioned else "a rollout is under way"
    return OldTemplate(owner, pods, names, why, stuck=False)
