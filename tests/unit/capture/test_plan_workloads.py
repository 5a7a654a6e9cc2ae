"""How many requests a workload costs, and what each of them needs."""

from __future__ import annotations

from typing import Any

import pytest

from kit.workload_cases import OLD, owner
from kubectl_podx.capture import plan
from kubectl_podx.capture.plan_outside import after_claim
from kubectl_podx.model.reference import Reference

SELECTED = {"selector": {"matchLabels": {"app": "web"}}}


def ids(kind: str, spec: dict[str, Any] | None = None, status: Any = None) -> list[str]:
    body = owner(kind, spec={**SELECTED, **(spec or {})}, status=status)
    return [call.id for call in plan.workload_calls(Reference(kind, "shop", "web"), body)]


FINE = {"replicas": 1, "readyReplicas": 1}
COUNTS = [
    ("Deployment", {}, FINE, 5),
    ("StatefulSet", {}, FINE, 5),
    ("ReplicaSet", {}, FINE, 4),
    ("DaemonSet", {}, {"desiredNumberScheduled": 1, "currentNumberScheduled": 1}, 3),
    ("Job", {"completions": 1}, {"active": 1}, 1),
    ("CronJob", {}, {}, 2),
    ("Service", {}, {}, 0),
]


@pytest.mark.parametrize(("kind", "spec", "status", "count"), COUNTS)
def test_a_workload_that_has_its_pods_costs_few_requests(
    kind: str, spec: dict[str, Any], status: Any, count: int
) -> None:
    assert len(ids(kind, spec, status)) == count


def test_one_that_lacks_pods_costs_four_more() -> None:
    lacking = ids("Deployment", {"replicas": 2}, FINE)
    assert set(lacking) - set(ids("Deployment", {}, FINE)) == {
        "list ResourceQuota/shop",
        "list LimitRange/shop",
        "get Namespace//shop",
        "get ServiceAccount/shop/default",
    }


def test_webhooks_are_read_only_where_an_event_tells_of_one() -> None:
    assert plan.tell_of_webhooks([b'{"message":"failed calling webhook \\"x\\""}'])
    assert not plan.tell_of_webhooks([b'{"message":"exceeded quota"}', b""])
    assert len(plan.webhooks()) == 2


def test_the_events_of_many_sets_are_not_all_read() -> None:
    sets = [
        owner("ReplicaSet", f"web-{at}", spec={"replicas": 1}, status={}, created=OLD)
        for at in range(20)
    ]
    assert len(plan.after_owned("ReplicaSet", "shop", sets)) == 3
    fine = owner("ReplicaSet", "web-x", spec={"replicas": 0}, status={"replicas": 0})
    assert plan.after_owned("ReplicaSet", "shop", [fine]) == []


def test_every_call_names_its_right_and_its_namespace() -> None:
    for call in plan.any_workload("shop"):
        if call.kind == "apis":
            # Everybody may ask for the groups (system:discovery).
            assert call.right.verbs == ()
            continue
        assert call.right.verbs in (("get",), ("list",))
        cluster_wide = not call.reference.resource.namespaced
        assert call.right.namespace == ("" if cluster_wide else "shop")


def test_a_triage_lists_five_kinds_of_workloads_beside_the_pods() -> None:
    kinds = [call.reference.kind for call in plan.triage_calls("shop")]
    assert kinds == [
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "CronJob",
        "Job",
        "Node",
        "Namespace",
    ]


@pytest.mark.parametrize(
    ("phase", "mode", "kinds"),
    [
        ("Bound", "ReadWriteOnce", []),
        ("Bound", "ReadWriteOncePod", ["Pod"]),
        ("Pending", "ReadWriteOnce", ["StorageClass", "Event", "PersistentVolume"]),
    ],
)
def test_a_claim_leads_on_where_it_has_no_volume_or_one_user(
    phase: str, mode: str, kinds: list[str]
) -> None:
    body = {
        "metadata": {"uid": "c"},
        "spec": {"storageClassName": "fast", "accessModes": [mode]},
        "status": {"phase": phase},
    }
    calls = after_claim(Reference("PersistentVolumeClaim", "shop", "data"), body)
    assert [call.reference.kind for call in calls] == kinds
