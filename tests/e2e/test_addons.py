"""Kinds that only some clusters have: policies of Calico and Cilium, vertical autoscalers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from e2e.manifests import pod, shell
from e2e.support import Bench, Manifest

pytestmark = pytest.mark.cluster

_CALICO = "crd.projectcalico.org"


def _definition(group: str, version: str, kind: str, plural: str, scope: str) -> Manifest:
    """A kind of which anything is accepted: its controller is not here, only what it reads."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a test"},
        },
        "spec": {
            "group": group,
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [{**served, "schema": {"openAPIV3Schema": schema}}],
        },
    }


DEFINITIONS = [
    _definition(_CALICO, "v1", "NetworkPolicy", "networkpolicies", "Namespaced"),
    _definition(_CALICO, "v1", "GlobalNetworkPolicy", "globalnetworkpolicies", "Cluster"),
    _definition("cilium.io", "v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies", "Namespaced"),
    _definition(
        "autoscaling.k8s.io",
        "v1",
        "VerticalPodAutoscaler",
        "verticalpodautoscalers",
        "Namespaced",
    ),
]


def _policy(kind: str, name: str, api: str = f"{_CALICO}/v1", **spec: Any) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def addons(bench: Bench) -> Iterator[Bench]:
    bench.apply(DEFINITIONS)
    names = [one["metadata"]["name"] for one in DEFINITIONS]
    for name in names:
        bench.kubectl("wait", "crd", name, "--for=condition=Established", "--timeout=60s")
    yield bench
    bench.kubectl("delete", "crd", *names, "--wait=false", check=False)


def test_policies_of_calico_and_cilium_that_limit_the_pods_egress(addons: Bench) -> None:
    mine = {"matchLabels": {"k8s:app": "walled"}}
    out: dict[str, Any] = {"types": ["Egress"]}
    addons.apply(
        [
            _policy("NetworkPolicy", "deny", selector="app == 'walled'", **out),
            _policy("NetworkPolicy", "other", selector="app == 'web'", **out),
            _policy("NetworkPolicy", "inward", selector="all()", types=["Ingress"]),
            _policy(
                "CiliumNetworkPolicy", "dns", "cilium.io/v2", endpointSelector=mine, egress=[{}]
            ),
        ]
    )
    failing = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    addons.apply(pod("walled", shell(readinessProbe=failing)))
    addons.wait_for_pod("walled", lambda one: one["status"]["phase"] == "Running", "running")
    found = addons.report("walled", "--no-exec")
    assert found["network"]["egressPolicies"] == [
        "CalicoNetworkPolicy/deny",
        "CiliumNetworkPolicy/dns",
    ]
    assert [one for one in found["coverage"] if one["state"] == "denied"] == []


def test_a_vertical_autoscaler_that_has_no_recommendation(addons: Bench) -> None:
    template = {"metadata": {"labels": {"app": "tall"}}, "spec": pod("tall")["spec"]}
    template["spec"].pop("restartPolicy", None)
    addons.apply(
        [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "tall"},
                "spec": {"selector": {"matchLabels": {"app": "tall"}}, "template": template},
            },
            {
                "apiVersion": "autoscaling.k8s.io/v1",
                "kind": "VerticalPodAutoscaler",
                "metadata": {"name": "tall"},
                "spec": {"targetRef": {"kind": "Deployment", "name": "tall"}},
                "status": {"conditions": [{"type": "RecommendationProvided", "status": "False"}]},
            },
        ]
    )
    addons.kubectl("rollout", "status", "deploy/tall", "--timeout=60s")
    found = addons.report("deploy/tall", "--no-exec")
    (guard,) = found["workload"]["guards"]
    assert (guard["kind"], guard["state"]) == ("VerticalPodAutoscaler", "failing")
    assert "WRK040" in {one["code"] for one in found["findings"]}
