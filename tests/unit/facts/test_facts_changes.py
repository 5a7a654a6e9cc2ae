"""What changed since the pod was made."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import Json
from kubectl_podx.model.capture import KeyFacts, ObjectState, StoredObject
from kubectl_podx.pod.owner import workload
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.changes import facts as changes
from kubectl_podx.sections.changes.report import Change

CREATED = "2026-01-01T10:00:00Z"


def entry(manager: str, time: str, subresource: str = "") -> dict[str, Any]:
    return {"manager": manager, "time": time, "subresource": subresource}


def stored(reference: str, body: Json | None, state: ObjectState = "present") -> StoredObject:
    if body is None:
        return kit.absent(reference, state)
    keys: dict[str, KeyFacts] | None = {} if reference.startswith(("ConfigMap", "Secret")) else None
    return kit.stored(body, reference, keys=keys)


def view(*objects: StoredObject, **pod: Any) -> PodView:
    metadata = {"creationTimestamp": CREATED, **pod.pop("metadata", {})}
    body = kit.pod(metadata=metadata, status=pod.pop("status", None), **pod.pop("spec", {}))
    return kit.view({**body, **pod}, *objects)


def build(*objects: StoredObject, **pod: Any) -> list[Change]:
    return changes.build(view(*objects, **pod))


ENV_FROM = {"containers": [{"name": "app", "envFrom": [{"configMapRef": {"name": "c"}}]}]}


def config(written: str, created: str = "2026-01-01T09:00:00Z") -> StoredObject:
    fields = {"creationTimestamp": created, "managedFields": [entry("helm", written)]}
    return stored("ConfigMap/shop/c", {"metadata": fields})


def test_a_config_map_counts_where_it_was_written_after_the_pod_was_made() -> None:
    assert build(config("2026-01-01T09:30:00Z"), spec=ENV_FROM) == []
    assert build(config("2026-01-01T11:00:00Z"), spec=ENV_FROM) == [
        Change(
            kind="config",
            what="ConfigMap c was written after the pod was created",
            time="2026-01-01T11:00:00Z",
            by="helm",
            object="ConfigMap/c",
        )
    ]


def test_one_that_was_made_anew_and_one_that_is_gone_are_said() -> None:
    anew = config("2026-01-01T11:00:00Z", created="2026-01-01T11:00:00Z")
    assert "was made after" in build(anew, spec=ENV_FROM)[0].what
    gone = build(stored("ConfigMap/shop/c", None, "missing"), spec=ENV_FROM)
    assert [change.what for change in gone] == ["ConfigMap c is not there"]
    assert build(stored("ConfigMap/shop/c", None, "denied"), spec=ENV_FROM) == []


def test_edits_of_the_pod_are_told_from_its_making_and_from_its_status() -> None:
    managed = [
        entry("kube-controller-manager", CREATED),
        entry("kubelet", "2026-01-01T11:00:00Z", "status"),
        entry("kubectl-label", "2026-01-01T11:30:00Z"),
    ]
    found = build(metadata={"managedFields": managed})
    assert [(change.kind, change.by, change.time) for change in found] == [
        ("labels", "kubectl-label", "2026-01-01T11:30:00Z")
    ]


def test_a_resize_says_what_is_wanted_and_what_is_admitted() -> None:
    found = build(
        metadata={"managedFields": [entry("kubectl-patch", "2026-01-01T11:00:00Z", "resize")]},
        spec={"containers": [{"name": "app", "resources": {"requests": {"cpu": "2"}}}]},
        status={"containerStatuses": [{"name": "app", "allocatedResources": {"cpu": "1"}}]},
    )
    assert [(c.kind, c.before, c.after, c.by) for c in found] == [
        ("resize", "cpu 1", "cpu 2", "kubectl-patch")
    ]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"type": "PodResizeInProgress", "status": "True", "reason": "Error"}, "it fails"),
        ({"type": "PodResizeInProgress", "status": "True"}, "it is under way"),
        ({"type": "PodResizePending", "status": "True", "reason": "Deferred"}, "waits (Deferred)"),
        ({"type": "PodResizePending", "status": "False"}, "were changed in place"),
    ],
)
def test_a_resize_that_is_not_done_was_not_changed(condition: Any, words: str) -> None:
    (found,) = build(
        metadata={"managedFields": [entry("kubectl-patch", "2026-01-01T11:00:00Z", "resize")]},
        spec={"containers": [{"name": "app", "resources": {"requests": {"cpu": "2"}}}]},
        status={"conditions": [condition]},
    )
    assert words in found.what
    assert ("were changed in place" in found.what) == (condition["status"] == "False")


def owned(kind: str, name: str, uid: str) -> dict[str, Any]:
    return {
        "ownerReferences": [{"kind": kind, "name": name, "uid": uid, "controller": True}],
        "labels": {"pod-template-hash": "abc", "controller-revision-hash": "web-1"},
    }


def replica_set(name: str, revision: str, image: str, created: str) -> StoredObject:
    return stored(
        f"ReplicaSet/shop/{name}",
        {
            "metadata": {
                "name": name,
                "uid": name,
                "creationTimestamp": created,
                "annotations": {"deployment.kubernetes.io/revision": revision},
                "ownerReferences": [
                    {"kind": "Deployment", "name": "web", "uid": "d", "controller": True}
                ],
            },
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
        },
    )


def test_a_rollout_with_the_images_of_the_revision_before() -> None:
    found = build(
        replica_set("web-abc", "3", "web:3", "2026-01-01T09:59:58Z"),
        replica_set("web-old", "2", "web:2", "2026-01-01T01:00:00Z"),
        replica_set("web-oldest", "1", "web:1", "2026-01-01T00:00:00Z"),
        metadata=owned("ReplicaSet", "web-abc", "web-abc"),
        spec={"containers": [{"name": "app", "image": "web:3"}]},
    )
    assert [(c.kind, c.before, c.after, c.object) for c in found] == [
        ("rollout", "2", "3", "Deployment/web"),
        ("image", "web:2", "web:3", "Deployment/web"),
    ]


def test_the_first_revision_is_no_change_and_a_later_pod_was_added_or_replaced() -> None:
    found = build(
        replica_set("web-abc", "1", "web:1", "2026-01-01T07:00:00Z"),
        metadata=owned("ReplicaSet", "web-abc", "web-abc"),
        spec={"containers": [{"name": "app", "image": "other:1"}]},
    )
    assert [(c.kind, c.before, c.after) for c in found] == [
        ("replaced", "", ""),
        ("image", "web:1", "other:1"),
    ]
    assert "3h after its ReplicaSet" in found[0].what


def test_a_stateful_set_with_a_newer_revision() -> None:
    body = {
        "metadata": {"uid": "s", "managedFields": [entry("helm", "2026-01-01T11:00:00Z")]},
        "status": {"updateRevision": "web-2"},
    }
    found = build(stored("StatefulSet/shop/web", body), metadata=owned("StatefulSet", "web", "s"))
    assert [(c.kind, c.before, c.after, c.by) for c in found] == [
        ("template", "web-1", "web-2", "helm")
    ]


def test_the_workload_is_found_by_the_stored_object_or_by_the_template_hash() -> None:
    meta = owned("ReplicaSet", "web-abc", "web-abc")
    known = workload(view(replica_set("web-abc", "1", "i", CREATED), metadata=meta))
    guessed = workload(view(metadata=meta))
    assert known is not None
    assert guessed is not None
    assert known.label == guessed.label == "Deployment web"
    other = workload(view(metadata=owned("ReplicaSet", "web-xyz", "u")))
    assert other is not None
    assert other.label == "ReplicaSet web-xyz"
    assert workload(view()) is None


def test_odd_objects_cost_rows_and_never_the_section() -> None:
    odd: dict[str, Any] = {"managedFields": [None, {"time": 3}], "ownerReferences": ["x"]}
    assert build(metadata=odd, spec={"containers": None}, status=None) == []


def test_what_a_revision_changed_in_the_template_is_named_by_field() -> None:
    old = replica_set("web-old", "1", "web:1", "2026-01-01T01:00:00Z")
    new = replica_set("web-abc", "2", "web:1", "2026-01-01T09:59:58Z")
    new.body["spec"]["template"] = {  # type: ignore[index]
        "metadata": {
            "labels": {"pod-template-hash": "abc", "tier": "back"},
            "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T09:59:58Z"},
        },
        "spec": {
            "nodeSelector": {"disktype": "ssd"},
            "initContainers": [{"name": "wait"}],
            "containers": [
                {
                    "name": "app",
                    "image": "web:1",
                    "command": ["web"],
                    "env": [{"name": "LEVEL", "value": "1"}],
                }
            ],
        },
    }
    found = build(
        old,
        new,
        metadata=owned("ReplicaSet", "web-abc", "web-abc"),
        spec={"containers": [{"name": "app", "image": "web:1"}]},
    )
    template = [change for change in found if change.kind == "template"]
    assert [change.what for change in template] == [
        "revision 2 changed the template: container wait added",
        "revision 2 changed the template: container app: command, env LEVEL",
        "revision 2 changed the template: nodeSelector",
        "revision 2 changed the template: label tier",
        "revision 2 changed the template: kubectl rollout restart",
    ]
    assert {change.object for change in template} == {"Deployment/web"}
