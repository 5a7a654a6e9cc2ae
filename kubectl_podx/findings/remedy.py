"""Commands that remedies share: about this pod, and about what made it."""

from __future__ import annotations

from kubectl_podx.findings.command import checked, kubectl
from kubectl_podx.findings.rule import Case

DOCS = "https://kubernetes.io/docs/"
_ROLLED_OUT = {"Deployment": "deployment", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}


def describe_pod(case: Case) -> str:
    """`kubectl describe pod POD`."""
    return about_pod(case, "describe", "pod")


def about_pod(case: Case, *words: str) -> str:
    """`kubectl WORDS POD`, in the pod's namespace."""
    return kubectl(*words, checked(case.view.reference.name), namespace=namespace(case))


def get(case: Case, kind: str, name: str) -> str:
    """`kubectl get KIND NAME` in the pod's namespace."""
    return kubectl("get", kind, checked(name), namespace=namespace(case))


def logs(case: Case, container: str, *flags: str) -> str:
    """`kubectl logs POD -c CONTAINER`."""
    name = checked(case.view.reference.name)
    return kubectl("logs", name, "-c", checked(container), *flags, namespace=namespace(case))


def inside(case: Case, container: str, *words: str) -> str:
    """`kubectl exec POD -c CONTAINER -- WORDS`; the words are ours, never observed."""
    name = checked(case.view.reference.name)
    return kubectl(
        "exec", name, "-n", checked(namespace(case)), "-c", checked(container), "--", *words
    )


def edit_owner(case: Case) -> str:
    """`kubectl edit` of what the pod's spec comes from: its workload, else the pod itself."""
    kind, name = owner(case)
    return kubectl("edit", f"{kind}/{checked(name)}", namespace=namespace(case))


def restart(case: Case) -> str:
    """A restart that brings new containers: a rollout where a workload does one, else a delete."""
    kind, name = owner(case)
    if kind in _ROLLED_OUT.values():
        return kubectl("rollout", "restart", f"{kind}/{checked(name)}", namespace=namespace(case))
    return about_pod(case, "delete", "pod")


def owner(case: Case) -> tuple[str, str]:
    """Kind (as kubectl takes it) and name of the workload above the pod, else the pod."""
    for found in reversed(case.report.pod.owners):
        if found.kind in _ROLLED_OUT:
            return _ROLLED_OUT[found.kind], found.name
    for found in case.report.pod.owners:
        if found.kind in ("Job", "CronJob", "ReplicaSet", "ReplicationController"):
            return found.kind.lower(), found.name
    return "pod", case.view.reference.name


def namespace(case: Case) -> str:
    """The pod's namespace."""
    return case.view.reference.namespace
