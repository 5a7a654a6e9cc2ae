"""Captures of workloads, and the reports on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kit.captures import NOW, Listed, capture, key_of, stored
from kit.objects import Json, pod
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.analysis.reports import WorkloadReport
from kubectl_podx.analysis.workloads import document
from kubectl_podx.model.capture import Call, Capture, CapturedWorkload, StoredObject
from kubectl_podx.sections.report import PodReportList

OLD = "2026-01-01T11:00:00Z"
"""An hour before the captures of tests are made: whatever should have happened by now has."""


def owner(
    kind: str,
    name: str = "web",
    *,
    spec: Json | None = None,
    status: Json | None = None,
    created: str = OLD,
    **metadata: Any,
) -> Json:
    """A workload of the namespace `shop` that has existed for an hour."""
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"{kind.lower()}-uid",
            "creationTimestamp": created,
            **metadata,
        },
        "spec": spec or {},
        **({} if status is None else {"status": status}),
    }


def warning(reason: str, message: str, last: str = NOW, count: int = 1) -> Json:
    """An event of a controller."""
    return {
        "type": "Warning",
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": last,
    }


def fine_pod(name: str = "web-0", labels: Mapping[str, str] | None = None, **more: Any) -> Json:
    """A pod that runs and is ready since an hour ago."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": OLD}
    container = {
        "name": "app",
        "ready": True,
        "restartCount": 0,
        "started": True,
        "state": {"running": {"startedAt": OLD}},
    }
    known = {"conditions": [ready], "containerStatuses": [container]}
    metadata = {"creationTimestamp": OLD, "labels": dict(labels or {}), **more.pop("metadata", {})}
    return pod(name=name, uid=f"{name}-uid", status=known, metadata=metadata, **more)


def workload_capture(
    body: Json,
    *objects: StoredObject,
    pods: Sequence[Json] = (),
    events: Sequence[Json] = (),
    lists: Listed | None = None,
    calls: Sequence[Call] = (),
) -> Capture:
    """A capture of this workload with its pods."""
    key = key_of(body)
    told = {f"Event/{key}": list(events)}
    made = capture(pods, stored(body), *objects, lists={**told, **(lists or {})})
    one = CapturedWorkload(reference=key, pods=[key_of(p) for p in pods], calls=list(calls))
    return Capture(
        captured_at=made.captured_at,
        pods=made.pods,
        objects=made.objects,
        lists=made.lists,
        workloads=[one],
    )


def workload_report(body: Json, *objects: StoredObject, **more: Any) -> WorkloadReport:
    """The report on this workload; the arguments are those of `workload_capture`."""
    found = document(made := workload_capture(body, *objects, **more), analyse(made))
    assert isinstance(found, WorkloadReport)
    return found


def service_report(body: Json, **more: Any) -> PodReportList:
    """The list that a Service gives."""
    found = document(made := workload_capture(body, **more), analyse(made))
    assert isinstance(found, PodReportList)
    return found
