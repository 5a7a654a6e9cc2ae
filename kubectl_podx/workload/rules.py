"""Every rule about workloads."""

from __future__ import annotations

from kubectl_podx.workload import batch, creation, upkeep

RULES = (*creation.RULES, *batch.RULES, *upkeep.RULES)
