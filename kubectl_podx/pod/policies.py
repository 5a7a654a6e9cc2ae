"""Network policies, also of Calico and Cilium: which of them select a pod and limit its egress.

Calico: https://docs.tigera.io/calico/latest/reference/resources/networkpolicy
Cilium: https://docs.cilium.io/en/stable/security/policy/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.raw import Json, dig, items, mapping, text
from kubectl_podx.model.reference import selects
from kubectl_podx.pod.view import PodView

IN_NAMESPACE = ("CalicoNetworkPolicy", "CiliumNetworkPolicy")
"""Kinds of add-ons, by what they are called here: Calico's is a NetworkPolicy, too."""
EVERYWHERE = ("CalicoGlobalNetworkPolicy", "CiliumClusterwideNetworkPolicy")
_TERM = lazy(
    r"""\s*(?P<key>[\w./-]{1,317})\s*(?P<op>==|!=)\s*(?P<quote>['"])(?P<value>[^'"]{0,63})(?P=quote)\s*"""
)
_HAS = lazy(r"\s*(?P<no>!?)\s*has\(\s*(?P<key>[\w./-]{1,317})\s*\)\s*")


def limiting_egress(view: PodView) -> list[str]:
    """`NetworkPolicy/deny`, by kind and name: those that were read, that select the pod, and that
    limit to whom it may connect. One whose selector is not understood here is left out.
    """
    labels = mapping(view.pod, "metadata", "labels")
    namespace = view.reference.namespace
    found = [f"NetworkPolicy/{name}" for name in _kubernetes(view, namespace, labels)]
    for kind in (*IN_NAMESPACE, *EVERYWHERE):
        where = namespace if kind in IN_NAMESPACE else ""
        for body in view.capture.listed(f"{kind}/{where}"):
            judge = _calico if kind.startswith("Calico") else _cilium
            if judge(body, labels):
                found.append(f"{kind}/{text(body, 'metadata', 'name')}")
    return sorted(found)


def _kubernetes(view: PodView, namespace: str, labels: Json) -> Iterator[str]:
    """A policy without policyTypes limits egress only where it has rules for it
    (pkg/apis/networking/v1/defaults.go).
    """
    for policy in view.capture.listed(f"NetworkPolicy/{namespace}"):
        if _limits(policy, "policyTypes") and selects(
            dig(policy, "spec", "podSelector") or {}, labels
        ):
            yield text(policy, "metadata", "name")


def _limits(policy: Json, field: str) -> bool:
    """Whether it is about egress: its types say so, else it has rules for it."""
    types = dig(policy, "spec", field)
    return "Egress" in types if isinstance(types, list) else bool(dig(policy, "spec", "egress"))


def _calico(policy: Json, labels: Json) -> bool:
    """Without `types` it limits ingress, and egress where it has rules for it. Which namespaces a
    global one is about is not known here.
    """
    everywhere = not text(policy, "spec", "namespaceSelector")
    return (
        _limits(policy, "types")
        and everywhere
        and calico_selects(text(policy, "spec", "selector"), labels)
    )


def calico_selects(selector: str, labels: Mapping[str, object]) -> bool:
    """Whether Calico's selector selects the labels; no where it is more than terms and `&&`."""
    for term in (selector or "all()").split("&&"):
        if term.strip() in ("all()", ""):
            continue
        has, compared = _HAS.fullmatch(term), _TERM.fullmatch(term)
        if has is not None:
            if (has["key"] in labels) == bool(has["no"]):
                return False
        elif compared is not None:
            if (labels.get(compared["key"]) == compared["value"]) != (compared["op"] == "=="):
                return False
        else:
            return False
    return True


def _cilium(policy: Json, labels: Json) -> bool:
    """Each rule that selects the pod and has an egress section denies the rest of its egress."""
    rules = [mapping(policy, "spec"), *items(policy, "specs")]
    return any(
        (dig(rule, "egress") is not None or dig(rule, "egressDeny") is not None)
        and isinstance(dig(rule, "endpointSelector"), dict)
        and selects(_plain(mapping(rule, "endpointSelector")), labels)
        for rule in rules
    )


def _plain(selector: Json) -> Json:
    """The selector without the sources before its keys: `k8s:app`, `any:app`."""
    named = mapping(selector, "matchLabels")
    terms = [
        {**term, "key": text(term, "key").rpartition(":")[2]}
        for term in items(selector, "matchExpressions")
    ]
    return {
        "matchLabels": {str(key).rpartition(":")[2]: value for key, value in named.items()},
        "matchExpressions": terms,
    }
