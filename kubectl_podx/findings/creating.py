"""Whether a pod still waits for its volumes and its sandbox: before any container can start."""

from __future__ import annotations

from kubectl_podx.findings.rule import Case
from kubectl_podx.model.pod import dig

_WAITING = ("ContainerCreating", "PodInitializing", "")


def before_sandbox(case: Case) -> bool:
    """Whether the kubelet has the pod and no container of it has begun.

    Volumes come first, then the sandbox (pkg/kubelet SyncPod). Their failures exist as events only,
    and an event stays after the trouble is over: the condition PodReadyToStartContainers, or a
    container that has begun, proves that it is.
    """
    report = case.report
    if not report.pod.node or report.pod.deletion_timestamp:
        return False
    if any(
        c.type == "PodReadyToStartContainers" and c.status == "True" for c in report.pod.conditions
    ):
        return False
    rows = report.containers or []
    begun = any(
        dig(entry.status, "lastState", "terminated") is not None
        or dig(entry.status, "containerID") not in (None, "")
        for entry in case.view.containers
    )
    waits = [row for row in rows if row.state == "waiting" and row.reason in _WAITING]
    started = any(row.state in ("running", "terminated") for row in rows)
    return bool(waits) and not begun and not started
