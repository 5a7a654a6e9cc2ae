"""What happens to the cluster's own daemons on a bad day; only on a cluster that we made."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from e2e.manifests import pod, shell
from e2e.support import ROOT, Bench, is_ready


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
    """Until it is ready, and the controllers and the scheduler have found it again: each of them
    waits a while of its own before it tries, and whoever comes next should not wait with them.
    """
    bench.wait_for(
        lambda: bench.kubectl("get", "--raw=/readyz", check=False).status == 0,
        "the API server to be ready again",
    )
    name = f"again-{secrets.token_hex(3)}"
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "1Mi"},
            "accessModes": ["ReadWriteOnce"],
            "hostPath": {"path": f"/tmp/{name}", "type": "DirectoryOrCreate"},
        },
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "",
            "volumeName": name,
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    held = {"name": "v", "persistentVolumeClaim": {"claimName": name}}
    mount = {"name": "v", "mountPath": "/v"}
    bench.apply([volume, claim])
    try:
        bench.apply(pod(name, shell(volumeMounts=[mount]), volumes=[held]))
        bench.wait_for_pod(name, is_ready, "running on a volume that was bound", 120)
    finally:
        for kind in ("pod", "pvc", "pv"):
            bench.kubectl("delete", kind, name, "--wait=false", "--ignore-not-found", check=False)
