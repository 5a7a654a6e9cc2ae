"""What tests build small pods of: objects, captures of them, reports.

    view(pod(container("app", status=status(waiting("ErrImagePull")))), events=[event("Failed")])

The files `…_cases.py` build the pods that many tests of one kind begin with; what stands in for a
server or runs the command line is here too, as several folders need it.
"""

from kit.captures import (
    NOW,
    POD,
    absent,
    call,
    capture,
    capture_of,
    capture_of_store,
    captured,
    key_of,
    listed,
    observation,
    raw_look,
    stored,
    view,
)
from kit.objects import (
    Json,
    condition,
    container,
    event,
    node,
    owned_by,
    pod,
    pod_of_template,
    running,
    status,
    terminated,
    waiting,
    workload,
)
from kit.reports import case, report

__all__ = [
    "NOW",
    "POD",
    "Json",
    "absent",
    "call",
    "capture",
    "capture_of",
    "capture_of_store",
    "captured",
    "case",
    "condition",
    "container",
    "event",
    "key_of",
    "listed",
    "node",
    "observation",
    "owned_by",
    "pod",
    "pod_of_template",
    "raw_look",
    "report",
    "running",
    "status",
    "stored",
    "terminated",
    "view",
    "waiting",
    "workload",
]
