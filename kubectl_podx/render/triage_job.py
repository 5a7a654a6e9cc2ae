"""The Job that runs a triage inside of a cluster, with the rights that it needs, as YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubectl_podx.render.yaml import to_yaml

NAME = "podx-triage"
_INDEX = "$(JOB_COMPLETION_INDEX)"
_HEAD = f"""\
# kubectl podx triage as a Job: each completion looks at its share of the namespaces (by a hash of
# their names) and prints JSON lines. It reads no Secret, runs nothing in a container, and writes
# nothing. When it has completed:
#
#   kubectl logs -n {NAME} -l app={NAME} --tail=-1 --max-log-requests={{shards}} \\
#     | kubectl podx triage --from -
#   kubectl delete namespace {NAME} && kubectl delete clusterrole,clusterrolebinding {NAME}
"""


def manifest(role: Mapping[str, Any], *, shards: int, image: str, words: Sequence[str] = ()) -> str:
    """YAML for `kubectl apply -f -`. `words` are further ones for the command."""
    labels = {"app": NAME}
    where = {"name": NAME, "namespace": NAME}
    parts: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": where},
        dict(role),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": NAME,
            },
            "subjects": [{"kind": "ServiceAccount", **where}],
        },
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": where,
            "spec": {
                "completionMode": "Indexed",
                "completions": shards,
                "parallelism": shards,
                "backoffLimit": shards,
                "ttlSecondsAfterFinished": 3600,
                "template": {
                    "metadata": {"labels": labels},
                    "spec": _pod(shards, image, words),
                },
            },
        },
    ]
    return _HEAD.format(shards=shards) + "".join("---\n" + to_yaml(part) for part in parts)


def _pod(shards: int, image: str, words: Sequence[str]) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            {
                "name": "triage",
                "image": image,
                "args": ["triage", "--shard", f"{_INDEX}/{shards}", "--deadline", "10m", *words],
                "resources": {
                    "requests": {"cpu": "100m", "memory": "128Mi"},
                    "limits": {"memory": "256Mi"},
                },
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                },
            }
        ],
    }
