"""Small objects to test with: they start quickly, and end quickly."""

from __future__ import annotations

import base64
import tomllib
from typing import Any

from e2e.support import ROOT, Manifest

_IMAGES: dict[str, str] = tomllib.loads((ROOT / "hack/cluster/versions.toml").read_text())["images"]

BUSYBOX = _IMAGES["busybox"]
AGNHOST = _IMAGES["agnhost"]
# A static HTTP server on port 8080, or on the one that its argument names; the image has no shell.
NOSHELL = _IMAGES["noshell"]
# dash, bash, GNU coreutils, awk, sed, grep, find and ps as Debian has them.
DEBIAN = _IMAGES["debian"]
# Its entrypoint runs as root and leaves a main process of uid 1000; it takes a command to run.
ROOTDROP = _IMAGES["rootdrop"]

FOREVER = "trap 'exit 0' TERM; while :; do sleep 1; done"


def container(name: str = "app", image: str = BUSYBOX, **fields: Any) -> Manifest:
    """A container of any image. The kubelet must not pull: no registry has these images."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", **fields}


def shell(
    script: str = FOREVER, name: str = "app", image: str = BUSYBOX, **fields: Any
) -> Manifest:
    """A container whose main process is a shell that runs the script."""
    return container(name, image, command=["sh", "-c", script], **fields)


def pod(
    name: str, *containers: Manifest, labels: dict[str, str] | None = None, **spec: Any
) -> Manifest:
    """A pod; without containers it has one that runs until it is sent TERM."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"app": name}},
        "spec": {
            # A shell as PID 1 that ignores TERM would cost each test thirty seconds.
            "terminationGracePeriodSeconds": 1,
            "containers": list(containers) or [shell()],
            **spec,
        },
    }


def deployment(name: str, template: Manifest, replicas: int = 1, **spec: Any) -> Manifest:
    """A Deployment of what `pod` made; its pods carry that pod's labels."""
    labels = template["metadata"]["labels"]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": template["spec"]},
            **spec,
        },
    }


def service(
    name: str, labels: dict[str, str], port: Any = 80, target: Any = 8080, **spec: Any
) -> Manifest:
    """A Service of the pods with these labels, with one port; `ports` replaces it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {
            "selector": labels,
            "ports": [{"port": port, "targetPort": target}],
            **spec,
        },
    }


def config_map(name: str, data: dict[str, str], **fields: Any) -> Manifest:
    """A ConfigMap; fields such as `immutable` go beside its data."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": data,
        **fields,
    }


def secret(name: str, data: dict[str, str], **fields: Any) -> Manifest:
    """A Secret of these texts."""
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "data": encoded,
        **fields,
    }


def account(name: str, *rules: Manifest) -> list[Manifest]:
    """A ServiceAccount that may do what the rules of a Role say. Its user name, for `--as`, is
    `system:serviceaccount:NAMESPACE:NAME`."""
    group = "rbac.authorization.k8s.io"
    metadata = {"name": name}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name}],
        },
    ]


def allow(verbs: str, resources: str, *names: str, group: str = "") -> Manifest:
    """A rule of a Role: `allow("get list", "pods pods/log")`."""
    rule: Manifest = {
        "apiGroups": [group],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }
    return rule | ({"resourceNames": list(names)} if names else {})
