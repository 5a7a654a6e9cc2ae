"""Which policies of Kubernetes, Calico and Cilium limit a pod's egress."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kit
from kubectl_podx.capture.plan_addons import after_groups
from kubectl_podx.capture.planned import get_groups
from kubectl_podx.pod.policies import calico_selects, limiting_egress

LABELS = {"app": "web", "k8s.io/tier": "front"}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("", True),
        ("all()", True),
        ("app == 'web'", True),
        ('app=="web"', True),
        ("app == 'db'", False),
        ("app != 'db' && has(k8s.io/tier)", True),
        ("!has(app)", False),
        ("! has(other) && app == 'web'", True),
        ("missing != 'x'", True),
        # More than terms and `&&` is not understood here, and claims nothing.
        ("app in {'web', 'db'}", False),
        ("app == 'web' || app == 'db'", False),
        ("app == 'web", False),
    ],
)
def test_a_selector_of_calico(selector: str, selected: bool) -> None:
    assert calico_selects(selector, LABELS) == selected


def policy(name: str, **spec: Any) -> kit.Json:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def limiting(**lists: list[kit.Json]) -> list[str]:
    body = kit.pod(kit.container())
    body["metadata"]["labels"] = LABELS
    listed = {key.replace("_", "/"): found for key, found in lists.items()}
    return limiting_egress(kit.view(body, lists=listed))


def test_policies_of_calico() -> None:
    found = limiting(
        CalicoNetworkPolicy_shop=[
            policy("types", selector="app == 'web'", types=["Ingress", "Egress"]),
            policy("rules", egress=[{"action": "Deny"}]),
            policy("inward", types=["Ingress"], egress=[{}]),
            policy("plain", selector="all()"),
        ],
        CalicoGlobalNetworkPolicy_=[
            policy("everywhere", types=["Egress"]),
            policy("elsewhere", types=["Egress"], namespaceSelector="has(team)"),
        ],
    )
    assert found == [
        "CalicoGlobalNetworkPolicy/everywhere",
        "CalicoNetworkPolicy/rules",
        "CalicoNetworkPolicy/types",
    ]


def test_policies_of_cilium() -> None:
    mine = {"matchLabels": {"any:app": "web"}}
    other = {"matchExpressions": [{"key": "k8s:app", "operator": "NotIn", "values": ["web"]}]}
    found = limiting(
        CiliumNetworkPolicy_shop=[
            policy("mine", endpointSelector=mine, egress=[]),
            policy("other", endpointSelector=other, egress=[]),
            policy("inward", endpointSelector=mine, ingress=[]),
            policy("of-nodes", nodeSelector={}, egress=[]),
        ],
        CiliumClusterwideNetworkPolicy_=[
            {**policy("second"), "specs": [{"endpointSelector": {}, "egressDeny": [{}]}]}
        ],
    )
    assert found == ["CiliumClusterwideNetworkPolicy/second", "CiliumNetworkPolicy/mine"]


def _answer(*groups: str) -> bytes:
    return json.dumps(
        {"kind": "APIGroupList", "groups": [{"name": one} for one in groups]}
    ).encode()


def test_only_what_the_server_has_is_asked_for() -> None:
    network = get_groups("shop", ("network",))
    assert after_groups(network, _answer("apps", "autoscaling.k8s.io")) == []
    assert after_groups(network, b"<html>") == []
    asked = after_groups(network, _answer("cilium.io"))
    assert [one.target for one in asked] == [
        "CiliumNetworkPolicy/shop",
        "CiliumClusterwideNetworkPolicy/",
    ]
    named = _answer("cilium.io", "autoscaling.k8s.io")
    scaling = after_groups(get_groups("shop", ("workload",)), named)
    assert [one.target for one in scaling] == ["VerticalPodAutoscaler/shop"]
