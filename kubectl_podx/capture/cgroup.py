"""The frame `cgroup` of a look: the container's limits and use. Pure.

v1: Documentation/admin-guide/cgroup-v1; v2: Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import re

from kubectl_podx.capture.procfs import pairs, whole
from kubectl_podx.model.capture import Headroom, Pressure

# cgroup v1 writes "no limit" as the largest multiple of the page size that fits.
_UNLIMITED = 1 << 60


def headroom(content: bytes | None, *, enough: bool) -> Headroom:
    """What the container's cgroup says. `enough`: whether the look forked."""
    found = pairs(content)
    version = found.get("version")
    known = found.get("headroom") != "unknown"
    if version == "v2":
        quota, _, period = found.get("cpu_max", "").partition(" ")
        return Headroom(
            version="v2",
            memory_limit=whole(found.get("limit")),
            memory_high=whole(found.get("memory_high")),
            memory_high_events=whole(found.get("high")),
            memory_usage=whole(found.get("usage")),
            memory_peak=whole(found.get("peak")),
            swap_usage=whole(found.get("swap_current")),
            swap_limit=whole(found.get("swap_max")),
            memory_pressure=_pressure(found, "memory"),
            cpu_pressure=_pressure(found, "cpu"),
            io_pressure=_pressure(found, "io"),
            oom_kills=whole(found.get("oom_kill")),
            pids_limit=whole(found.get("pids_limit")),
            pids_used=whole(found.get("pids_used")),
            cpu_quota=whole(quota),
            cpu_period=whole(period),
            cpu_shares=whole(found.get("cpu_weight")),
            throttled_periods=whole(found.get("nr_throttled")),
            total_periods=whole(found.get("nr_periods")),
            throttled_seconds=_scaled(found.get("throttled_usec"), 1e6),
            enough=enough,
            known=known,
        )
    if version == "v1":
        limit = whole(found.get("limit"))
        return Headroom(
            version="v1",
            memory_limit=limit if limit is not None and limit < _UNLIMITED else None,
            memory_usage=whole(found.get("usage")),
            memory_peak=whole(found.get("peak")),
            oom_kills=whole(found.get("oom_kill")),
            pids_limit=whole(found.get("pids_limit")),
            pids_used=whole(found.get("pids_used")),
            cpu_quota=whole(found.get("cpu_quota")),
            cpu_period=whole(found.get("cpu_period")),
            cpu_shares=whole(found.get("cpu_shares")),
            throttled_periods=whole(found.get("nr_throttled")),
            total_periods=whole(found.get("nr_periods")),
            throttled_seconds=_scaled(found.get("throttled_time"), 1e9),
            enough=enough,
            known=known,
        )
    return Headroom(enough=enough, known=known)


def _pressure(found: dict[str, str], resource: str) -> Pressure:
    """Documentation/accounting/psi.rst: `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`."""
    some = _averages(found.get(f"pressure_{resource}_some"))
    full = _averages(found.get(f"pressure_{resource}_full"))
    return Pressure(
        some10=some.get("avg10"),
        some60=some.get("avg60"),
        full10=full.get("avg10"),
        full60=full.get("avg60"),
    )


def _averages(text: str | None) -> dict[str, float]:
    return {
        name: min(100.0, float(value))
        for name, value in re.findall(r"(avg10|avg60)=(\d{1,3}\.\d{1,2})(?=\s|$)", text or "")
    }


def _scaled(text: str | None, per_second: float) -> float | None:
    value = whole(text)
    return None if value is None else round(value / per_second, 3)
