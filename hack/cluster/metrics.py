"""Turns a cluster's API `metrics.k8s.io` on and off: a metrics-server beside the API server."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import cache
import daemons
import gobuild
import health
import processes
import state
import versions
from bringup import Node
from certificates import METRICS_SERVICE
from console import ClusterError, step
from kubectl import Kubectl
from layout import Layout
from network import Network
from state import State

_PATIENCE_SECONDS = 180.0
_POLL_SECONDS = 0.5
_API = "v1beta1.metrics.k8s.io"
_NAME, _NAMESPACE = METRICS_SERVICE.split(".")[:2]


def build() -> Path:
    """The folder of its binary, which is built once per version."""
    (recipe,) = gobuild.metrics(versions.load())
    digest = cache.digest(json.dumps(vars(recipe), sort_keys=True))
    folder = cache.cache_root() / f"{daemons.METRICS_SERVER}-{recipe.version}-{digest}"
    binaries = folder / "bin"
    with cache.only_one_builder(folder):
        binaries.mkdir(exist_ok=True)
        gobuild.build(recipe, binaries, folder / "go")
    return binaries


def on(layout: Layout) -> None:
    """Returns once the API server passes requests on to it, and it knows the node."""
    binaries = build()
    with state.only_one_change():
        written = _written(layout)
        kubectl = health.kubectl(layout)
        running = written.processes.get(daemons.METRICS_SERVER)
        node = Node(layout, written, binaries, kubectl)
        if running is None or not running.alive():
            node.start(daemons.metrics_server(layout, written.network))
        objects = _objects(layout, written.network)
        document = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        # Without the fetch of every schema there is, which a busy machine does not do in time.
        how = ("--server-side", "--force-conflicts", "--validate=false", "--filename=-")
        _insist(kubectl, "apply", *how, given=document)
        path = f"/apis/metrics.k8s.io/v1beta1/nodes/{layout.name}"
        node.wait(
            "the metrics of the node are served",
            lambda: kubectl.run("get", f"--raw={path}").returncode == 0,
            _PATIENCE_SECONDS,
        )
    step(f"{_API} is served")


def off(layout: Layout) -> None:
    with state.only_one_change():
        written = _written(layout)
        kubectl = health.kubectl(layout)
        for kind, name in (("apiservice", _API), ("endpointslice", _NAME), ("service", _NAME)):
            where = f"--namespace={_NAMESPACE}"
            _insist(kubectl, "delete", kind, name, where, "--ignore-not-found")
        if running := written.processes.pop(daemons.METRICS_SERVER, None):
            processes.kill([running])
            written.save(layout.state)
    step(f"{_API} is no longer served")


def _written(layout: Layout) -> State:
    written = state.load(layout.state)
    if written is None:
        raise ClusterError(f"there is no cluster: {health.problem(layout)}")
    return written


def _insist(kubectl: Kubectl, *words: str, given: str | None = None) -> None:
    """Until the API server, which may be busy, has done it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (done := kubectl.run(*words, given=given)).returncode != 0:
        if time.monotonic() > deadline:
            raise ClusterError(f"`kubectl {words[0]}` failed: {done.stderr.strip()}")
        time.sleep(_POLL_SECONDS)


def _objects(layout: Layout, network: Network) -> list[dict[str, Any]]:
    """A Service without a selector, and its only endpoint: the daemon on this machine."""
    group, version = "metrics.k8s.io", "v1beta1"
    authority = base64.b64encode((layout.certificates / "ca.crt").read_bytes()).decode()
    port = {"name": "https", "protocol": "TCP"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": _NAME, "namespace": _NAMESPACE},
            "spec": {"ports": [{**port, "port": 443}]},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": _NAME,
                "namespace": _NAMESPACE,
                "labels": {"kubernetes.io/service-name": _NAME},
            },
            "addressType": "IPv4",
            "ports": [{**port, "port": network.ports["metrics_server"]}],
            "endpoints": [{"addresses": [network.host_address], "conditions": {"ready": True}}],
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": _API},
            "spec": {
                "group": group,
                "version": version,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "caBundle": authority,
                "service": {"name": _NAME, "namespace": _NAMESPACE, "port": 443},
            },
        },
    ]
