"""The pods that are looked at."""

from __future__ import annotations

import json
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

from processes import RunError

ROOT = Path(__file__).resolve().parent.parent
IMAGE: str = tomllib.loads((ROOT / "hack/cluster/versions.toml").read_text())["images"]["busybox"]
NAMESPACE = "podx-bench"
TEN = 10
_SETTLED = 25.0
_SOON = 60.0
BY_HAND = "calm"
"""The pod of `hand-pod.yaml`, in the namespace `default` with what it needs."""
_BY_HAND = Path(__file__).with_name("hand-pod.yaml")
EXEC_DELAY = 10
"""Seconds that an exec of a shell in the pod `slow` takes before it begins."""

_PROBE = {"exec": {"command": ["true"]}, "periodSeconds": 10}


def _container(name: str, **fields: Any) -> dict[str, Any]:
    forever = "trap 'exit 0' TERM; while :; do sleep 1; done"
    return {
        "name": name,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", forever],
        # Without a request a container gets no processor as long as anything else wants it.
        "resources": {"requests": {"cpu": "50m"}},
        **fields,
    }


def _pod(name: str, containers: list[dict[str, Any]], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": containers, **spec},
    }


def _configuration(name: str, keys: int, size: int) -> dict[str, Any]:
    """A ConfigMap of `keys` files of `size` bytes each."""
    line = "setting = value of some length\n"
    content = (line * (size // len(line) + 1))[:size]
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": {f"file-{number:02}": content for number in range(keys)},
    }


def _with_files(name: str) -> dict[str, Any]:
    mounts = [{"name": "files", "mountPath": "/etc/files"}]
    volume = {"name": "files", "configMap": {"name": name}}
    return _pod(name, [_container("app", volumeMounts=mounts)], volumes=[volume])


# What an exec of `sh` finds first: it waits as an overloaded node would let it wait.
_SLOW_SHELL = f"""#!/bin/busybox sh
/bin/busybox sleep {EXEC_DELAY}
exec /bin/busybox sh "$@"
"""


def _slow() -> list[dict[str, Any]]:
    """A pod in which each exec of a shell is late."""
    volume = {"name": "slow", "configMap": {"name": "slow-shell", "defaultMode": 0o755}}
    app = _container(
        "app",
        command=["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"],
        env=[{"name": "PATH", "value": "/slow:/usr/bin:/bin"}],
        volumeMounts=[{"name": "slow", "mountPath": "/slow"}],
    )
    shell = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "slow-shell"},
        "data": {"sh": _SLOW_SHELL},
    }
    return [shell, _pod("slow", [app], volumes=[volume])]


def objects() -> list[dict[str, Any]]:
    """A pod of two containers as they are in practice, one of ten, two with many and few files."""
    settings = {"configMapRef": {"name": "settings"}}
    password = {"secretKeyRef": {"name": "password", "key": "password"}}
    two = [
        _container(
            "app",
            livenessProbe=_PROBE,
            readinessProbe=_PROBE,
            envFrom=[settings],
            env=[{"name": "PASSWORD", "valueFrom": password}],
            volumeMounts=[{"name": "settings", "mountPath": "/etc/settings"}],
        ),
        _container("helper", volumeMounts=[{"name": "settings", "mountPath": "/etc/settings"}]),
    ]
    return [
        _configuration("settings", 4, 200),
        _configuration("many-files", 40, 12_500),
        _configuration("few-files", 4, 100),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "password"},
            "stringData": {"password": "not-a-real-one"},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "two"},
            "spec": {"selector": {"app": "two"}, "ports": [{"port": 80, "targetPort": 8080}]},
        },
        _pod("two", two, volumes=[{"name": "settings", "configMap": {"name": "settings"}}]),
        _pod("ten", [_container(f"c{number}") for number in range(TEN)]),
        _with_files("many-files"),
        _with_files("few-files"),
        *_slow(),
    ]


def start(kubectl: str) -> None:
    """Makes them, and waits until all of them run."""
    _kubectl(kubectl, "delete", "namespace", NAMESPACE, "--ignore-not-found")
    _kubectl(kubectl, "create", "namespace", NAMESPACE)
    _until_pods_may_be_made(kubectl)
    everything = {"apiVersion": "v1", "kind": "List", "items": objects()}
    _kubectl(kubectl, "create", "--namespace", NAMESPACE, "-f", "-", said=json.dumps(everything))
    _kubectl(kubectl, "apply", "-f", str(_BY_HAND))
    _kubectl(kubectl, "wait", "--for=condition=Ready", f"pod/{BY_HAND}", "--timeout=120s")
    for pod in ("two", "ten", "many-files", "few-files", "slow"):
        ready = ("--for=condition=Ready", f"pod/{pod}", "--timeout=120s")
        _kubectl(kubectl, "wait", *ready, "--namespace", NAMESPACE)
    # Younger ones are read once more after the looks, and people look at older ones.
    time.sleep(_SETTLED)


def _until_pods_may_be_made(kubectl: str) -> None:
    """No `kubectl wait --for=create`: before 1.31 there is none."""
    asked = [kubectl, "get", "serviceaccount", "default", "--namespace", NAMESPACE]
    end = time.monotonic() + _SOON
    while subprocess.run(asked, check=False, capture_output=True).returncode:
        if time.monotonic() > end:
            raise RunError(f"no service account in {NAMESPACE} after {_SOON:.0f} s")
        time.sleep(0.2)


def stop(kubectl: str) -> None:
    """Takes them away."""
    _kubectl(kubectl, "delete", "-f", str(_BY_HAND), "--wait=false", "--ignore-not-found")
    _kubectl(kubectl, "delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found")


def _kubectl(kubectl: str, *words: str, said: str = "") -> None:
    subprocess.run([kubectl, *words], check=True, input=said, text=True, stdout=subprocess.DEVNULL)
