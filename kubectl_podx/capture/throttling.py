"""How often a pod was held back for its CPU limit, of the kubelet's `/metrics/cadvisor`. Pure.

The cgroup of a container goes with each of its instances. The pod's stays, and with one container
counts what all its instances were held back: the only sum that anybody keeps.
"""

from __future__ import annotations

import re

from kubectl_podx.model.kubelet import Throttling
from kubectl_podx.model.patterns import lazy

_PERIODS = b"container_cpu_cfs_periods_total"
_THROTTLED = b"container_cpu_cfs_throttled_periods_total"
_SECONDS = b"container_cpu_cfs_throttled_seconds_total"
_LINE = lazy(rb"(\w+)\{([^\n]{1,4096})\} (\d{1,15}(?:\.\d{1,12})?(?:e[+-]?\d{1,2})?)(?: \d+)?")


def throttling_of(exposition: bytes, pod_uid: str) -> Throttling | None:
    """The counters of the pod's own cgroup; None where it has no limit of CPU as a whole.

    The row of a pod has no container; its `id` is the cgroup, which has the uid in it (with `_` for
    `-` where systemd makes the cgroups).
    """
    found: dict[bytes, float] = {}
    spelled = {pod_uid.encode(), pod_uid.replace("-", "_").encode()} - {b""}
    for line in exposition.split(b"\n"):
        if not line.startswith(b"container_cpu_cfs_") or b'container=""' not in line:
            continue
        match = _LINE.fullmatch(line)
        if match and any(uid in match[2] for uid in spelled) and _is_of_pod(match[2], spelled):
            found[match[1]] = float(match[3])
    if not found.get(_PERIODS):
        return None
    return Throttling(
        periods=int(found[_PERIODS]),
        throttled=int(found.get(_THROTTLED, 0)),
        seconds=found.get(_SECONDS, 0.0),
    )


def _is_of_pod(labels: bytes, uids: set[bytes]) -> bool:
    """Whether the cgroup is the pod's itself, not one below it (the pause container's)."""
    named = re.search(rb'(?:^|,)id="([^"]{1,1024})"', labels)
    last = named[1].rpartition(b"/")[2].removesuffix(b".slice") if named else b""
    return any(last.endswith(b"pod" + uid) for uid in uids)
