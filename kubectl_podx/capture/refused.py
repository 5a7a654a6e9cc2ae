"""The least Roles that allow what the API server refused to a pod, by what its logs tell. Pure.

A log is testimony: only refusals of the pod's own service account count, in the words of RBAC, and
nothing that would hand out more than was asked for goes into a Role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from kubectl_podx.model.capture import Capture, CapturedPod
from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.pod import Pod
from kubectl_podx.pod.said import Denied, refusals

_API = "rbac.authorization.k8s.io"
_VERBS = frozenset(
    ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
)
_BY_NAME = frozenset(("get", "update", "patch", "delete"))
_RESOURCE = lazy(r"[a-z][a-z0-9-]{0,62}(?:/[a-z]{1,40})?")
_GROUP = lazy(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)?")
_NAME = lazy(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Refused(Struct, frozen=True):
    """What the logs of pods tell."""

    roles: list[dict[str, Any]]
    """Roles and ClusterRoles, each followed by its binding."""
    left_out: list[str]
    """Refusals that no Role is made for, a sentence each."""


def refused(capture: Capture) -> Refused:
    """What the service accounts of these pods were refused."""
    wanted: dict[tuple[str, str, str], list[Denied]] = {}
    left_out: list[str] = []
    for captured in capture.pods:
        namespace, account = _account(capture, captured)
        for one in _refusals(captured):
            why = _why_not(one, namespace, account)
            if why:
                left_out.append(f"{one.verb} {one.resource}: {why}")
            else:
                wanted.setdefault((namespace, account, one.namespace), []).append(one)
    roles = [
        made
        for (namespace, account, where), several in wanted.items()
        for made in _role(namespace, account, where, several)
    ]
    return Refused(roles, list(dict.fromkeys(left_out)))


def _account(capture: Capture, captured: CapturedPod) -> tuple[str, str]:
    stored = capture.objects.get(captured.reference)
    body = (stored.body if stored else None) or {}
    reference = Reference.of_key(captured.reference)
    return reference.namespace, Pod(body).service_account or "default"


def _refusals(captured: CapturedPod) -> list[Denied]:
    lines = (line for tail in captured.logs for line in tail.lines)
    return list(dict.fromkeys(one for line in lines for one in refusals(line)))


def _why_not(one: Denied, namespace: str, account: str) -> str:
    if one.user != f"system:serviceaccount:{namespace}:{account}":
        return f"it was {one.user} that was refused, not the pod's ServiceAccount {account}"
    if one.verb not in _VERBS:
        return "the verb is none of those that podx hands out"
    if not _RESOURCE.fullmatch(one.resource) or not _GROUP.fullmatch(one.group):
        return "it is no resource"
    if one.namespace and not _NAME.fullmatch(one.namespace):
        return "its namespace is no name"
    return ""


def _role(
    namespace: str, account: str, where: str, several: list[Denied]
) -> Iterator[dict[str, Any]]:
    kind = "Role" if where else "ClusterRole"
    name = f"{account}-from-logs" if where else f"{namespace}-{account}-from-logs"
    metadata = {"name": name, **({"namespace": where} if where else {})}
    yield {
        "apiVersion": f"{_API}/v1",
        "kind": kind,
        "metadata": metadata,
        "rules": list(_rules(several)),
    }
    yield {
        "apiVersion": f"{_API}/v1",
        "kind": f"{kind}Binding",
        "metadata": dict(metadata),
        "roleRef": {"apiGroup": _API, "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


def _rules(several: Iterable[Denied]) -> Iterator[dict[str, Any]]:
    """A rule for each resource, and for the objects of it that were named."""
    verbs: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for one in several:
        named = one.verb in _BY_NAME and bool(_NAME.fullmatch(one.name))
        key = (one.group, one.resource, (one.name,) if named else ())
        known = verbs.setdefault(key, [])
        if one.verb not in known:
            known.append(one.verb)
    for (group, resource, names), together in verbs.items():
        rule: dict[str, Any] = {"apiGroups": [group], "resources": [resource], "verbs": together}
        yield {**rule, "resourceNames": list(names)} if names else rule


def pods_of(capture: Capture) -> list[str]:
    """`NAMESPACE/NAME` of each pod."""
    return [
        f"{reference.namespace}/{reference.name}"
        for reference in (Reference.of_key(one.reference) for one in capture.pods)
    ]
