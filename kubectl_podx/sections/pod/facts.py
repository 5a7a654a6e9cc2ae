"""The pod as a whole: identity, kubectl's columns, owners, conditions."""

from __future__ import annotations

from kubectl_podx.model.clock import parse_time
from kubectl_podx.model.parts import Owner
from kubectl_podx.model.raw import Json, dig, items, text
from kubectl_podx.pod.own import own_specs
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.pod.report import CpuThrottling, Pod
from kubectl_podx.sections.pod.status import columns

# Pod -> ReplicaSet -> Deployment, Pod -> Job -> CronJob; a chain of owners may name itself.
_LONGEST_CHAIN = 4


def build(view: PodView) -> Pod:
    """What `kubectl get pod -o wide` shows, and the conditions that it leaves out."""
    pod = view.pod
    shown = columns(pod)
    return Pod(
        namespace=view.reference.namespace,
        name=view.reference.name,
        uid=text(pod, "metadata", "uid"),
        status=shown.status,
        ready=shown.ready,
        restarts=shown.restarts,
        phase=view.api.phase,
        reason=view.api.reason,
        message=view.api.message,
        node=text(pod, "spec", "nodeName"),
        pod_ips=_pod_ips(pod),
        host_ip=text(pod, "status", "hostIP"),
        qos_class=text(pod, "status", "qosClass"),
        restart_policy=text(pod, "spec", "restartPolicy"),
        service_account=text(pod, "spec", "serviceAccountName"),
        priority_class=text(pod, "spec", "priorityClassName"),
        created_at=view.api.created_at,
        started_at=view.api.started_at,
        deletion_timestamp=view.api.deletion,
        age=_age(view),
        cpu_throttling=_throttling(view),
        owners=_owners(view),
        conditions=view.api.conditions,
        debug_containers=[text(spec, "name") for spec in own_specs(pod)],
    )


def _throttling(view: PodView) -> CpuThrottling | None:
    found = view.captured.throttling
    if found is None:
        return None
    return CpuThrottling(
        periods=found.periods, throttled=found.throttled, seconds=round(found.seconds, 1)
    )


def _pod_ips(pod: Json) -> list[str]:
    several = [text(entry, "ip") for entry in items(pod, "status", "podIPs")]
    single = text(pod, "status", "podIP")
    return [address for address in several if address] or ([single] if single else [])


def _age(view: PodView) -> float | None:
    created = parse_time(dig(view.pod, "metadata", "creationTimestamp"))
    if created is None or view.now is None:
        return None
    return max(0.0, (view.now - created).total_seconds())


def _owners(view: PodView) -> list[Owner]:
    """The owners from the direct one upwards, as far as their objects were read."""
    found: list[Owner] = []
    body: Json = view.pod
    while len(found) < _LONGEST_CHAIN:
        references = items(body, "metadata", "ownerReferences")
        if not references:
            break
        found += [
            Owner(
                kind=text(reference, "kind"),
                name=text(reference, "name"),
                controller=dig(reference, "controller") is True,
            )
            for reference in references
        ]
        controller = next((r for r in references if dig(r, "controller") is True), references[0])
        stored = view.object(text(controller, "kind"), text(controller, "name"))
        body = (stored.body if stored else None) or {}
    return found
