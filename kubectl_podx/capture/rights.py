"""The rights that the plan asks for: as rows to ask about, and as Roles to grant. Pure.

There is no second list: all of this is made of `plan.pod_calls`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kubectl_podx.capture import plan
from kubectl_podx.capture.plan import LookOptions, PlannedCall, Right
from kubectl_podx.model.raw import Json
from kubectl_podx.model.reference import RESOURCES, Reference

_SAMPLE = Reference("Pod", "", "pod")
_ENDED = {"terminated": {"exitCode": 137, "containerID": "containerd://ended"}}
# One of everything that makes the plan ask for something.
_SAMPLE_POD: Json = {
    "kind": "Pod",
    "metadata": {
        "name": "pod",
        "uid": "uid",
        "labels": {"app": "web", "pod-template-hash": "5f"},
        "ownerReferences": [
            {"kind": kind, "name": "owner", "controller": True}
            for kind in ("ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController")
        ],
    },
    "spec": {
        "nodeName": "node",
        "serviceAccountName": "account",
        "runtimeClassName": "sandboxed",
        "imagePullSecrets": [{"name": "registry"}],
        "containers": [
            {
                "name": "app",
                "resources": {"limits": {"memory": "64Mi"}},
                "envFrom": [
                    {"configMapRef": {"name": "settings"}},
                    {"secretRef": {"name": "login"}},
                ],
                "livenessProbe": {"exec": {"command": ["true"]}},
            }
        ],
        "volumes": [
            {"name": "s", "secret": {"secretName": "login"}},
            {"name": "c", "configMap": {"name": "settings"}},
            {"name": "d", "persistentVolumeClaim": {"claimName": "claim"}},
        ],
    },
    "status": {
        "containerStatuses": [
            {"name": "app", "state": {"running": {}}, "ready": False, "lastState": _ENDED}
        ]
    },
}
# Without a node the plan asks which nodes there are.
_PENDING_POD: Json = {"kind": "Pod", "spec": {"nodeSelector": {"disk": "ssd"}}}
_OWNER_OF: dict[str, Json] = {
    "ReplicaSet": {
        "metadata": {"ownerReferences": [{"kind": "Deployment", "name": "owner"}]},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    },
    "Job": {"metadata": {"ownerReferences": [{"kind": "CronJob", "name": "owner"}]}},
    "PersistentVolumeClaim": {"spec": {"volumeName": "volume"}},
}

Key = tuple[str, str, str, str, str]
"""Verb, resource, group, namespace, name: what a question is about."""


class Need(NamedTuple):
    """One question for the API server's authorizer, and why it is asked."""

    verb: str
    right: Right
    optional: bool
    sections: tuple[str, ...]

    @property
    def key(self) -> Key:
        """Two needs with one key are one question."""
        right = self.right
        return self.verb, right.resource, right.group, right.namespace, right.name


def needs(calls: Iterable[PlannedCall], *, exec_verbs: tuple[str, ...] = ()) -> list[Need]:
    """The questions that these calls raise, each once, in the order of the plan."""
    found: dict[Key, Need] = {}
    for call in calls:
        for verb in verbs_of(call, exec_verbs):
            one = Need(verb, call.right, call.optional_right, call.sections)
            known = found.get(one.key)
            sections = tuple(dict.fromkeys((*(known.sections if known else ()), *call.sections)))
            found[one.key] = one._replace(sections=sections)
    return list(found.values())


def verbs_of(call: PlannedCall, exec_verbs: tuple[str, ...]) -> tuple[str, ...]:
    """The verbs that this server asks for; `exec_verbs` replaces an exec's, where given."""
    return exec_verbs if call.kind == "exec" and exec_verbs else call.right.verbs


def exec_verbs(server_version: str) -> tuple[str, ...]:
    """What an exec over a WebSocket, which is a GET, needs on this server.

    `create` beside `get` since 1.35 (AuthorizePodWebsocketUpgradeCreatePermission).
    """
    major, _, rest = server_version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0].rstrip("+")
    if major == "1" and minor.isdigit() and int(minor) < 35:
        return ("get",)
    return ("get", "create")


def any_pod(namespace: str, options: LookOptions | None = None) -> list[PlannedCall]:
    """The calls for a pod that has one of everything, in this namespace, without names."""
    options = options or LookOptions()
    reference = _SAMPLE._replace(namespace=namespace)
    listing = plan.right_to("list", RESOURCES["Pod"], namespace)
    calls = [
        plan.get_pod(reference),
        PlannedCall("list", "Pod", ("all",), listing, reference),
        *plan.pod_calls(reference, _SAMPLE_POD, options),
        *plan.pod_calls(reference, _PENDING_POD, options),
    ]
    for kind, body in _OWNER_OF.items():
        calls += plan.follow_ups(Reference(kind, namespace, "owner"), body, options)
    return [call._replace(right=call.right._replace(name="")) for call in calls]


def roles(calls: Iterable[PlannedCall], namespace: str, name: str) -> list[dict[str, Any]]:
    """The least Roles for these calls, the optional rights left out.

    A Role in the pod's namespace, one in `default` for the events of nodes, and a ClusterRole for
    the reads of Nodes and PersistentVolumes, which are in no namespace.
    """
    least = [need for need in needs(calls) if not need.optional]
    places = dict.fromkeys((namespace, *(need.right.namespace for need in least)))
    made = []
    for place in places:
        mine = [need for need in least if need.right.namespace == place]
        if mine:
            made.append(_role(place, name, mine))
    return made


# What a triage inside of the cluster goes without: a Role for all namespaces is no place for it.
_NOT_EVERYWHERE = frozenset({"secrets", "pods/exec", "nodes/proxy", "configmaps"})


def triage_role(name: str) -> dict[str, Any]:
    """The ClusterRole of a triage of all namespaces: its scan, and what its looks ask for, but for
    Secrets, ConfigMaps and execs.
    """
    calls = [*plan.triage_calls(), *any_pod("", LookOptions(exec_allowed=False))]
    wanted = {
        (need.verb, need.right.group, need.right.resource): need._replace(
            right=need.right._replace(namespace="")
        )
        for need in needs(calls)
        if not need.optional and need.right.resource not in _NOT_EVERYWHERE
    }
    return _role("", name, list(wanted.values()))


def probe_counters(name: str) -> dict[str, Any]:
    """The ClusterRole for what is left out of `roles`. It amounts to root on every node."""
    optional = [need for need in needs(any_pod("")) if need.optional]
    return _role("", f"{name}-probe-counters", optional)


def _role(namespace: str, name: str, wanted: list[Need]) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role" if namespace else "ClusterRole",
        "metadata": metadata,
        "rules": list(_rules(wanted)),
    }


def _rules(wanted: list[Need]) -> Iterator[dict[str, Any]]:
    """A rule for all resources of one group that need the same verbs."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for need in wanted:
        known = verbs.setdefault((need.right.group, need.right.resource), [])
        if need.verb not in known:
            known.append(need.verb)
    rules: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, resource), several in verbs.items():
        rules.setdefault((group, tuple(several)), []).append(resource)
    for (group, together), resources in rules.items():
        yield {"apiGroups": [group], "resources": resources, "verbs": list(together)}
