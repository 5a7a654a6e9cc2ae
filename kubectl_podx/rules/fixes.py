"""Commands that change what is wrong, each in a form that the API server accepts.

What can be changed where: a controller's pods by its template, a Job's not at all, a bare pod's
memory and CPU by its `resize` subresource (1.33), the rest of a pod by a new one
(https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from kubectl_podx.model.patterns import lazy
from kubectl_podx.model.reference import SHORT_NAMES
from kubectl_podx.pod.owner import Owner, controller, maker_of, workload
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.rules.remedies import about_pod, checked, kubectl, namespace
from kubectl_podx.rules.rule import Case, Fix

_ROLLOUTS = ("Deployment", "StatefulSet", "DaemonSet")
# What has a template that may be changed, and where in it the pod's spec stands.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template", "spec"),
    "StatefulSet": ("spec", "template", "spec"),
    "DaemonSet": ("spec", "template", "spec"),
    "ReplicaSet": ("spec", "template", "spec"),
    "ReplicationController": ("spec", "template", "spec"),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
_STATIC = Fix(instead="It is a static pod: change its manifest on the node.")
_QUANTITY = lazy(r"(\d{1,12})(k|M|G|T|Ki|Mi|Gi|Ti|m)?")


def edit_owner(case: Case) -> Fix:
    """Change the pod's spec by hand, where it comes from: a template, else a new pod."""
    found = _template(case)
    if isinstance(found, Fix):
        return found
    if found is None:
        return _recreated(case, edited=True)
    return Fix(kubectl("edit", _named(found), namespace=namespace(case)), by_hand=True)


def set_pod(case: Case, fields: Mapping[str, Any]) -> Fix:
    """Set these fields of the pod's spec in its template; a bare pod is replaced by hand.

    `fields` is a strategic merge patch: lists of containers go by their names.
    """
    found = _template(case)
    if not isinstance(found, Owner):
        return edit_owner(case)
    patch: Mapping[str, Any] = fields
    for key in reversed(_TEMPLATES[found.kind]):
        patch = {key: patch}
    return Fix(_patch(_named(found), patch, case))


def set_container(case: Case, entry: ContainerEntry, fields: Mapping[str, Any]) -> Fix:
    """Set these fields of one container; see `set_pod`."""
    if entry.kind == "ephemeral":
        return Fix()
    return set_pod(case, _in_its_list(entry, fields))


def set_in(case: Case, container: str, fields: Mapping[str, Any]) -> Fix:
    """The same by the container's name; nothing where the pod has no such container."""
    entry = case.view.container(container)
    return set_container(case, entry, fields) if entry is not None else Fix()


def set_probe(case: Case, container: str, probe: str, fields: Mapping[str, Any]) -> Fix:
    """Set these fields of a container's `liveness`, `readiness` or `startup` probe."""
    return set_in(case, container, {f"{probe}Probe": fields})


def more(case: Case, resource: str, container: str) -> Fix:
    """Twice the container's limit of memory or CPU, without a new pod where that is possible."""
    entry = case.view.container(container)
    doubled = _doubled(entry.limit(resource)) if entry is not None else ""
    if entry is None or not doubled:
        return edit_owner(case)
    resources: dict[str, Any] = {"limits": {resource: doubled}}
    if entry.request(resource) == entry.limit(resource):
        # Else the pod's quality of service would be another, which a resize may not change.
        resources["requests"] = {resource: doubled}
    above = _template(case)
    if isinstance(above, Owner):
        flags = [f"--{kind}={resource}={doubled}" for kind in resources]
        words = ("set", "resources", _named(above), "-c", checked(container), *flags)
        return Fix(kubectl(*words, namespace=namespace(case)))
    if not _resizable(case, entry):
        return edit_owner(case)
    patch = {"spec": _in_its_list(entry, {"resources": resources})}
    target = f"pod/{checked(case.view.reference.name)}"
    return Fix(_patch(target, patch, case, "--subresource=resize"))


def restart(case: Case) -> Fix:
    """New containers for the pod's workload, by who owns the pod."""
    target = _rollout(case)
    if target:
        return Fix(kubectl("rollout", "restart", target, namespace=namespace(case)))
    direct = controller(case.view)
    if direct is not None and direct.kind == "Node":
        return _STATIC
    if direct is None:
        return _recreated(case)
    return Fix(about_pod(case, "delete", "pod"))


def undo(case: Case) -> Fix:
    """Go back to the revision before; nothing where there is no such thing."""
    target = _rollout(case)
    if not target:
        return Fix()
    return Fix(kubectl("rollout", "undo", target, namespace=namespace(case)))


def set_service_port(case: Case, service: str, port: int, target: int) -> Fix:
    """Lead a port of the Service to another port of its pods."""
    patch = {"spec": {"ports": [{"port": port, "targetPort": target}]}}
    return Fix(_patch(f"service/{checked(service)}", patch, case))


def set_selector(case: Case, service: str, key: str, value: str) -> Fix:
    """Let the Service select this value of a label."""
    patch = {"spec": {"selector": {key: value}}}
    return Fix(_patch(f"service/{checked(service)}", patch, case))


def publish_unready(case: Case, service: str) -> Fix:
    """Let the Service have endpoints of pods that are not ready."""
    patch = {"spec": {"publishNotReadyAddresses": True}}
    return Fix(_patch(f"service/{checked(service)}", patch, case))


def _named(owner: Owner) -> str:
    return f"{owner.kind.lower()}/{checked(owner.name)}"


def _in_its_list(entry: ContainerEntry, fields: Mapping[str, Any]) -> dict[str, Any]:
    """These fields of one container, as a part of the pod's spec."""
    where = "containers" if entry.kind == "app" else "initContainers"
    return {where: [{"name": checked(entry.name), **fields}]}


def _patch(target: str, patch: Mapping[str, Any], case: Case, *flags: str) -> str:
    body = msgspec.json.encode(patch).decode()
    return kubectl("patch", target, *flags, "-p", body, namespace=namespace(case))


def _template(case: Case) -> Owner | Fix | None:
    """What has the pod's template; None of a bare pod; else why nothing can be changed there."""
    found = workload(case.view)
    if found is not None and found.kind == "Job":
        above = maker_of(case.view, found)
        if above is None:
            return Fix(
                instead=f"The template of a Job cannot be changed: delete {found.label} and create "
                "it again from its manifest."
            )
        found = above
    if found is None or found.kind in _TEMPLATES:
        return found
    if found.kind == "Node":
        return _STATIC
    return Fix(instead=f"The pod is made by {found.label}: change it there.")


def _recreated(case: Case, *, edited: bool = False) -> Fix:
    """Replace a pod that no controller makes again."""
    name = checked(case.view.reference.name)
    read = kubectl("get", "pod", name, "-o", "yaml", namespace=namespace(case))
    if not edited:
        return Fix(f"{read} | kubectl replace --force -f -")
    edit = f'"${{EDITOR:-vi}}" {name}.yaml'
    replace = f"kubectl replace --force -f {name}.yaml"
    return Fix(f"{read} > {name}.yaml && {edit} && {replace}", by_hand=True)


def _resizable(case: Case, entry: ContainerEntry) -> bool:
    """Whether memory and CPU of a bare pod may be changed in place."""
    if controller(case.view) is not None or case.view.older_than(1, 33):
        return False
    return entry.kind in ("app", "sidecar") and not case.view.api.ended


def _rollout(case: Case) -> str:
    """What `kubectl rollout` takes for the pod's workload; empty for what it does not know."""
    found = workload(case.view)
    if found is None or found.kind not in _ROLLOUTS:
        return ""
    return f"{SHORT_NAMES[found.kind]}/{checked(found.name)}"


def _doubled(quantity: str) -> str:
    match = _QUANTITY.fullmatch(quantity)
    return f"{2 * int(match[1])}{match[2] or ''}" if match else ""
