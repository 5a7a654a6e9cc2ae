"""The pod that would be made now: what is declared, and nothing that the cluster added."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit import Json, owned_by
from kubectl_podx.capture.renew import LAST_APPLIED, first_of, named_as, renewed, stored_form

_TOKEN = {"name": "kube-api-access-x7k2p", "projected": {"sources": []}}


def live(**spec: Any) -> Json:
    meta = spec.pop("metadata", {})
    return {
        "kind": "Pod",
        "metadata": {
            "name": "web-0",
            "namespace": "shop",
            "uid": "u",
            "labels": {"a": "b"},
            **meta,
        },
        "spec": {
            "nodeName": "n1",
            "priority": 0,
            "preemptionPolicy": "PreemptLowerPriority",
            "overhead": {"cpu": "1m"},
            "ephemeralContainers": [{"name": "debug"}],
            "containers": [
                {
                    "name": "app",
                    "volumeMounts": [{"name": _TOKEN["name"], "mountPath": "/var/run"}],
                }
            ],
            "volumes": [_TOKEN, {"name": "data"}],
            **spec,
        },
        "status": {"phase": "Running"},
    }


def owner(kind: str, **spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "new"}]}}
    return {
        "kind": kind,
        "metadata": {"name": "web", "namespace": "shop", "uid": "o-1"},
        "spec": {"template": template, **spec},
    }


def test_a_pod_of_its_own_without_what_was_worked_out() -> None:
    made = renewed(live(), None)
    assert made.basis == "pod"
    assert made.body["metadata"] == {
        "namespace": "shop",
        "name": "web-0-podx",
        "labels": {"a": "b"},
    }
    assert made.body["spec"] == {
        "containers": [{"name": "app", "volumeMounts": []}],
        "volumes": [{"name": "data"}],
    }
    assert "status" not in made.body


def test_a_node_that_was_chosen_by_its_manifest_stays() -> None:
    applied = json.dumps({"kind": "Pod", "spec": {"nodeName": "n7"}})
    body = renewed(live(metadata={"annotations": {LAST_APPLIED: applied}}), None).body
    assert body["spec"]["nodeName"] == "n7"
    assert "annotations" not in body["metadata"]


@pytest.mark.parametrize("kind", ["ReplicaSet", "Job", "ReplicationController", "DaemonSet"])
def test_the_template_of_its_owner(kind: str) -> None:
    pod = live(metadata={"ownerReferences": owned_by(kind, "web")})
    made = renewed(pod, owner(kind))
    assert made.basis == "template"
    assert made.body["metadata"]["generateName"] == "web-"
    assert made.body["metadata"]["labels"] == {"a": "b", "app": "web"}
    assert made.body["spec"]["containers"] == [{"name": "new"}]
    assert "nodeName" not in made.body["spec"]


def test_the_owner_is_not_changed() -> None:
    whole = owner("StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    before = json.dumps(whole)
    renewed(live(metadata={"ownerReferences": owned_by("StatefulSet", "web")}), whole)
    assert json.dumps(whole) == before


def test_a_member_of_a_stateful_set_has_its_claims_and_its_name() -> None:
    whole = owner(
        "StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "data"}}], serviceName="db"
    )
    pod = live(metadata={"ownerReferences": owned_by("StatefulSet", "web")})
    spec = renewed(pod, whole).body["spec"]
    assert spec["volumes"] == [
        {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}
    ]
    assert (spec["hostname"], spec["subdomain"]) == ("web-0", "db")


def test_what_admission_made_of_one_member_is_told_of_another() -> None:
    whole = owner("StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    first = renewed(live(metadata={"ownerReferences": owned_by("StatefulSet", "web")}), whole)
    second = named_as(first.body, live(metadata={"name": "web-1"}), whole)
    assert second["spec"]["volumes"][-1]["persistentVolumeClaim"] == {"claimName": "data-web-1"}


def test_a_daemon_goes_to_its_node_with_its_tolerations() -> None:
    affinity = {"nodeAffinity": {"x": "n1"}}
    pod = live(metadata={"ownerReferences": owned_by("DaemonSet", "web")}, affinity=affinity)
    spec = renewed(pod, owner("DaemonSet")).body["spec"]
    assert spec["affinity"] == affinity
    keys = {one["key"] for one in spec["tolerations"]}
    assert "node.kubernetes.io/unschedulable" in keys
    assert "node.kubernetes.io/network-unavailable" not in keys


def test_the_first_pod_of_a_workload_without_pods() -> None:
    cron = {
        "kind": "CronJob",
        "apiVersion": "batch/v1",
        "metadata": {"name": "nightly", "uid": "c"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never"}}}}},
    }
    made = first_of(cron, "shop")
    assert made is not None
    assert made.body["metadata"]["generateName"] == "nightly-"
    assert made.body["spec"] == {"restartPolicy": "Never"}
    assert first_of({"kind": "Service"}, "shop") is None


def test_it_is_kept_under_the_name_of_the_one_that_goes() -> None:
    pod = live(metadata={"ownerReferences": owned_by("ReplicaSet", "web")})
    answer = {
        "metadata": {
            "generateName": "web-",
            "name": "web-abcde",
            "uid": "other",
            "managedFields": [],
        },
        "spec": {"containers": []},
    }
    kept = stored_form(answer, pod)
    assert kept["metadata"] == {
        "name": "web-0",
        "namespace": "shop",
        "uid": "u",
        "ownerReferences": owned_by("ReplicaSet", "web"),
    }
