"""Whether the kubelet starts a container again after it ended."""

from __future__ import annotations

from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.containers import ContainerEntry
from kubectl_podx.pod.pod import Pod


def restarts_after(pod: Json, entry: ContainerEntry, exit_code: int | None) -> bool:
    """Whether an end with this exit code is followed by a new start.

    The order of pkg/api/v1/pod/util.go: the container's restartPolicyRules (only where it has a
    restartPolicy of its own), its restartPolicy, the pod's. A regular init container that ended
    with 0 is done; ephemeral containers are never restarted.
    """
    if entry.kind == "ephemeral" or Pod(pod).terminating or Pod(pod).ended:
        return False
    if entry.kind == "init" and exit_code == 0:
        return False
    if matching_rule(entry, exit_code):
        return True
    policy = policy_of(pod, entry)
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)


def policy_of(pod: Json, entry: ContainerEntry) -> str:
    """The restartPolicy that counts for the container: its own, else the pod's."""
    policy = text(entry.spec, "restartPolicy") or text(pod, "spec", "restartPolicy") or "Always"
    # A regular init container is retried under both, and its success is never repeated.
    return "OnFailure" if entry.kind == "init" and policy == "Always" else policy


def matching_rule(entry: ContainerEntry, exit_code: int | None) -> str:
    """The action of the first of the container's restartPolicyRules that matches; else empty."""
    if exit_code is None or not text(entry.spec, "restartPolicy"):
        return ""
    for rule in items(entry.spec, "restartPolicyRules"):
        values = dig(rule, "exitCodes", "values")
        listed = isinstance(values, list) and exit_code in values
        operator = text(rule, "exitCodes", "operator")
        if (operator == "In" and listed) or (operator == "NotIn" and not listed):
            return text(rule, "action")
    return ""
