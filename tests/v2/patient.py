"""A bench for a node that is emulated: what takes a second elsewhere takes ten there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

from e2e import support
from e2e.support import ROOT, Bench

T = TypeVar("T")

# A main process that costs nothing: a loop of `sleep 1` takes a twentieth of an emulated processor.
IDLE = "exec sleep 1000000"

_TIMES = 10.0
# `metrics on` may have to build the server first.
_OPERATION_SECONDS = 1800.0


class PatientBench(Bench):
    """As every bench, with deadlines for a slow node. It makes few pods at a time, or waits."""

    def wait_for(self, condition: Callable[[], T], what: str, timeout: float = 60.0) -> T:
        """Polls until the condition gives something true, and returns that."""
        return super().wait_for(condition, what, timeout * _TIMES)


def be_patient() -> None:
    """Lets a single call of kubectl or podx take its time, too."""
    support.CALL_SECONDS = 900.0


def serve_metrics(switch: str) -> None:
    """`on`: the cluster has metrics.k8s.io once this returns; `off`: it has not."""
    words = [sys.executable, str(ROOT / "hack" / "cluster"), "--node=v2", "metrics", switch]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=_OPERATION_SECONDS
    )
    assert done.returncode == 0, done.stderr
