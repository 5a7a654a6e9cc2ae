"""What admission added to the owner's template."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kit import Json, owned_by, stored, view, workload
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.injections import facts as injections

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {
        "containers": [
            {
                "name": "app",
                "image": "web:1",
                "env": [
                    {"name": "A", "value": "1"},
                    {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                ],
                "envFrom": [{"configMapRef": {"name": "cfg"}}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }
        ],
        "volumes": [{"name": "v", "emptyDir": {}}],
    },
}


def live() -> dict[str, Any]:
    """The pod as the API server makes it of the template: defaults, token volume, tolerations."""
    pod = copy.deepcopy(TEMPLATE)
    pod["metadata"] = {
        "name": "web-0",
        "namespace": "shop",
        "labels": {"app": "web", "pod-template-hash": "6d"},
        "ownerReferences": owned_by("ReplicaSet", "web-6d"),
    }
    app = pod["spec"]["containers"][0]
    app["imagePullPolicy"] = "IfNotPresent"
    app["env"][1]["valueFrom"]["fieldRef"]["apiVersion"] = "v1"
    app["volumeMounts"].append(
        {
            "name": "kube-api-access-x",
            "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        }
    )
    pod["spec"]["volumes"].append(
        {
            "name": "kube-api-access-x",
            "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]},
        }
    )
    pod["spec"]["tolerations"] = [
        {
            "key": "node.kubernetes.io/not-ready",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": 300,
        }
    ]
    return pod


def view_of(pod: Json, owner: Json | None = None) -> PodView:
    body = owner or workload("ReplicaSet", "web-6d", TEMPLATE)
    return view(pod, stored(body, "ReplicaSet/shop/web-6d"))


def test_an_ordinary_pod_has_only_what_every_pod_gets() -> None:
    found = injections.build(view_of(live()))
    assert [(each.path, each.by.partition(" ")[0]) for each in found] == [
        (
            "spec.containers[app].volumeMounts[/var/run/secrets/kubernetes.io/serviceaccount]",
            "ServiceAccount",
        ),
        ("spec.volumes[kube-api-access-x]", "ServiceAccount"),
        ("spec.tolerations[node.kubernetes.io/not-ready]", "default"),
        ("spec.containers[app].imagePullPolicy", "API"),
    ]


def changed(edit: Any) -> list[tuple[str, str, str]]:
    """The injections that an edit of the live pod adds to the ordinary three."""
    before = {each.path for each in injections.build(view_of(live()))}
    pod = live()
    edit(pod)
    return [
        (each.change, each.path, each.by)
        for each in injections.build(view_of(pod))
        if each.path not in before
    ]


def app(pod: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod["spec"]["containers"][0]
    return found


EDITS: list[tuple[str, Any, list[tuple[str, str, str]]]] = [
    (
        "a sidecar",
        lambda pod: pod["spec"]["containers"].append({"name": "istio-proxy", "image": "p:1"}),
        [("added", "spec.containers[istio-proxy]", "Istio's sidecar injector")],
    ),
    (
        "a variable",
        lambda pod: app(pod)["env"].append({"name": "X", "value": "1"}),
        [("added", "spec.containers[app].env[X]", "")],
    ),
    (
        "another value",
        lambda pod: app(pod)["env"][0].update(value="2"),
        [("changed", "spec.containers[app].env[A]", "")],
    ),
    (
        "another field",
        lambda pod: app(pod)["env"][1]["valueFrom"]["fieldRef"].update(fieldPath="x"),
        [("changed", "spec.containers[app].env[B]", "")],
    ),
    (
        "an image",
        lambda pod: app(pod).update(image="mirror/web:1"),
        [("changed", "spec.containers[app].image", "")],
    ),
    (
        "an envFrom",
        lambda pod: app(pod)["envFrom"].append({"secretRef": {"name": "s"}, "prefix": "P_"}),
        [("added", "spec.containers[app].envFrom[secret s prefix P_]", "")],
    ),
    (
        "a mount",
        lambda pod: app(pod)["volumeMounts"].append({"name": "n", "mountPath": "/n"}),
        [("added", "spec.containers[app].volumeMounts[/n]", "")],
    ),
    (
        "a volume",
        lambda pod: pod["spec"]["volumes"].append({"name": "aws-iam-token"}),
        [("added", "spec.volumes[aws-iam-token]", "Amazon's pod identity webhook")],
    ),
    (
        "a toleration",
        lambda pod: pod["spec"]["tolerations"].append({"key": "gpu", "operator": "Exists"}),
        [("added", "spec.tolerations[gpu]", "")],
    ),
    (
        "a label and an annotation",
        lambda pod: pod["metadata"].update(
            labels={"app": "other"}, annotations={"cni.projectcalico.org/podIP": "x"}
        ),
        [
            ("changed", "metadata.labels[app]", ""),
            (
                "added",
                "metadata.annotations[cni.projectcalico.org/podIP]",
                "Calico's network plugin",
            ),
        ],
    ),
    (
        "a container taken away",
        lambda pod: pod["spec"].update(containers=[]),
        [("removed", "spec.containers[app]", "")],
    ),
]


@pytest.mark.parametrize(
    ("edit", "expected"), [case[1:] for case in EDITS], ids=[case[0] for case in EDITS]
)
def test_each_difference_is_told_with_who_usually_makes_it(
    edit: Any, expected: list[tuple[str, str, str]]
) -> None:
    assert changed(edit) == expected


def test_topology_labels_that_the_api_server_copies_are_no_injection() -> None:
    def edit(pod: Json) -> None:
        pod["metadata"]["labels"] |= {"topology.kubernetes.io/zone": "a", "other.io/zone": "b"}

    assert [path for _, path, _ in changed(edit)] == ["metadata.labels[other.io/zone]"]


def test_a_namesake_of_the_owner_is_not_the_owner() -> None:
    other = {"metadata": {"uid": "another"}, "spec": {"template": {"spec": {}}}}
    found = injections.build(view_of(live(), other))
    assert [each.path for each in found] == ["spec.volumes[kube-api-access-x]"]


def test_a_pod_of_an_older_revision_is_not_compared_with_the_new_template() -> None:
    pod = live()
    pod["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "name": "db", "uid": "s-1"}]
    pod["metadata"]["labels"]["controller-revision-hash"] = "db-1"
    body = {
        "metadata": {"uid": "s-1"},
        "spec": {"template": {"spec": {"containers": []}}},
        "status": {"updateRevision": "db-2"},
    }
    owner = stored(body, "StatefulSet/shop/db")
    view = view_of(pod)
    view.capture.objects[owner.reference] = owner
    assert len(injections.build(view)) == 1
    pod["metadata"]["labels"]["controller-revision-hash"] = "db-2"
    assert "spec.containers[app]" in [each.path for each in injections.build(view)]


@pytest.mark.parametrize("pod", [{}, {"metadata": {"ownerReferences": [None, {}]}, "spec": None}])
def test_odd_pods_have_no_injections(pod: dict[str, Any]) -> None:
    assert injections.build(view_of(pod)) == []
