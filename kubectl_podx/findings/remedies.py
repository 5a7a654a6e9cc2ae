"""Remedies that many rules share: how to restart what the pod belongs to."""

from __future__ import annotations

from kubectl_podx.facts.ownership import controller, workload
from kubectl_podx.findings.command import checked, kubectl
from kubectl_podx.findings.rule import Case

_ROLLOUTS = {"Deployment": "deploy", "StatefulSet": "sts", "DaemonSet": "ds"}


def restart(case: Case) -> str:
    """The command that gives the pod's workload new containers, by who owns the pod."""
    owner = workload(case.view)
    name, namespace = case.view.reference.name, case.view.reference.namespace
    if owner is not None and owner.kind in _ROLLOUTS:
        target = f"{_ROLLOUTS[owner.kind]}/{checked(owner.name)}"
        return kubectl("rollout", "restart", target, namespace=namespace)
    direct = controller(case.view)
    if direct is not None and direct.kind == "Node":
        return "a static pod: change its manifest on the node, the kubelet makes it anew"
    if direct is None:
        return "no controller makes this pod anew: delete it and create it from its manifest again"
    return kubectl("delete", "pod", checked(name), namespace=namespace)


def describe(case: Case, kind: str, name: str) -> str:
    """The command that shows the object."""
    return kubectl("get", kind.lower(), checked(name), namespace=case.view.reference.namespace)


def undo(case: Case) -> str:
    """The command that goes back to the revision before; empty where there is no such thing."""
    owner = workload(case.view)
    if owner is None or owner.kind not in _ROLLOUTS:
        return ""
    target = f"{_ROLLOUTS[owner.kind]}/{checked(owner.name)}"
    return kubectl("rollout", "undo", target, namespace=case.view.reference.namespace)
