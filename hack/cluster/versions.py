"""Reads versions.toml, and what the environment asks for instead of its defaults."""

import os
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from console import ClusterError

_FILE = Path(__file__).with_name("versions.toml")
_KUBERNETES = "PODX_CLUSTER_KUBERNETES"
_RUNTIME = "PODX_CLUSTER_RUNTIME"
_RELEASE = re.compile(r"v?1\.(\d+)\.(\d+)")
RUNTIMES = ("containerd", "crio")


@dataclass(frozen=True)
class Versions:
    kubernetes: str
    staging: str
    containerd: str
    etcd: str
    runc: str
    krew: str
    kwok: str
    metrics_server: str
    crio: str
    images: dict[str, str]
    runtime: str = "containerd"

    @property
    def kubernetes_minor(self) -> tuple[str, str]:
        major, minor, _ = self.kubernetes.removeprefix("v").split(".", 2)
        return major, minor

    @property
    def minor(self) -> int:
        return int(self.kubernetes_minor[1])


def default() -> Versions:
    document = tomllib.loads(_FILE.read_text())
    return Versions(
        kubernetes=document["kubernetes"]["release"],
        staging=document["kubernetes"]["staging"],
        **document["node"],
        **document["extras"],
        metrics_server=document["metrics"]["server"],
        **document["runtimes"],
        images=document["images"],
    )


def load() -> Versions:
    """The defaults, except for what the environment names."""
    versions = default()
    if release := os.environ.get(_KUBERNETES):
        match = _RELEASE.fullmatch(release)
        if not match:
            raise ClusterError(f"{_KUBERNETES}: {release!r} is not a release such as 1.30.14")
        minor, patch = match.groups()
        versions = replace(
            versions, kubernetes=f"v1.{minor}.{patch}", staging=f"v0.{minor}.{patch}"
        )
    runtime = os.environ.get(_RUNTIME) or versions.runtime
    if runtime not in RUNTIMES:
        raise ClusterError(f"{_RUNTIME}: {runtime!r} is none of {', '.join(RUNTIMES)}")
    return replace(versions, runtime=runtime)


def something_named() -> bool:
    """Whether the environment asks for another cluster than the default one."""
    return load() != default()
