"""How much of its time a container was held back for its CPU limit, and how that is known."""

from __future__ import annotations

from msgspec import Struct

from kubectl_podx.rules.rule import Case
from kubectl_podx.view.units import spell_seconds


class HeldBack(Struct, frozen=True):
    """The larger of what its running instance and what its pod tells."""

    share: float
    """Of the CPU periods, 0 to 1; 0 where nothing tells."""
    evidence: str = ""


def held_back(case: Case, name: str) -> HeldBack:
    """The running instance by its own cgroup; all instances by the pod's, which stays."""
    found = next((one for one in case.report.containers or () if one.name == name), None)
    share = (found.resources.throttled_share or 0.0) if found else 0.0
    running = HeldBack(
        share, f"cgroup of the running instance: throttled in {share:.0%} of the periods"
    )
    return max(running, _of_all(case, name), key=lambda one: one.share)


def _of_all(case: Case, name: str) -> HeldBack:
    """By the pod's cgroup, where no other container of it runs."""
    pod = case.report.pod
    entries = [one.name for one in case.view.containers if one.kind in ("app", "sidecar")]
    if pod is None or pod.cpu_throttling is None or entries != [name]:
        return HeldBack(0.0)
    found = pod.cpu_throttling
    return HeldBack(
        found.throttled / found.periods,
        f"cgroup of the pod, over all instances: throttled in {found.throttled} of {found.periods} "
        f"periods of 0.1 s, {spell_seconds(found.seconds)} in all",
    )
