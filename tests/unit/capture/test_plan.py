"""The plan is exact: what is asked for a pod, with which right, and nothing else."""

from __future__ import annotations

from typing import Any

import kit
from kit import Json
from kubectl_podx.capture.plan import LookOptions, follow_ups, pod_calls
from kubectl_podx.model.reference import Reference

POD = Reference("Pod", "shop", "web-0")


def much(**spec: Any) -> dict[str, Any]:
    """A pod that refers to many things."""
    volumes = [
        {"name": "c", "configMap": {"name": "settings"}},
        {
            "name": "p",
            "projected": {
                "sources": [
                    {"secret": {"name": "tls"}},
                    {"configMap": {"name": "kube-root-ca.crt"}},
                ]
            },
        },
    ]
    last = kit.terminated(1, containerID="containerd://x")
    app = kit.container(
        "app",
        status=kit.status(ready=True, lastState=last),
        envFrom=[{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "login"}}],
        livenessProbe={"exec": {"command": ["true"]}},
    )
    owner = {"kind": "ReplicaSet", "name": "web-5f", "uid": "r"}
    return kit.pod(
        app,
        metadata={"labels": {"app": "web"}, "ownerReferences": [owner]},
        **{
            "volumes": volumes,
            "nodeName": "node-1",
            "serviceAccountName": "default",
            "imagePullSecrets": [{"name": "pull"}, {"name": "login"}],
            **spec,
        },
    )


def ids(wish: LookOptions = LookOptions()) -> list[str]:  # noqa: B008 - immutable
    return sorted(call.id for call in pod_calls(POD, much(), wish))


def test_every_request_of_a_whole_report() -> None:
    assert ids() == [
        "exec Pod/shop/web-0 app",
        "get ConfigMap/shop/kube-root-ca.crt",
        "get ConfigMap/shop/settings",
        "get Node//node-1",
        "get ReplicaSet/shop/web-5f",
        "get Secret/shop/login",
        "get Secret/shop/tls",
        "get ServiceAccount/shop/default",
        "list EndpointSlice/shop",
        "list Event/Pod/shop/web-0",
        "list Service/shop",
        "log Pod/shop/web-0 app previous",
        "metrics node-1",
        "type Secret/shop/pull",
    ]


def test_events_are_asked_for_by_uid() -> None:
    events = next(c for c in pod_calls(POD, much(), LookOptions()) if c.id.startswith("list Event"))
    assert events.query == (("fieldSelector", "involvedObject.uid=u-1"),)


def test_one_section_asks_for_less() -> None:
    asked = ids(LookOptions(frozenset({"probes"})))
    assert [one for one in asked if "Secret" not in one] == [
        "list Event/Pod/shop/web-0",
        "metrics node-1",
    ]
    assert "get ConfigMap/shop/settings" not in ids(LookOptions(frozenset({"probes"})))


def test_secrets_are_read_for_every_section_as_their_values_are_scrubbed_from_messages() -> None:
    for section in ("probes", "restarts", "containers", "timeline"):
        asked = ids(LookOptions(frozenset({section})))
        assert {"get Secret/shop/login", "get Secret/shop/tls"} <= set(asked)


def test_findings_and_the_timeline_are_made_of_everything() -> None:
    assert ids(LookOptions(frozenset({"findings"}))) == ids()
    assert ids(LookOptions(frozenset({"timeline"}))) == ids()
    assert "metrics node-1" in ids(LookOptions(frozenset({"restarts"})))


def test_the_nodes_events_are_asked_for_only_where_a_container_was_killed() -> None:
    killed = much()
    (status,) = killed["status"]["containerStatuses"]
    status["lastState"] = {"terminated": {"exitCode": 137, "reason": "Error"}}
    (call,) = [
        c for c in pod_calls(POD, killed, LookOptions()) if c.id == "list Event/Node//node-1"
    ]
    assert call.query == (("fieldSelector", "involvedObject.kind=Node,involvedObject.name=node-1"),)
    assert call.right.namespace == "default"
    assert "list Event/Node//node-1" not in ids()


def test_no_exec_and_no_logs() -> None:
    assert not [i for i in ids(LookOptions(exec_allowed=False)) if i.startswith("exec")]
    assert not [i for i in ids(LookOptions(logs=False)) if i.startswith("log")]


def test_rights_are_named_as_kubectl_names_them() -> None:
    rights = {call.id: str(call.right) for call in pod_calls(POD, much(), LookOptions())}
    assert rights["exec Pod/shop/web-0 app"] == "get pods/exec and create pods/exec"
    assert rights["get ReplicaSet/shop/web-5f"] == "get replicasets.apps"
    assert rights["metrics node-1"] == "get nodes/proxy"
    assert rights["log Pod/shop/web-0 app previous"] == "get pods/log"


def test_a_container_that_does_not_run_is_not_looked_into() -> None:
    waiting = much()
    waiting["status"] = {"containerStatuses": [{"name": "app", "state": {"waiting": {}}}]}
    assert not [c for c in pod_calls(POD, waiting, LookOptions()) if c.kind == "exec"]


def test_partial_objects_plan_without_failing() -> None:
    odd: list[Json] = [{}, {"spec": None, "status": None}, {"spec": {"containers": [None, 3, {}]}}]
    for body in odd:
        assert all(
            call.reference.namespace == "shop" for call in pod_calls(POD, body, LookOptions())
        )


def test_an_object_leads_to_its_owner_and_to_the_revisions_beside_it() -> None:
    replica_set = {
        "metadata": {"ownerReferences": [{"kind": "Deployment", "name": "web", "uid": "d"}]},
        "spec": {
            "selector": {
                "matchLabels": {"app": "web", "pod-template-hash": "5f"},
                "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}],
            }
        },
    }
    calls = follow_ups(Reference("ReplicaSet", "shop", "web-5f"), replica_set, LookOptions())
    assert [(call.id, call.query) for call in calls] == [
        ("get Deployment/shop/web", ()),
        (
            "list ReplicaSet/Deployment/shop/web",
            (("labelSelector", "app=web,tier in (a,b)"),),
        ),
    ]
    claim = Reference("PersistentVolumeClaim", "shop", "data")
    (volume,) = follow_ups(claim, {"spec": {"volumeName": "pv-1"}}, LookOptions())
    assert (volume.id, str(volume.right)) == ("get PersistentVolume//pv-1", "get persistentvolumes")
    assert (
        follow_ups(claim, {"spec": {"volumeName": "pv-1"}}, LookOptions(frozenset({"files"}))) == []
    )
    assert follow_ups(claim, {}, LookOptions()) == []


def test_pods_of_one_template_are_asked_for_as_a_sample() -> None:
    made = much()
    made["metadata"]["labels"] = {"app": "web", "pod-template-hash": "5f"}
    (call,) = [c for c in pod_calls(POD, made, LookOptions()) if c.id.startswith("list Pod/")]
    assert call.query == (("labelSelector", "pod-template-hash=5f"), ("limit", "20"))
    assert call.first_page


def test_a_pod_without_a_node_is_held_against_all_nodes_only_where_it_asks_for_labels() -> None:
    def asked(**spec: Any) -> set[str]:
        return {call.id for call in pod_calls(POD, {"spec": spec}, LookOptions())}

    assert "list Node/" in asked(nodeSelector={"disktype": "ssd"})
    assert "list Node/" in asked(affinity={"nodeAffinity": {"x": 1}})
    assert "list Node/" not in asked()
    assert "list Node/" not in asked(nodeSelector={"disktype": "ssd"}, nodeName="node-1")


def test_the_claim_of_a_generic_ephemeral_volume_is_named_after_the_pod() -> None:
    volumes = [{"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}}]
    calls = pod_calls(POD, {"spec": {"volumes": volumes}}, LookOptions())
    assert "get PersistentVolumeClaim/shop/web-0-scratch" in {call.id for call in calls}
