"""A node that fits: what the scheduler would say of the pod now, node by node.

In the order of its filters; of each node the first reason counts, as in FailedScheduling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct

from kubectl_podx.model.parts import Coverage
from kubectl_podx.model.raw import Json, dig, items, mapping, number, text
from kubectl_podx.model.reference import selects
from kubectl_podx.pod.nodes import repels, taint_text, term_matches, tolerated
from kubectl_podx.pod.owner import controller
from kubectl_podx.pod.requests import host_ports, requests_of
from kubectl_podx.pod.view import PodView
from kubectl_podx.rules.remedies import kubectl
from kubectl_podx.start.report import NodesForPod, StartProblem
from kubectl_podx.start.room import Place, Room, Tenant
from kubectl_podx.view.units import amount_text

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
_DEFAULT = "default-scheduler"
_MOST = 5


class Found(Struct, frozen=True):
    """What the nodes say."""

    nodes: NodesForPod | None = None
    problems: list[StartProblem] = []
    coverage: list[Coverage] = []
    fitting: list[Place] = []


class _Reason(Struct, frozen=True):
    """Why a node is none for the pod."""

    short: str
    """Counted over the nodes: `insufficient cpu`."""
    detail: str = ""
    field: str = ""
    by_preemption: bool = False
    """Ending pods of lower priority would make room."""


_ALIKE = frozenset({"ReplicaSet", "ReplicationController", "Job"})
"""Whose pods differ in nothing that a scheduler looks at."""


def nodes_for(view: PodView, room: Room) -> Found:
    """Which nodes could take the pod, and why the others could not.

    If two nodes could take one pod of a template, at least one can take any other of it: that a pod
    goes only makes room. So they are not asked again.
    """
    owner = controller(view)
    key = owner.uid if owner is not None and owner.kind in _ALIKE else ""
    known = room.told.get(key) if key else None
    if isinstance(known, Found):
        return known
    found = _nodes_for(view, room)
    if key and found.nodes is not None and found.nodes.fit > 1:
        room.told[key] = found
    return found


def _nodes_for(view: PodView, room: Room) -> Found:
    if room.places is None:
        return Found(coverage=[_not_read(view, "Node/", "nodes", "list nodes")])
    coverage = list(_not_checked(view))
    if not room.crowd_known:
        coverage.append(_not_read(view, "Pod/", "what is on the nodes", "list pods"))
    candidates = _candidates(view, room.places)
    seeker = _Seeker(view, room.places)
    fitting: list[Place] = []
    reasons: Counter[str] = Counter()
    first: dict[str, tuple[Place, _Reason]] = {}
    for place in candidates:
        reason = next(seeker.against(place), None)
        if reason is None:
            fitting.append(place)
        else:
            reasons[reason.short] += 1
            first.setdefault(reason.short, (place, reason))
    several = [f"{short} on {count}" for short, count in reasons.most_common()]
    nodes = NodesForPod(
        fitting=[place.name for place in fitting[:_MOST]],
        fit=len(fitting),
        of=len(candidates),
        reasons=several,
    )
    if fitting:
        return Found(nodes, [], coverage, fitting)
    return Found(nodes, [_none_fits(nodes, first, seeker.wanted_node)], coverage)


def _none_fits(
    nodes: NodesForPod, first: dict[str, tuple[Place, _Reason]], wanted: str
) -> StartProblem:
    title = f"No node fits: {', '.join(nodes.reasons)} of {nodes.of} nodes"
    if not nodes.of:
        title = f'Node "{wanted}" does not exist' if wanted else "There is no node"
    room = [reason for _, reason in first.values() if reason.by_preemption]
    evidence = [
        f"node {place.name}: {reason.detail or reason.short}" for place, reason in first.values()
    ]
    if room:
        evidence.append("the scheduler may end pods of lower priority to make room")
    fields = [reason.field for _, reason in first.values() if reason.field]
    field = "spec.nodeName" if wanted and not nodes.of else fields[0] if fields else ""
    return StartProblem(
        kind="node",
        severity="warning" if room else "critical",
        # Pods come and go: what is free now may not be at the start.
        confidence="likely",
        title=title,
        evidence=evidence,
        field=field,
        next=kubectl("get", "nodes"),
    )


def _candidates(view: PodView, places: list[Place]) -> list[Place]:
    """The nodes that are asked: a pod of a DaemonSet, or with a nodeName, has one of its own."""
    name = view.api.node
    if name:
        return [place for place in places if place.name == name]
    terms = items(view.pod, "spec", "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
    names = {
        str(value)
        for term in terms
        for field in items(term, "matchFields")
        if text(field, "key") == "metadata.name" and text(field, "operator") == "In"
        for value in dig(field, "values") or ()
    }
    if terms and names and all(items(term, "matchFields") for term in terms):
        return [place for place in places if place.name in names]
    return places


def _not_checked(view: PodView) -> Iterator[Coverage]:
    scheduler = text(view.pod, "spec", "schedulerName")
    if scheduler and scheduler != _DEFAULT:
        why = f"{scheduler} decides; checked as the default scheduler would"
        yield Coverage(section="start", state="partial", reason=why)
    spread = items(view.pod, "spec", "topologySpreadConstraints")
    if any(text(one, "whenUnsatisfiable") != "ScheduleAnyway" for one in spread):
        why = "topology spread constraints were not checked"
        yield Coverage(section="start", state="partial", reason=why)
    for kind in ("podAffinity", "podAntiAffinity"):
        for term in items(view.pod, "spec", "affinity", kind, _REQUIRED):
            if dig(term, "namespaceSelector"):
                why = f"a term of {kind} with a namespaceSelector was not checked"
                yield Coverage(section="start", state="partial", reason=why)


def _not_read(view: PodView, key: str, what: str, right: str) -> Coverage:
    stored = view.capture.lists.get(key)
    denied = stored is not None and stored.state == "denied"
    if view.capture.source == "manifest":
        return Coverage(
            section="start", state="skipped", reason=f"{what}: no cluster was asked", needs=""
        )
    return Coverage(
        section="start",
        state="denied" if denied else "partial",
        reason=f"{what}: {'forbidden' if denied else 'not read'}",
        needs=right if denied else "",
    )


class _Seeker:
    """What the pod asks for, worked out once for all nodes."""

    def __init__(self, view: PodView, places: list[Place]) -> None:
        pod = view.pod
        self._view = view
        self._places = places
        self.wanted_node = view.api.node
        self._tolerations = items(pod, "spec", "tolerations")
        self._selector = mapping(pod, "spec", "nodeSelector")
        self._terms = items(pod, "spec", "affinity", "nodeAffinity", _REQUIRED, "nodeSelectorTerms")
        self._requests = requests_of(pod)
        self._ports = host_ports(pod)
        self._labels = mapping(pod, "metadata", "labels")
        self._priority = number(pod, "spec", "priority") or 0
        self._preempts = text(pod, "spec", "preemptionPolicy") != "Never"
        admission = view.captured.admission
        self._is_new = admission is not None and admission.basis == "manifest"
        self._volumes = list(_volumes_of(view))

    def against(self, place: Place) -> Iterator[_Reason]:
        """Everything that speaks against the node, the scheduler's first reason first."""
        if not self.wanted_node:
            yield from self._cordon(place)
            yield from self._taints(place)
        yield from self._labels_of(place)
        yield from self._host_ports(place)
        yield from self._resources(place)
        for name, terms in self._volumes:
            if not _fits(terms, place):
                yield _Reason(f"volume {name} cannot be reached")
        if not self.wanted_node:
            yield from self._neighbours(place)

    def _tenants(self, place: Place) -> list[Tenant]:
        return [one for one in place.tenants if not self._replaces(one)]

    def _replaces(self, other: Tenant) -> bool:
        """Whether the new pod takes the place of that one."""
        if self._view.captured.uid:
            return other.uid == self._view.captured.uid
        same = other.namespace == self._view.reference.namespace and bool(self._labels)
        return (
            self._is_new
            and same
            and all(other.labels.get(key) == value for key, value in self._labels.items())
        )

    def _cordon(self, place: Place) -> Iterator[_Reason]:
        if place.cordoned and tolerated(self._tolerations, _UNSCHEDULABLE) is False:
            yield _Reason("cordoned")

    def _taints(self, place: Place) -> Iterator[_Reason]:
        for taint in place.taints:
            if text(taint, "key") == _UNSCHEDULABLE["key"] or not repels(taint):
                continue
            if tolerated(self._tolerations, taint) is False:
                yield _Reason(f"taint {taint_text(taint)} is not tolerated")

    def _labels_of(self, place: Place) -> Iterator[_Reason]:
        for key, value in self._selector.items():
            if place.labels.get(key) != value:
                has = f"{key}={place.labels[key]}" if key in place.labels else f"no label {key}"
                field = "spec.nodeSelector"
                yield _Reason(f"nodeSelector {key}={value} does not match", f"has {has}", field)
        if self._terms and not _fits(self._terms, place):
            yield _Reason("node affinity does not match", field="spec.affinity.nodeAffinity")

    def _host_ports(self, place: Place) -> Iterator[_Reason]:
        for tenant in self._tenants(place) if self._ports else ():
            for port, protocol in sorted(self._ports & tenant.ports):
                short = f"host port {port}/{protocol} is taken"
                yield _Reason(short, f"held by pod {tenant.label}")

    def _resources(self, place: Place) -> Iterator[_Reason]:
        going = [one for one in place.tenants if self._replaces(one)]
        stay = len(place.tenants) - len(going)
        most = place.allocatable.get("pods")
        if most is not None and stay + 1 > most:
            yield _Reason("too many pods", f"{stay} pods of at most {int(most)}")
        for name, asked in sorted(self._requests.items()):
            has = place.allocatable.get(name, Fraction(0))
            used = place.used.get(name, Fraction(0))
            used -= sum((one.requests.get(name, Fraction(0)) for one in going), Fraction(0))
            if not asked or used + asked <= has:
                continue
            tenants = self._tenants(place)
            lower = [one for one in tenants if one.priority < self._priority]
            freed = sum((one.requests.get(name, Fraction(0)) for one in lower), Fraction(0))
            free = max(has - used, Fraction(0))
            detail = (
                f"the pod requests {amount_text(name, asked)} {name}, "
                f"{amount_text(name, free)} of {amount_text(name, has)} is free"
            )
            room = self._preempts and bool(freed) and used - freed + asked <= has
            field = _asking(self._view.pod, name)
            yield _Reason(f"insufficient {name}", detail, field, by_preemption=room)

    def _neighbours(self, place: Place) -> Iterator[_Reason]:
        for term in items(self._view.pod, "spec", "affinity", "podAntiAffinity", _REQUIRED):
            other = next(self._matching(term, place, self._labels), None)
            if other is not None:
                short = "anti-affinity with pods there"
                field = "spec.affinity.podAntiAffinity"
                yield _Reason(short, f"pod {other.label} matches the anti-affinity", field)
        for term in items(self._view.pod, "spec", "affinity", "podAffinity", _REQUIRED):
            if next(self._matching(term, place, self._labels), None) is None:
                if self._is_first(term):
                    continue
                field = "spec.affinity.podAffinity"
                yield _Reason("no pod there that pod affinity asks for", field=field)
        for tenant in self._tenants(place):
            for term in tenant.repels:
                spaces = _namespaces(term, tenant.namespace)
                mine = spaces is None or self._view.reference.namespace in spaces
                same_node = text(term, "topologyKey") == "kubernetes.io/hostname"
                if same_node and mine and selects(dig(term, "labelSelector"), self._labels):
                    short = "anti-affinity of pods there"
                    yield _Reason(short, f"pod {tenant.label} wants none like it beside it")

    def _matching(self, term: Json, place: Place, _labels: object) -> Iterator[Tenant]:
        """Pods that the term speaks of, in the place's part of the topology."""
        if dig(term, "namespaceSelector"):
            return
        key = text(term, "topologyKey")
        if key not in place.labels:
            return
        spaces = _namespaces(term, self._view.reference.namespace)
        for other in self._places:
            if other.labels.get(key) != place.labels[key]:
                continue
            for tenant in self._tenants(other):
                inside = spaces is None or tenant.namespace in spaces
                if inside and selects(dig(term, "labelSelector"), tenant.labels):
                    yield tenant

    def _is_first(self, term: Json) -> bool:
        """A pod that its own affinity selects may be the first of them."""
        anywhere = (next(self._matching(term, one, None), None) for one in self._places)
        if dig(term, "namespaceSelector") or any(one is not None for one in anywhere):
            return bool(dig(term, "namespaceSelector"))
        return selects(dig(term, "labelSelector"), self._labels) is True


def _asking(pod: Json, resource: str) -> str:
    """The field of the container that asks for most of the resource."""
    asked = [
        (requests_of({"spec": {"containers": [spec]}}).get(resource, Fraction(0)), -at)
        for at, spec in enumerate(items(pod, "spec", "containers"))
    ]
    return f"spec.containers[{-max(asked)[1]}].resources.requests.{resource}" if asked else ""


def _namespaces(term: Json, own: str) -> list[str] | None:
    """Where the pods of a term are; None for everywhere."""
    named = dig(term, "namespaces")
    if isinstance(dig(term, "namespaceSelector"), dict):
        return None
    return [str(one) for one in named] if isinstance(named, list) and named else [own]


def _volumes_of(view: PodView) -> Iterator[tuple[str, list[Json]]]:
    """PersistentVolumes that only some nodes reach, with the terms of those."""
    for volume in items(view.pod, "spec", "volumes"):
        name = text(volume, "persistentVolumeClaim", "claimName")
        stored = view.object("PersistentVolumeClaim", name) if name else None
        bound = text(stored.body if stored else None, "spec", "volumeName")
        there = view.object("PersistentVolume", bound) if bound else None
        terms = items(
            there.body if there else None, "spec", "nodeAffinity", "required", "nodeSelectorTerms"
        )
        if terms:
            yield bound, terms


def _fits(terms: list[Json], place: Place) -> bool:
    """Whether one of the terms may match: an operator that is not known speaks against nothing."""
    return any(term_matches(term, place.labels, place.name) is not False for term in terms)
