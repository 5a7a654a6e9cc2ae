"""Rules about volumes that keep a pod from starting: claims without a volume, failed mounts."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_podx.pod.pod import phase as phase_of
from kubectl_podx.rules.remedies import DOCS, describe_pod, get
from kubectl_podx.rules.rule import Case, Hit, Rule
from kubectl_podx.rules.waiting import Missing, before_sandbox, missing_source
from kubectl_podx.view.units import times

_MOUNT_EVENTS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")


def claim_not_bound(case: Case) -> Iterator[Hit]:
    """A PersistentVolumeClaim does not exist, or has no volume, or lost it."""
    for volume in case.report.volumes or ():
        if volume.type not in ("persistentVolumeClaim", "ephemeral"):
            continue
        stored = case.view.object("PersistentVolumeClaim", volume.source)
        if stored is None or stored.state in ("denied", "failed", "timedOut"):
            continue
        phase = phase_of(stored.body or {})
        if stored.state == "present" and phase in ("Bound", ""):
            continue
        pending = case.report.pod.phase == "Pending"
        said = "does not exist" if stored.state == "missing" else f"is {phase}"
        yield Hit(
            f"claim {volume.source} of volume {volume.name} {said}",
            tuple(volume.details) or (said,),
            remedy=get(case, "persistentvolumeclaim", volume.source)
            if stored.state == "missing"
            else _describe_claim(case, volume.source),
            blocking=pending,
            severity="critical" if pending or phase == "Lost" else "warning",
        )


def _describe_claim(case: Case, name: str) -> str:
    """`kubectl describe persistentvolumeclaim NAME`."""
    return get(case, "persistentvolumeclaim", name).replace("kubectl get", "kubectl describe", 1)


def cannot_mount(case: Case) -> Iterator[Hit]:
    """Containers wait for volumes that cannot be attached or mounted. Only events tell."""
    if not before_sandbox(case):
        return
    for reason in _MOUNT_EVENTS:
        events = case.view.said(reason)
        if not events:
            continue
        message = events[-1].message
        count = sum(event.seen for event in events)
        named = [v.name for v in case.report.volumes or () if f'"{v.name}"' in message]
        missing = missing_source(message)
        yield Hit(
            f"the containers wait for volume {', '.join(named) or '(see the event)'}, which "
            + _why_not_mounted(message, missing),
            (f"event {reason}, {times(count)}: {message}",),
            remedy=get(case, missing.kind.lower(), missing.name) if missing else describe_pod(case),
            blocking=True,
        )


def _why_not_mounted(message: str, missing: Missing | None) -> str:
    if missing is not None:
        return f"cannot be mounted: {missing} does not exist"
    if "Multi-Attach" in message:
        return "is still attached to another node"
    if "hostPath type check failed" in message:
        return "cannot be mounted: the node's path is not of the declared type"
    if "non-existent" in message and "key" in message:
        return "cannot be mounted: a key it asks for does not exist"
    return "cannot be mounted"


RULES: tuple[Rule, ...] = (
    Rule(
        code="VOL007",
        section="volumes",
        severity="critical",
        title="A PersistentVolumeClaim is not bound",
        meaning="Without a volume behind the claim the pod cannot be scheduled or started. A claim "
        "whose class waits for the first consumer is bound once a node is chosen.",
        known_by="The claim as the API has it.",
        remedy="create the claim, or see why no volume is made for it",
        link=DOCS + "concepts/storage/persistent-volumes/",
        check=claim_not_bound,
    ),
    Rule(
        code="VOL008",
        section="volumes",
        severity="critical",
        title="A volume cannot be mounted",
        meaning="Volumes come before containers: everything stays at ContainerCreating, without a "
        "message. A missing ConfigMap or Secret shows here too.",
        known_by="Events FailedMount, FailedAttachVolume or FailedMapVolume of this pod while its "
        "containers wait.",
        remedy="read the event; create what is missing, or free the volume on the other node",
        link=DOCS + "concepts/storage/volumes/",
        check=cannot_mount,
    ),
)
