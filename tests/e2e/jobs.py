"""Jobs that run podx of this checkout inside of the cluster: its node is this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import urlsplit

from e2e.manifests import BUSYBOX
from e2e.support import ROOT, Manifest


def documents(yaml: str) -> list[Manifest]:
    """The objects of a printed manifest."""
    import yaml as library

    return [one for one in library.safe_load_all(yaml) if one]


def on_this_machine(job: Manifest, server: str) -> Manifest:
    """The Job with podx of this checkout: the node is this machine, its folders are ours."""
    spec = job["spec"]["template"]["spec"]
    # A cluster without kube-proxy has no address of the Service `kubernetes`.
    address = urlsplit(server)
    spec["hostNetwork"] = True
    folders = dict.fromkeys(
        ("/usr", "/lib", "/lib64", "/bin", sys.base_prefix, str(Path(sys.prefix).parent), str(ROOT))
    )
    inner = [one for one in folders if not any(one != up and _below(one, up) for up in folders)]
    spec["volumes"] = [
        {"name": f"v{at}", "hostPath": {"path": one}} for at, one in enumerate(inner)
    ]
    (container,) = spec["containers"]
    container |= {
        "image": BUSYBOX,
        "imagePullPolicy": "IfNotPresent",
        "command": [sys.executable, "-m", "kubectl_podx"],
        "workingDir": str(ROOT),
        "env": [
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
            {"name": "KUBERNETES_SERVICE_HOST", "value": address.hostname},
            {"name": "KUBERNETES_SERVICE_PORT", "value": str(address.port or 443)},
        ],
        "volumeMounts": [
            {"name": f"v{at}", "mountPath": one, "readOnly": True} for at, one in enumerate(inner)
        ],
    }
    # The checkout may be root's alone.
    spec["securityContext"] = {}
    return job


def _below(path: str, folder: str) -> bool:
    return Path(folder) in Path(path).parents
