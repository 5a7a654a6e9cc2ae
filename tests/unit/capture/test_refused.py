"""The least Roles for what the API server refused, by what logs tell: no more than was asked."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kubectl_podx.capture.refused import Refused, pods_of, refused
from kubectl_podx.model.capture import LogTail
from kubectl_podx.render.reports import from_logs

USER = "system:serviceaccount:shop:web"


def line(verb: str, resource: str, where: str = "", group: str = "", **more: Any) -> str:
    named = f' "{more["name"]}"' if "name" in more else ""
    place = f'in the namespace "{where}"' if where else "at the cluster scope"
    return (
        f'{resource}{named} is forbidden: User "{more.get("user", USER)}" cannot {verb} resource '
        f'"{resource}" in API group "{group}" {place}'
    )


def found(*lines: str) -> Refused:
    body = kit.pod(serviceAccountName="web")
    logs = [LogTail(container="app", previous=False, lines=list(lines))]
    return refused(kit.capture_of([(kit.captured(body, logs=logs), body)]))


def rules(one: Refused) -> list[dict[str, Any]]:
    return [rule for role in one.roles for rule in role.get("rules", ())]


def test_exactly_what_was_refused() -> None:
    made = found(
        "E0101 12:00:00.1 1 reflector.go:205] " + line("list", "pods", "shop"),
        line("watch", "pods", "shop"),
        line("list", "pods", "shop"),
        line("get", "leases", "shop", "coordination.k8s.io", name="leader"),
        line("list", "nodes"),
        "level=info msg=retrying",
    )
    kinds = [(role["kind"], role["metadata"].get("namespace", "")) for role in made.roles]
    assert kinds == [
        ("Role", "shop"),
        ("RoleBinding", "shop"),
        ("ClusterRole", ""),
        ("ClusterRoleBinding", ""),
    ]
    assert rules(made) == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]},
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["get"],
            "resourceNames": ["leader"],
        },
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["list"]},
    ]
    assert made.roles[1]["subjects"] == [
        {"kind": "ServiceAccount", "name": "web", "namespace": "shop"}
    ]
    assert made.left_out == []


@pytest.mark.parametrize(
    "told",
    [
        line("list", "pods", user="system:serviceaccount:shop:admin"),
        line("list", "pods", user="jane"),
        line("escalate", "roles", "shop", "rbac.authorization.k8s.io"),
        line("bind", "clusterroles", "", "rbac.authorization.k8s.io"),
        line("impersonate", "users"),
        line("*", "pods"),
        line("list", "*"),
        line("list", "*/*", "", "*"),
        f'forbidden: User "{USER}" cannot get path "/metrics"',
    ],
)
def test_what_no_role_is_made_for(told: str) -> None:
    assert found(told).roles == []


def test_a_wish_of_somebody_else_is_told() -> None:
    (words,) = found(line("list", "pods", user="jane")).left_out
    assert words == "list pods: it was jane that was refused, not the pod's ServiceAccount web"


def test_the_manifest_can_be_applied() -> None:
    body = kit.pod(serviceAccountName="web")
    made = found(line("list", "pods", "shop"))
    text = from_logs(made.roles, made.left_out, pods_of(kit.capture([body])))
    assert text.startswith("# What the API server refused to the ServiceAccount of shop/web-0")
    assert "kind: RoleBinding" in text
    assert "verbs:" in text
    assert "No Role" in from_logs([], ["list pods: why"], ["shop/web-0"])
