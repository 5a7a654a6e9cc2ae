"""prober_probe_total as the kubelet writes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubectl_podx.capture.exec_policy import probe_counters

UID = "1c9a2f52-7d0c-4f4e-9a0a-2a9f6e0f7a11"
TEXT = f"""# HELP prober_probe_total [BETA] Cumulative number of a liveness, readiness or startup probe
# TYPE prober_probe_total counter
prober_probe_total{{container="app",namespace="shop",pod="web-0",pod_uid="{UID}",probe_type="Liveness",result="failed"}} 7
prober_probe_total{{container="app",namespace="shop",pod="web-0",pod_uid="{UID}",probe_type="Liveness",result="successful"}} 1.2e+02
prober_probe_total{{container="app",namespace="shop",pod="web-0",pod_uid="{UID}",probe_type="Readiness",result="successful"}} 3
prober_probe_total{{container="app",namespace="shop",pod="web-1",pod_uid="other",probe_type="Liveness",result="failed"}} 99
prober_probe_duration_seconds_bucket{{container="app",le="0.005"}} 4
""".encode()  # noqa: E501 - a recorded line is as long as it is


def test_the_counters_of_one_pod() -> None:
    found = {(c.container, c.type): (c.successful, c.failed) for c in probe_counters(TEXT, UID)}
    assert found == {("app", "Liveness"): (120, 7), ("app", "Readiness"): (3, 0)}


def test_broken_lines_are_passed_over() -> None:
    broken = TEXT.replace(b"} 7", b"} NaN").replace(b"} 3", b"}")
    found = {(c.container, c.type): (c.successful, c.failed) for c in probe_counters(broken, UID)}
    assert found == {("app", "Liveness"): (120, 0)}


@given(st.binary(max_size=300))
def test_never_raises(noise: bytes) -> None:
    for found in probe_counters(b"prober_probe_total{" + noise, UID):
        assert min(found.successful, found.failed, found.unknown) >= 0
