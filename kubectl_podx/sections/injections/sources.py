"""Who made a difference between a pod and its template, and how sure that is. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import selects
from kubectl_podx.pod.own import is_own_path
from kubectl_podx.pod.owner import controller_kind
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections.injectors import (
    DEFAULTING,
    LIMIT_RANGER,
    ORDINARY,
    PRIORITY,
    RUNTIME_CLASS,
    SERVICE_ACCOUNT,
    Source,
    is_default,
    scheduling_source,
)
from kubectl_podx.sections.injections.items import Difference
from kubectl_podx.sections.injections.report import Injection

# They write a pod's status, its binding and its conditions as long as it lives.
_OF_KUBERNETES = frozenset({"kubelet", "kube-scheduler", "kube-controller-manager"})
_WHOLE_CONTAINER = lazy(r"spec\.(?:initC|c)ontainers\[[^\]]*\]")
_STEP = lazy(r"[.\[]")

_SUBRESOURCES = {
    "resize": "an in-place resize",
    "ephemeralcontainers": "a debug container",
}


class Edit(Struct, frozen=True):
    """A field that was written after the creation."""

    by: str
    """`kubectl-label`, or `an in-place resize by kubectl`."""
    time: str
    """RFC 3339; of the manager's last write, which may be of another field."""
    subresource: str


def edits(view: PodView) -> dict[str, Edit]:
    """Path -> who owns it, for the fields of everybody but the creator and Kubernetes' own."""
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    found: dict[str, Edit] = {}
    for entry in items(view.pod, "metadata", "managedFields"):
        manager, subresource = text(entry, "manager"), text(entry, "subresource")
        written = parse_time(dig(entry, "time"))
        spoken = _SUBRESOURCES.get(subresource, "")
        if not spoken and (subresource or manager in _OF_KUBERNETES):
            continue
        if not spoken and (created is None or written is None or written <= created):
            continue
        by = f"{spoken} by {manager}" if spoken else manager
        paths = _leaves(dig(entry, "paths"))
        created_it = text(entry, "operation") != "Apply" and _owns_a_container(entry)
        if created_it and not subresource:
            continue
        for path in paths:
            if is_own_path(path):
                continue
            found[path] = Edit(by, text(entry, "time"), subresource)
    return found


def _owns_a_container(entry: Json) -> bool:
    paths = dig(entry, "paths")
    return isinstance(paths, list) and any(
        isinstance(path, str) and _WHOLE_CONTAINER.fullmatch(path) for path in paths
    )


def _leaves(paths: object) -> list[str]:
    """The paths that no other of them lies below: that an item is there says nothing of its
    fields.
    """
    known = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []
    above = {path[: step.start()] for path in known for step in _STEP.finditer(path)}
    return [path for path in known if path not in above]


def edit_of(path: str, known: dict[str, Edit]) -> Edit | None:
    """The edit of this field, of a part of it, or of what holds it."""
    if path in known:
        return known[path]
    if _WHOLE_CONTAINER.fullmatch(path):
        # Its image may be written later; the container itself was there before.
        return None
    for owned, edit in known.items():
        inside = owned.startswith((f"{path}.", f"{path}["))
        if inside or path.startswith((f"{owned}.", f"{owned}[")):
            return edit
    return None


_LAST_ITEM = lazy(r"\[([^\[\]]*)\]$")
_NAME_LABEL = "kubernetes.io/metadata.name"


class Candidate(Struct, frozen=True):
    """Somebody who was asked when the pod was created, as far as objects of now tell."""

    kind: Literal["MutatingAdmissionPolicy", "MutatingWebhookConfiguration"]
    name: str
    conditional: bool
    """It has conditions in CEL, which are not worked out here."""
    words: str
    """A policy's expressions with every quote as a double one, as CEL takes both; the names that it
    writes stand in them. Empty for a webhook.
    """

    @property
    def spoken(self) -> str:
        """`MutatingAdmissionPolicy add-cache`."""
        return f"{self.kind} {self.name}"


def candidates(view: PodView) -> list[Candidate]:
    """Policies and webhooks that match the pod's creation; none where they were not read."""
    labels = mapping(view.pod, "metadata", "labels")
    namespace = _namespace_labels(view)
    return [*_policies(view, labels, namespace), *_webhooks(view, labels, namespace)]


def writes(candidate: Candidate, path: str) -> bool:
    """Whether a policy's expressions name what stands at this path as something to write.

    An item of a list by its name in quotes, a field as `FIELD:` of an object or `/FIELD` of a JSON
    patch: a policy that only asks about a container does not speak of the container's fields.
    """
    if not candidate.words:
        return False
    if not path.endswith("]"):
        field = re.escape(path.rpartition(".")[2])
        return re.search(rf"\b{field}:|/{field}\b", candidate.words) is not None
    item = _LAST_ITEM.search(path)
    # An envFrom item is spoken of as `KIND NAME prefix …`; policies write the name.
    thing = item[1].split(" ")[1:2] if item and ".envFrom[" in path else [item[1]] if item else []
    return bool(thing) and f'"{thing[0]}"' in candidate.words


def were_read(view: PodView) -> bool:
    """Whether anything is known of them: `injected` asks, a whole report does not."""
    return "MutatingWebhookConfiguration/" in view.capture.lists


def _namespace_labels(view: PodView) -> Json | None:
    """The labels of the pod's namespace; only its name where the namespace was not read."""
    stored = view.capture.objects.get(f"Namespace//{view.reference.namespace}")
    if stored is not None and stored.body is not None:
        return mapping(stored.body, "metadata", "labels")
    return None


def _listed(view: PodView, kind: str) -> list[Json]:
    return view.capture.listed(f"{kind}/")


def _policies(view: PodView, labels: Json, namespace: Json | None) -> Iterator[Candidate]:
    bindings = _listed(view, "MutatingAdmissionPolicyBinding")
    for policy in _listed(view, "MutatingAdmissionPolicy"):
        name, spec = text(policy, "metadata", "name"), mapping(policy, "spec")
        bound = [one for one in bindings if text(one, "spec", "policyName") == name]
        if not bound or not _existed(view, policy):
            continue
        constraints = mapping(spec, "matchConstraints")
        if not _constraints(view, constraints, labels, namespace):
            continue
        if not any(
            _constraints(view, mapping(one, "spec", "matchResources"), labels, namespace)
            for one in bound
        ):
            continue
        yield Candidate(
            "MutatingAdmissionPolicy",
            name,
            bool(items(spec, "matchConditions")),
            _expressions(spec),
        )


def _expressions(spec: Json) -> str:
    both = [dig(spec, "mutations"), dig(spec, "variables")]
    words = msgspec.json.encode(both).decode()
    return words.replace('\\\\"', '"').replace('\\"', '"').replace("'", '"')


def _webhooks(view: PodView, labels: Json, namespace: Json | None) -> Iterator[Candidate]:
    for configuration in _listed(view, "MutatingWebhookConfiguration"):
        if not _existed(view, configuration):
            continue
        for webhook in items(configuration, "webhooks"):
            if not any(_rule(rule) for rule in items(webhook, "rules")):
                continue
            if _selected(view, webhook, labels, namespace):
                name = f"{text(configuration, 'metadata', 'name')} ({text(webhook, 'name')})"
                conditional = bool(items(webhook, "matchConditions"))
                yield Candidate("MutatingWebhookConfiguration", name, conditional, "")


def _existed(view: PodView, body: Json) -> bool:
    """Whether it is older than the pod; what cannot be dated may be."""
    made = parse_time(dig(body, "metadata", "creationTimestamp"))
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    return made is None or created is None or made <= created


def _constraints(view: PodView, found: Json, labels: Json, namespace: Json | None) -> bool:
    """A policy's matchConstraints, or a binding's matchResources, where an absent one matches."""
    rules, excluded = items(found, "resourceRules"), items(found, "excludeResourceRules")
    # A generated name is made after admission: until then the request has none.
    name = "" if text(view.pod, "metadata", "generateName") else view.reference.name
    if any(_rule(rule, name) for rule in excluded):
        return False
    if rules and not any(_rule(rule, name) for rule in rules):
        return False
    return _selected(view, found, labels, namespace)


def _rule(rule: Json, name: str = "") -> bool:
    """Whether the creation of a Pod is one of the rule's operations on its resources."""

    def has(field: str, *words: str) -> bool:
        given = dig(rule, field)
        return isinstance(given, list) and any(word in given for word in (*words, "*"))

    names = dig(rule, "resourceNames")
    named = not isinstance(names, list) or not names or name in names
    scope = text(rule, "scope") or "*"
    return (
        named
        and scope in ("*", "Namespaced")
        and has("operations", "CREATE")
        and has("apiGroups", "")
        and has("apiVersions", "v1")
        and has("resources", "pods", "*/*", "pods/*")
        and not _only_subresources(rule)
    )


def _only_subresources(rule: Json) -> bool:
    """`pods/*` alone means the subresources, `*/*` everything."""
    given = dig(rule, "resources")
    words = given if isinstance(given, list) else []
    return not any(word in ("pods", "*", "*/*") for word in words)


def _selected(view: PodView, found: Json, labels: Json, namespace: Json | None) -> bool:
    """An absent selector selects everything; a broken one, or an unknown namespace, may."""
    chosen: Any = dig(found, "objectSelector")
    if chosen is not None and selects(chosen, labels) is False:
        return False
    place: Any = dig(found, "namespaceSelector")
    if place is None:
        return True
    if namespace is None:
        # Every namespace has its own name as a label (since 1.21); its other labels are unknown.
        wanted = mapping(place, "matchLabels").get(_NAME_LABEL)
        return wanted in (None, view.reference.namespace)
    return selects(place, namespace) is not False


_LIMITED = lazy(r"(?P<names>.+) (?P<what>request|limit) for (?:init )?container (?P<who>\S+)")
_ITEM = lazy(r"\[([^\]]*)\]")
_RESOURCES = lazy(r"\.resources\.(?P<what>requests|limits)\.(?P<name>.+)$")
_PRIORITY = ("spec.priority", "spec.preemptionPolicy", "spec.priorityClassName")
_ACCOUNT = ("spec.serviceAccountName", "spec.serviceAccount", "spec.imagePullSecrets")
_MOST_CANDIDATES = 3


class Sources:
    """What is known of one pod's creation and of who wrote it since."""

    def __init__(self, view: PodView) -> None:
        self._view = view
        self._edits = edits(view)
        self._limited = set(_limited(view))
        self._candidates = candidates(view)
        self._by_name = {
            # The first of a name, as a list of the API is read.
            field: {text(one, "name"): dict(one) for one in items(view.pod, "spec", field)[::-1]}
            for field in ("containers", "initContainers")
        }

    def rows(self, found: Iterable[Injection]) -> list[Injection]:
        """The rows, each with the best source that is known for it."""
        return [self._attributed(row) for row in found]

    def row(self, difference: Difference) -> Injection:
        """The row of a field that nothing but its path and value tells of."""
        source = self._ordinary(difference)
        return Injection(
            path=difference.path,
            change=difference.change,
            by=source.name,
            confidence=source.confidence,
        )

    def _attributed(self, row: Injection) -> Injection:
        edit = edit_of(row.path, self._edits)
        if edit is not None:
            return _edited(row, edit)
        # It comes before the defaults: a request that it set may be equal to its limit.
        if self._by_limit_ranger(row.path):
            return msgspec.structs.replace(
                row, by=LIMIT_RANGER, confidence="proven", detail="its annotation names it"
            )
        if row.by in ORDINARY or row.confidence == "proven":
            return row
        of_cluster = scheduling_source(self._view, row)
        if of_cluster is not None:
            return of_cluster
        return row if row.by else self._guessed(row)

    def _guessed(self, row: Injection) -> Injection:
        """The policies and webhooks that match the pod; best those that speak of the thing."""
        speaking = [one for one in self._candidates if writes(one, row.path)]
        chosen = speaking or self._candidates
        if not chosen:
            return row
        shown = [one.spoken for one in chosen[:_MOST_CANDIDATES]]
        left = len(chosen) - len(shown)
        who = " or ".join(shown) + (f" or {left} more" if left else "")
        sure = len(speaking) == 1
        how = "it matches the pod and writes this name" if speaking else "it matches the pod"
        if any(one.conditional for one in chosen):
            how += "; its conditions are not worked out"
        detail = "; ".join(part for part in (row.detail, how) if part)
        return msgspec.structs.replace(
            row, by=who, confidence="likely" if sure else "possible", detail=detail
        )

    def _by_limit_ranger(self, path: str) -> bool:
        match, names = _RESOURCES.search(path), _ITEM.findall(path)
        if match is None or not names:
            return False
        return (names[0], match["what"].removesuffix("s"), match["name"]) in self._limited

    def _ordinary(self, difference: Difference) -> Source:
        """What Kubernetes itself does to every pod of this kind."""
        path = difference.path
        if path.startswith(_PRIORITY):
            return Source(PRIORITY, "proven")
        if path.startswith(_ACCOUNT):
            return Source(SERVICE_ACCOUNT, "proven" if path != _ACCOUNT[2] else "likely")
        if path.startswith("spec.overhead"):
            return Source(RUNTIME_CLASS, "proven")
        controller = self._controller(path)
        if controller:
            return Source(controller, "proven")
        spec = mapping(self._view.pod, "spec")
        container = self._container(path)
        if difference.change == "added" and is_default(path, difference.live, container, spec):
            return Source(DEFAULTING, "proven")
        return Source()

    def _controller(self, path: str) -> str:
        owner = controller_kind(self._view)
        own = {
            "StatefulSet": ("spec.hostname", "spec.subdomain"),
            "DaemonSet": ("spec.affinity",),
            "Job": ("spec.hostname", "spec.subdomain"),
        }.get(owner, ())
        return f"the {owner} controller" if path.startswith(own or ("-",)) else ""

    def _container(self, path: str) -> dict[str, object] | None:
        names = _ITEM.findall(path)
        if not path.startswith(("spec.containers[", "spec.initContainers[")) or not names:
            return None
        field = path.partition("[")[0].removeprefix("spec.")
        return self._by_name[field].get(names[0])


def _edited(row: Injection, edit: Edit) -> Injection:
    when = f"managedFields, written {edit.time}" if edit.time else "managedFields"
    detail = "; ".join(part for part in (row.detail, when) if part)
    confidence = "proven" if edit.subresource else "likely"
    return msgspec.structs.replace(
        row, by=edit.by, confidence=confidence, detail=detail, edited=True
    )


def _limited(view: PodView) -> Iterator[tuple[str, str, str]]:
    """Container, `request` or `limit`, and resource of everything that LimitRanger says it set.

    `LimitRanger plugin set: cpu, memory request for container app; cpu limit for container app`
    (plugin/pkg/admission/limitranger/admission.go).
    """
    said = text(mapping(view.pod, "metadata", "annotations"), "kubernetes.io/limit-ranger")
    for part in said.partition(": ")[2].split("; "):
        match = _LIMITED.fullmatch(part.strip())
        for resource in match["names"].split(", ") if match else ():
            yield match["who"] if match else "", match["what"] if match else "", resource
