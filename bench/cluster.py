"""The cluster that is measured against: near, and at the end of a long road."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_HINT = 'run `make cluster-up`, then `eval "$(python3 hack/cluster env)"`; `make bench` does both'


class Cluster(NamedTuple):
    """How the programs reach it."""

    kubectl: str
    variables: dict[str, str]
    """PATH with this kubectl, and KUBECONFIG with one context of one server."""


class ClusterError(Exception):
    """There is no cluster to be used."""


def near(folder: Path) -> Cluster:
    """The cluster of KUBECONFIG, by a kubeconfig of its own that holds nothing else."""
    kubectl = os.environ.get("PODX_TEST_KUBECTL") or shutil.which("kubectl")
    if not kubectl or not os.environ.get("KUBECONFIG"):
        raise ClusterError(f"no kubectl, or no KUBECONFIG: {_HINT}")
    config = _copy(kubectl, folder / "near.kubeconfig")
    search = f"{Path(kubectl).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return Cluster(kubectl, {"PATH": search, "KUBECONFIG": str(config)})


@contextlib.contextmanager
def far(cluster: Cluster, folder: Path, round_trip: float, loss: float = 0.0) -> Iterator[Cluster]:
    """The same cluster at the other end of a road of `round_trip` seconds there and back, on which
    a share `loss` of the packets is lost.
    """
    name = f"far-{round_trip}-{loss}.kubeconfig"
    config = _copy(cluster.kubectl, folder / name, cluster.variables)
    view = _kubectl(cluster.kubectl, config, "config", "view", "--output=json")
    entry = json.loads(view)["clusters"][0]
    server = urlsplit(entry["cluster"]["server"])
    program = Path(__file__).with_name("delay_proxy.py")
    port = str(server.port or 443)
    proxy = subprocess.Popen(
        [sys.executable, str(program), server.hostname or "", port, str(round_trip), str(loss)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with proxy:
        # Its end is that of its standard input, which `with` closes.
        assert proxy.stdout is not None  # noqa: S101 - for the type checker
        address = f"https://127.0.0.1:{proxy.stdout.readline().strip()}"
        name = entry["cluster"].get("tls-server-name") or server.hostname or ""
        _kubectl(
            *(cluster.kubectl, config, "config", "set-cluster", entry["name"]),
            *(f"--server={address}", f"--tls-server-name={name}"),
        )
        yield cluster._replace(variables={**cluster.variables, "KUBECONFIG": str(config)})
        if proxy.stdin is not None:
            proxy.stdin.close()


def _copy(kubectl: str, target: Path, variables: dict[str, str] | None = None) -> Path:
    """The current context alone, as kubectl itself writes it: YAML."""
    words = [kubectl, "config", "view", "--raw", "--minify", "--flatten"]
    environment = {**os.environ, **(variables or {})}
    content = subprocess.run(words, env=environment, check=True, capture_output=True).stdout
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return target


def _kubectl(kubectl: str, config: Path, *words: str) -> str:
    command = [kubectl, f"--kubeconfig={config}", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
