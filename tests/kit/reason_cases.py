"""Pods whose only container loops and said why: what the rules that name the reason begin with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import kit
from kit import Json, container
from kit.captures import Listed
from kit.restart_cases import UID, at, backing_off, ended
from kubectl_podx.analysis.analyse import analyse
from kubectl_podx.model.capture import KeyFacts, LogTail, Observation, StoredObject
from kubectl_podx.sections.report import PodReport

SERVICES = "Service/shop"
SLICES = "EndpointSlice/shop"
NODE = {"kind": "Node", "metadata": {"name": "n1"}}
NODE_OF_AMD64 = kit.stored({**NODE, "status": {"nodeInfo": {"architecture": "amd64"}}})


def looping(
    *,
    code: int = 1,
    reason: str = "",
    message: str = "",
    spec: Json | None = None,
    beside: Sequence[Json] = (),
    inits: Sequence[Json] = (),
    pod_status: Json | None = None,
    **pod_spec: Any,
) -> Json:
    """A pod whose container `app` ended with that code three times and waits to be started."""
    status = {
        "restartCount": 3,
        "ready": False,
        "started": False,
        "state": backing_off(),
        "lastState": {"terminated": ended(code, 900, 902, reason, message)},
    }
    app = container("app", status=status, **{"image": "shop/app:1", **(spec or {})})
    return kit.pod(
        app,
        *beside,
        inits=inits,
        uid=UID,
        status={"startTime": at(0), "podIP": "10.0.0.9", **(pod_status or {})},
        **{"restartPolicy": "Always", "nodeName": "n1", **pod_spec},
    )


def report_of(
    body: Json,
    *lines: str,
    objects: Sequence[StoredObject] = (),
    lists: Listed | None = None,
    observations: Sequence[Observation] = (),
    previous: bool = True,
    log_of: str = "app",
    **captured: Any,
) -> PodReport:
    """The whole report of that pod, whose container wrote these lines before it ended."""
    logs = [LogTail(container=log_of, previous=previous, lines=list(lines))] if lines else []
    one = kit.captured(body, logs=logs, observations=list(observations), **captured)
    whole = kit.capture_of([(one, body)], [NODE_OF_AMD64, *objects], lists, captured_at=at(1000))
    return analyse(whole).items[0]


def config_map(name: str, **keys: Any) -> StoredObject:
    """A ConfigMap; each key with its text, or with what is known of it."""
    body = {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}}
    return kit.stored(body, keys={key.replace("__", "."): _facts(v) for key, v in keys.items()})


def secret(name: str, **keys: Any) -> StoredObject:
    """A Secret whose values nobody knows."""
    body = {"kind": "Secret", "metadata": {"name": name, "namespace": "shop"}}
    return kit.stored(body, keys={key.replace("__", "."): _facts(v) for key, v in keys.items()})


def _facts(value: Any) -> KeyFacts:
    if isinstance(value, KeyFacts):
        return value
    return KeyFacts(digest=f"sha256:{value}", text=value, interpreter="")


def service(name: str, *ports: int, address: str = "10.96.1.2", **spec: Any) -> Json:
    """A Service as a list of the namespace has it."""
    listed = [{"port": port} for port in ports or (80,)]
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"clusterIP": address, "ports": listed, **spec},
    }


def endpoints(of: str, *ready: bool) -> Json:
    """The EndpointSlice of a Service."""
    return {
        "metadata": {"namespace": "shop", "labels": {"kubernetes.io/service-name": of}},
        "endpoints": [{"conditions": {"ready": each}} for each in ready],
    }


def mounted(volume: str, path: str, **more: Any) -> Json:
    """A container's spec with that one mount."""
    return {"volumeMounts": [{"name": volume, "mountPath": path, **more}]}


def because(report: PodReport) -> str:
    """What the verdict says after `likely because`; empty where it says nothing."""
    return report.verdict.summary.partition("likely because ")[2]
