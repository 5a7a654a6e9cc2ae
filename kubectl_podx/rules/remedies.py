"""Commands that tell more and change nothing: built from checked names, quoted for a shell."""

from __future__ import annotations

import shlex

from kubectl_podx.model.patterns import lazy
from kubectl_podx.rules.rule import Case

DOCS = "https://kubernetes.io/docs/"


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


def what_is_there(case: Case, kind: str, name: str, key: str = "") -> str:
    """What there is instead of what is missing: the object's keys, else its neighbours' names.

    `kubectl describe` shows the keys of a Secret and no value.
    """
    stored = case.view.object(kind, name)
    if key or (stored is not None and stored.state == "present"):
        return kubectl("describe", kind.lower(), checked(name), namespace=namespace(case))
    return kubectl("get", f"{kind.lower()}s", namespace=namespace(case))


def namespace(case: Case) -> str:
    """The pod's namespace."""
    return case.view.reference.namespace


# What Kubernetes allows in names of objects, containers and labels; nothing else reaches a command.
_SAFE = lazy(r"[A-Za-z0-9]([A-Za-z0-9._:/=,@%+-]*[A-Za-z0-9])?")
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
