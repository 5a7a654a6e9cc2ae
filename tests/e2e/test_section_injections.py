"""What was added to a pod, and by whom: real policies, webhooks, plugins and hands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.admission_webhook import Webhook
from e2e.manifests import BUSYBOX, account, allow, deployment, pod, shell
from e2e.reports import finding
from e2e.support import Bench, Manifest, is_ready

pytestmark = pytest.mark.cluster

RESIZES = 33
GROUP = "admissionregistration.k8s.io/v1"
ON_CREATE = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE"],
    "resources": ["pods"],
}
EXPRESSION = """
Object{spec: Object.spec{
  containers: object.spec.containers.map(c, Object.spec.containers{name: c.name,
    env: [Object.spec.containers.env{name: "DB_PORT", value: "6379"}],
    volumeMounts: [Object.spec.containers.volumeMounts{
      name: "cache-volume", mountPath: "/cache"}]}),
  volumes: [Object.spec.volumes{name: "cache-volume", emptyDir: Object.spec.volumes.emptyDir{}}]}}
"""


def rows(report: Any) -> dict[str, tuple[str, str, str]]:
    """Path -> change, by, confidence, less what Kubernetes does to every pod."""
    ordinary = ("ServiceAccount admission plugin", "default tolerations", "API defaulting")
    plugins = ("Priority admission plugin",)
    return {
        one["path"]: (one["change"], one["by"], one["confidence"])
        for one in report["injections"]
        if not one["by"].startswith(ordinary + plugins)
    }


def injected(bench: Bench, name: str, *words: str) -> Any:
    return bench.podx("injected", name, "-o", "json", *words).json


def first_pod(bench: Bench, app: str) -> Manifest:
    def ready() -> Any:
        found = bench.kubectl("get", "pods", f"--selector=app={app}", "--output=json").json["items"]
        return next((one for one in found if is_ready(one)), None)

    found: Manifest = bench.wait_for(ready, f"a pod of {app}")
    return found


def created(bench: Bench, body: Manifest) -> Manifest:
    words = ("create", "--dry-run=server", "--output=json", "--filename=-")
    found: Manifest = bench.kubectl(*words, input=json.dumps(body)).json
    return found


@pytest.fixture
def policy(bench: Bench) -> Iterator[str]:
    """A policy for pods of this namespace with the label role=frontend."""
    name = f"add-cache-{bench.namespace}"
    here = {"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}}
    bench.apply(
        [
            {
                "apiVersion": GROUP,
                "kind": "MutatingAdmissionPolicy",
                "metadata": {"name": name},
                "spec": {
                    "matchConstraints": {
                        "resourceRules": [ON_CREATE],
                        "namespaceSelector": here,
                        "objectSelector": {"matchLabels": {"role": "frontend"}},
                    },
                    "failurePolicy": "Fail",
                    "reinvocationPolicy": "Never",
                    "mutations": [
                        {
                            "patchType": "ApplyConfiguration",
                            "applyConfiguration": {"expression": EXPRESSION},
                        }
                    ],
                },
            },
            {
                "apiVersion": GROUP,
                "kind": "MutatingAdmissionPolicyBinding",
                "metadata": {"name": name},
                "spec": {"policyName": name},
            },
        ]
    )
    try:
        probe = pod("probe", labels={"role": "frontend"})
        bench.wait_for(lambda: "DB_PORT" in json.dumps(created(bench, probe)), "the policy to act")
        yield name
    finally:
        for kind in ("mutatingadmissionpolicybinding", "mutatingadmissionpolicy"):
            bench.kubectl("delete", kind, name, "--wait=false", check=False)


@pytest.mark.needs_server("1.36", "MutatingAdmissionPolicy")
def test_a_policy_is_named_with_exactly_what_it_added(bench: Bench, policy: str) -> None:
    labels = {"app": "website", "role": "frontend"}
    bench.apply(deployment("website", pod("website", shell(name="website"), labels=labels)))
    name = first_pod(bench, "website")["metadata"]["name"]
    by = (f"MutatingAdmissionPolicy {policy}", "likely")
    assert rows(injected(bench, name)) == {
        "spec.containers[website].env[DB_PORT]": ("added", *by),
        "spec.containers[website].volumeMounts[/cache]": ("added", *by),
        "spec.volumes[cache-volume]": ("added", *by),
    }
    # The whole report asks for no policy, and still says what is not of the template.
    report = bench.report(name)
    found = finding(report, "INJ001")
    assert "3 things" in found["title"]
    assert "podx injected" in found["next"]
    (variable,) = [one for one in report["environment"] if one["name"] == "DB_PORT"]
    assert variable["injectedBy"] == "unknown"
    (volume,) = [one for one in report["volumes"] if one["name"] == "cache-volume"]
    assert volume["injected"] is True
    assert volume["mounts"][0]["injectedBy"] == "unknown"


def test_a_webhook_is_a_candidate_and_a_known_injector_likely(bench: Bench, tmp_path: Path) -> None:
    patch: list[Manifest] = [
        {
            "op": "add",
            "path": "/spec/hostAliases",
            "value": [{"ip": "10.0.0.9", "hostnames": ["x"]}],
        },
        {"op": "add", "path": "/spec/containers/-", "value": shell(name="istio-proxy")},
    ]
    name = f"hook-{bench.namespace}"
    with Webhook(tmp_path, patch) as webhook:
        bench.apply(
            {
                "apiVersion": GROUP,
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": name},
                "webhooks": [
                    {
                        "name": "add.example.com",
                        "admissionReviewVersions": ["v1"],
                        "sideEffects": "None",
                        "clientConfig": {"url": webhook.url, "caBundle": webhook.ca_bundle},
                        "rules": [ON_CREATE],
                        "objectSelector": {"matchLabels": {"hooked": bench.namespace}},
                    }
                ],
            }
        )
        try:
            labels = {"app": "hooked", "hooked": bench.namespace}
            bench.wait_for(
                lambda: "istio-proxy" in json.dumps(created(bench, pod("probe", labels=labels))),
                "the webhook to act",
            )
            bench.apply(deployment("hooked", pod("hooked", labels=labels)))
            found = first_pod(bench, "hooked")
        finally:
            bench.kubectl("delete", "mutatingwebhookconfiguration", name, check=False)
    report = injected(bench, found["metadata"]["name"])
    # The configuration is gone: what nobody is left to have done has no name.
    assert rows(report) == {
        "spec.containers[istio-proxy]": ("added", "Istio's sidecar injector", "likely"),
        "spec.hostAliases": ("added", "", "possible"),
    }


def test_a_webhook_that_is_still_there_is_named(bench: Bench, tmp_path: Path) -> None:
    patch = [{"op": "add", "path": "/spec/dnsConfig", "value": {"searches": ["x.example"]}}]
    name = f"still-{bench.namespace}"
    with Webhook(tmp_path, patch) as webhook:
        bench.apply(
            {
                "apiVersion": GROUP,
                "kind": "MutatingWebhookConfiguration",
                "metadata": {"name": name},
                "webhooks": [
                    {
                        "name": "dns.example.com",
                        "admissionReviewVersions": ["v1"],
                        "sideEffects": "None",
                        "clientConfig": {"url": webhook.url, "caBundle": webhook.ca_bundle},
                        "rules": [ON_CREATE],
                        "objectSelector": {"matchLabels": {"dns": bench.namespace}},
                    }
                ],
            }
        )
        try:
            labels = {"app": "named", "dns": bench.namespace}
            bench.wait_for(
                lambda: "x.example" in json.dumps(created(bench, pod("probe", labels=labels))),
                "the webhook to act",
            )
            bench.apply(deployment("named", pod("named", labels=labels)))
            found = first_pod(bench, "named")
            report = injected(bench, found["metadata"]["name"])
        finally:
            bench.kubectl("delete", "mutatingwebhookconfiguration", name, check=False)
    who = f"MutatingWebhookConfiguration {name} (dns.example.com)"
    assert rows(report) == {"spec.dnsConfig": ("added", who, "possible")}


def test_a_limit_range_a_resize_a_debug_container_and_hands(bench: Bench, server: int) -> None:
    limits = [
        {"type": "Container", "default": {"memory": "64Mi"}, "defaultRequest": {"cpu": "10m"}}
    ]
    limit = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}}
    bench.apply({**limit, "spec": {"limits": limits}})
    try:
        bench.wait_for(
            lambda: "64Mi" in json.dumps(created(bench, pod("probe"))), "the LimitRange to act"
        )
        bench.apply(deployment("limited", pod("limited")))
        name = first_pod(bench, "limited")["metadata"]["name"]
    finally:
        bench.kubectl("delete", "limitrange", "small", check=False)
    by = ("added", "LimitRanger admission plugin", "proven")
    before = rows(injected(bench, name))
    limited = ("limits.memory", "requests.memory", "requests.cpu")
    for entry in limited:
        assert before[f"spec.containers[app].resources.{entry}"] == by
    resources = {"requests": {"cpu": "20m"}}
    resize = {"spec": {"containers": [{"name": "app", "resources": resources}]}}
    if server >= RESIZES:
        bench.kubectl("patch", "pod", name, "--subresource=resize", "--patch", json.dumps(resize))
    words = ("debug", name, f"--image={BUSYBOX}", "--container=shell", "--attach=false")
    bench.kubectl(*words, "--", "sh", "-c", "exit 0")
    # managedFields have whole seconds: a label of the pod's own second could be its creator's.
    bench.wait_for(
        lambda: (
            bench.kubectl("label", "pod", name, "tier=web", "--overwrite")
            and "metadata.labels[tier]" in rows(injected(bench, name))
            and rows(injected(bench, name))["metadata.labels[tier]"][1]
        ),
        "the label to have an owner of its own",
    )
    after = rows(injected(bench, name))
    resources_by = {entry: after[f"spec.containers[app].resources.{entry}"] for entry in limited}
    # The resize is of one entry; the others are still the LimitRange's.
    if server >= RESIZES:
        assert resources_by["requests.cpu"][1:] == ("an in-place resize by kubectl-patch", "proven")
    assert resources_by["limits.memory"] == resources_by["requests.memory"] == by
    # A server of 1.30 does not record who made one, one of 1.37 does.
    made = bench.kubectl("get", "pod", name, "--show-managed-fields", "--output=json").json
    writers = [one.get("subresource") for one in made["metadata"]["managedFields"]]
    by_whom = "a debug container by " if "ephemeralcontainers" in writers else "a debug container"
    assert after["spec.ephemeralContainers[shell]"][1].startswith(by_whom)
    assert after["metadata.labels[tier]"] == ("added", "kubectl-label", "likely")


def test_an_applied_pod_is_compared_with_its_manifest(bench: Bench) -> None:
    bench.start(pod("bare", shell(env=[{"name": "DB_PASSWORD", "value": "canary-applied-2b"}])))
    answer = bench.podx("injected", "bare", "-o", "json")
    assert rows(answer.json) == {}
    by = {one["by"] for one in answer.json["injections"]}
    assert "API defaulting" in by
    assert "canary-applied" not in answer.stdout


def test_who_may_not_read_webhooks_is_told_so(bench: Bench) -> None:
    bench.start(pod("plain"))
    bench.apply(account("reader", allow("get list", "pods events")))
    user = f"system:serviceaccount:{bench.namespace}:reader"
    found = injected(bench, "plain", "--as", user)
    needs = {row["needs"] for row in found["coverage"] if row["section"] == "injections"}
    assert "list mutatingwebhookconfigurations.admissionregistration.k8s.io" in needs
    assert "list mutatingadmissionpolicies.admissionregistration.k8s.io" in needs
