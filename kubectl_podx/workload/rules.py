"""Every rule about workloads, in the order in which they explain one another."""

from __future__ import annotations

from kubectl_podx.workload.batch import RULES as OF_JOBS
from kubectl_podx.workload.creation import RULES as OF_CREATION
from kubectl_podx.workload.upkeep import RULES as OF_UPKEEP

RULES = (*OF_CREATION, *OF_JOBS, *OF_UPKEEP)
