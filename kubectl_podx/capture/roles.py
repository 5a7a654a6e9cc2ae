"""The least Roles for what is asked: of a report, and of Jobs inside of the cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from kubectl_podx.capture import plan
from kubectl_podx.capture.plan import LookOptions, PlannedCall, get_object
from kubectl_podx.capture.plan_drift import any_drift
from kubectl_podx.capture.plan_start import SECTION, any_start
from kubectl_podx.capture.rehearse import Need, any_pod, needs
from kubectl_podx.model.reference import Reference
from kubectl_podx.pod.workload import TEMPLATES


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


# What a triage inside the cluster does not get: a Role for all namespaces is no place for it.
_NOT_EVERYWHERE = frozenset({"secrets", "pods/exec", "nodes/proxy", "configmaps"})


def triage_role(name: str) -> dict[str, Any]:
    """The ClusterRole of a triage of all namespaces: its scan, and what its looks ask for, but for
    Secrets, ConfigMaps and execs.
    """
    calls = [*plan.triage_calls(), *any_pod("", LookOptions(exec_allowed=False))]
    return _everywhere(name, calls, _NOT_EVERYWHERE)


def drift_role(name: str) -> dict[str, Any]:
    """The ClusterRole of a drift of all namespaces, but for Secrets."""
    shares = [call for call in plan.triage_calls() if call.reference.kind == "Namespace"]
    return _everywhere(name, [*any_drift(""), *shares], frozenset({"secrets"}))


def rehearsal_role(name: str) -> dict[str, Any]:
    """The ClusterRole of a rehearsal of all namespaces, but for Secrets and the dry run."""
    shares = [call for call in plan.triage_calls() if call.reference.kind == "Namespace"]
    owners = [get_object(Reference(kind, "", ""), SECTION) for kind in TEMPLATES]
    return _everywhere(name, [*any_start(""), *shares, *owners], frozenset({"secrets"}))


def _everywhere(name: str, calls: Iterable[PlannedCall], without: frozenset[str]) -> dict[str, Any]:
    wanted = {
        (need.verb, need.right.group, need.right.resource): replace(
            need, right=replace(need.right, namespace="")
        )
        for need in needs(calls)
        if not need.optional and need.right.resource not in without
    }
    return _role("", name, list(wanted.values()))


def apart(name: str, namespace: str) -> list[dict[str, Any]]:
    """What is left out of `roles`: the Role for `--debug-image`, which writes, and the ClusterRole
    for the counters of probes, which amounts to root on every node.
    """
    rest = [need for need in needs(any_pod(namespace)) if need.optional]
    write = _role(namespace, f"{name}-debug-image", [n for n in rest if n.verb == "patch"])
    return [write, _role("", f"{name}-probe-counters", [n for n in rest if n.verb != "patch"])]


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
