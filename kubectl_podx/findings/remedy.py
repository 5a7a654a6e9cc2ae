"""Commands about one pod that many rules offer, and the root of the documentation's links."""

from __future__ import annotations

from kubectl_podx.facts.ownership import controller, workload
from kubectl_podx.findings.command import checked, kubectl
from kubectl_podx.findings.rule import Case
from kubectl_podx.model.reference import RESOURCES

DOCS = "https://kubernetes.io/docs/"
_ROLLOUTS = {"Deployment": "deploy", "StatefulSet": "sts", "DaemonSet": "ds"}


def describe_pod(case: Case) -> str:
    """`kubectl describe pod POD`."""
    return about_pod(case, "describe", "pod")


def about_pod(case: Case, *words: str) -> str:
    """`kubectl WORDS POD`, in the pod's namespace."""
    return kubectl(*words, checked(case.view.reference.name), namespace=namespace(case))


def get(case: Case, kind: str, name: str) -> str:
    """`kubectl get KIND NAME` in the pod's namespace."""
    return kubectl("get", kind.lower(), checked(name), namespace=namespace(case))


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
    """The command that gives the pod's workload new containers, by who owns the pod."""
    target = _rollout(case)
    if target:
        return kubectl("rollout", "restart", target, namespace=namespace(case))
    direct = controller(case.view)
    if direct is not None and direct.kind == "Node":
        return "a static pod: change its manifest on the node, the kubelet makes it anew"
    if direct is None:
        return "no controller makes this pod anew: delete it and create it from its manifest again"
    return about_pod(case, "delete", "pod")


def undo(case: Case) -> str:
    """The command that goes back to the revision before; empty where there is no such thing."""
    target = _rollout(case)
    return kubectl("rollout", "undo", target, namespace=namespace(case)) if target else ""


def _rollout(case: Case) -> str:
    """What `kubectl rollout` takes for the pod's workload; empty for what it does not know."""
    found = workload(case.view)
    kind = _ROLLOUTS.get(found.kind) if found is not None else None
    return f"{kind}/{checked(found.name)}" if found is not None and kind else ""


def owner(case: Case) -> tuple[str, str]:
    """Kind (as kubectl takes it) and name of the workload above the pod, else the pod."""
    found = workload(case.view)
    if found is None or found.kind == "Node" or found.kind not in RESOURCES:
        return "pod", case.view.reference.name
    return found.kind.lower(), found.name


def namespace(case: Case) -> str:
    """The pod's namespace."""
    return case.view.reference.namespace
