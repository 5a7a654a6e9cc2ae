"""What happens to the cluster's own daemons on a bad day; only on a cluster that we made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support import ROOT, Bench


def _operate(verb: str, daemon: str) -> None:
    words = [sys.executable, str(ROOT / "hack" / "cluster"), verb, daemon]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    if "only the daemons of a cluster that this tool made" in done.stderr:
        pytest.skip("this cluster's daemons are not ours to stop")
    assert done.returncode == 0, done.stderr


@contextmanager
def paused(daemon: str) -> Iterator[None]:
    """The daemon takes connections and says nothing, until the block ends."""
    _operate("pause", daemon)
    try:
        yield
    finally:
        _operate("resume", daemon)


def restart_api_server() -> None:
    """Kills it and starts it again; whoever needs it waits with `wait_for_api_server`."""
    _operate("restart", "kube-apiserver")


def wait_for_api_server(bench: Bench) -> None:
    """Until it is ready, and lets pods be executed in."""
    bench.wait_for(
        lambda: bench.kubectl("get", "--raw=/readyz", check=False).status == 0,
        "the API server to be ready again",
    )
