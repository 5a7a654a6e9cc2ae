"""Reads versions.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("versions.toml")


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
    images: dict[str, str]

    @property
    def kubernetes_minor(self) -> tuple[str, str]:
        major, minor, _ = self.kubernetes.removeprefix("v").split(".", 2)
        return major, minor


def load() -> Versions:
    document = tomllib.loads(_FILE.read_text())
    return Versions(
        kubernetes=document["kubernetes"]["release"],
        staging=document["kubernetes"]["staging"],
        **document["node"],
        **document["extras"],
        metrics_server=document["metrics"]["server"],
        images=document["images"],
    )
