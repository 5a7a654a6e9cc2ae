"""Commands that a remedy offers: built from checked names, quoted for a shell."""

from __future__ import annotations

import re
import shlex

from kubectl_podx.model.reference import RESOURCES
from kubectl_podx.pod.owner import controller, workload
from kubectl_podx.rules.rule import Case

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


# What Kubernetes allows in names of objects, containers and labels; nothing else reaches a command.
_SAFE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/=,@%+-]*[A-Za-z0-9])?")
_PLACEHOLDER = "NAME"


def kubectl(*words: str, namespace: str = "") -> str:
    """`kubectl WORDS -n NAMESPACE`, each word quoted where a shell would read more into it."""
    command = ["kubectl", *words]
    if namespace:
        command += ["-n", checked(namespace)]
    return shlex.join(command)


def checked(name: str) -> str:
    """The name where it is a proper one, else a placeholder: observed bytes never get here."""
    return name if len(name) <= 253 and _SAFE.fullmatch(name) else _PLACEHOLDER
