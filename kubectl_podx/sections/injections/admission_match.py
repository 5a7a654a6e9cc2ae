"""Which webhooks and admission policies may have changed a pod when it was created. Pure.

The rules are the API server's own (apiserver/pkg/admission/plugin/webhook/predicates and
plugin/policy/matching): rules, namespaceSelector, objectSelector. Conditions in CEL are not worked
out, so a match is a candidate and no proof. Objects as they are now may not be those of then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import msgspec

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import selects
from kubectl_podx.pod.view import PodView

_LAST_ITEM = re.compile(r"\[([^\[\]]*)\]$")
_NAME_LABEL = "kubernetes.io/metadata.name"


class Candidate(NamedTuple):
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
    stored = view.capture.lists.get(f"{kind}/")
    return list(items({"items": stored.items if stored else []}, "items"))


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
