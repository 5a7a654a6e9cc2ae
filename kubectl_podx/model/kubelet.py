"""What the kubelet of the pod's node counts, as far as it was asked."""

from __future__ import annotations

from typing import Literal

from kubectl_podx.model.wire import Wire


class ProbeCounter(Wire, frozen=True, kw_only=True):
    """`prober_probe_total` of the kubelet's `/metrics/probes` for one probe of one container."""

    container: str
    type: Literal["Liveness", "Readiness", "Startup"]
    successful: int = 0
    failed: int = 0
    unknown: int = 0


class Throttling(Wire, frozen=True, kw_only=True):
    """What the kernel held the pod as a whole back for its CPU limit, since the pod began."""

    periods: int
    """Of 0.1 s, in which something of the pod wanted to run."""
    throttled: int
    """Those in which the limit was used up."""
    seconds: float = 0.0
    """Held back, of all threads together."""
