"""What the pod refers to: not there, not usable, not readable."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, absent, stored, view
from kubectl_podx.model.capture import KeyFacts, StoredObject
from kubectl_podx.model.tried import Admission
from kubectl_podx.start.facts import build
from kubectl_podx.start.report import PodStart, StartProblem
from kubectl_podx.start.room import room_of

_ACCEPTED = Admission(state="accepted", basis="template")
_NODE = {"metadata": {"name": "n1"}, "status": {"allocatable": {"pods": "10"}}}


def settings(**keys: str) -> StoredObject:
    body = {"kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}}
    facts = {key: KeyFacts(digest=value) for key, value in keys.items()}
    return stored(body, "ConfigMap/shop/settings", keys=facts)


def made(spec: Json, *objects: StoredObject, **fields: Any) -> PodStart:
    body = {
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop", **fields.pop("metadata", {})},
        "spec": {"containers": [{"name": "app", "image": "busybox:1"}], **spec},
    }
    lists = {"Node/": [_NODE], "Pod/": [], **fields.pop("lists", {})}
    seen = view(body, *objects, lists=lists, **{"admission": _ACCEPTED, **fields})
    return build(seen, room_of(seen.capture))


def only(start: PodStart) -> StartProblem:
    (problem,) = start.problems
    return problem


def container(**fields: Any) -> Json:
    return {"containers": [{"name": "app", "image": "busybox:1", **fields}]}


def from_settings(key: str, **fields: Any) -> Json:
    ref = {"name": "settings", "key": key, **fields}
    return container(env=[{"name": "LEVEL", "valueFrom": {"configMapKeyRef": ref}}])


def test_a_pod_that_lacks_nothing_would_start() -> None:
    start = made(from_settings("LEVEL"), settings(LEVEL="x"))
    assert (start.state, start.problems, start.coverage) == ("wouldStart", [], [])
    assert start.summary == "accepted by the API server; 1 of 1 nodes could take it"


def test_a_config_map_that_is_gone() -> None:
    problem = only(made(from_settings("LEVEL"), absent("ConfigMap/shop/settings")))
    assert (problem.kind, problem.severity, problem.confidence) == (
        "configMap",
        "critical",
        "proven",
    )
    assert problem.field == "spec.containers[0].env[0].valueFrom.configMapKeyRef.name"
    assert problem.next == "kubectl get configmaps -n shop"


def test_a_key_that_is_gone() -> None:
    problem = only(made(from_settings("LEVEL"), settings(COLOR="x")))
    assert (problem.kind, problem.title) == (
        "key",
        'ConfigMap "settings" has no key "LEVEL": variable LEVEL of app needs it',
    )
    assert problem.field == "spec.containers[0].env[0].valueFrom.configMapKeyRef.key"


@pytest.mark.parametrize("found", [absent("ConfigMap/shop/settings"), settings()])
def test_what_is_optional_may_be_gone(found: StoredObject) -> None:
    assert made(from_settings("LEVEL", optional=True), found).problems == []


def test_a_volume_that_nobody_mounts_is_not_made() -> None:
    """The kubelet mounts what a container asks for (GetPodVolumeNames)."""
    volumes = [{"name": "v", "secret": {"secretName": "tls"}}]
    assert made({"volumes": volumes}, absent("Secret/shop/tls")).problems == []
    mounted = container(volumeMounts=[{"name": "v", "mountPath": "/v"}])
    problem = only(made({**mounted, "volumes": volumes}, absent("Secret/shop/tls")))
    assert problem.field == "spec.volumes[0].secret.secretName"


def test_denied_is_not_missing() -> None:
    start = made(from_settings("LEVEL"), absent("ConfigMap/shop/settings", "denied"))
    assert (start.state, start.problems) == ("unknown", [])
    (row,) = start.coverage
    assert (row.state, row.needs) == ("denied", "get configmaps")


def test_an_account_that_is_gone() -> None:
    found = absent("ServiceAccount/shop/robot")
    problem = only(made({"serviceAccountName": "robot"}, found))
    assert (problem.kind, problem.field) == ("serviceAccount", "spec.serviceAccountName")


def test_a_pull_secret_that_is_gone_is_a_warning() -> None:
    start = made({"imagePullSecrets": [{"name": "reg"}]}, absent("Secret/shop/reg"))
    assert (start.state, only(start).severity) == ("wouldStart", "warning")


def claim(**body: Any) -> StoredObject:
    whole = {"kind": "PersistentVolumeClaim", **body}
    meta = {"name": "data", "namespace": "shop", "uid": "u", **whole.get("metadata", {})}
    return stored({**whole, "metadata": meta}, "PersistentVolumeClaim/shop/data")


_CLAIMED = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (absent("PersistentVolumeClaim/shop/data"), "does not exist"),
        (claim(metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}), "is being deleted"),
        (claim(status={"phase": "Lost"}, spec={"volumeName": "pv"}), "is not bound: its Persist"),
        (claim(status={"phase": "Pending"}, spec={}), "is not bound: it names no StorageClass"),
    ],
)
def test_claims_that_hold_the_pod(found: StoredObject, words: str) -> None:
    problem = only(made(_CLAIMED, found))
    assert problem.title.startswith('PersistentVolumeClaim "data" (volume "d")')
    assert words in problem.title


def test_a_claim_that_waits_for_its_first_consumer_holds_nobody() -> None:
    found = claim(status={"phase": "Pending"}, spec={"storageClassName": "late"})
    late = stored({"volumeBindingMode": "WaitForFirstConsumer"}, "StorageClass//late")
    assert made(_CLAIMED, found, late).problems == []


@pytest.mark.parametrize(
    ("classes", "volumes", "words"),
    [
        ([], [], "StorageClass fast does not exist"),
        ([{"metadata": {"name": "fast"}, "provisioner": "x"}], [], ""),
        (
            [{"metadata": {"name": "fast"}, "provisioner": "kubernetes.io/no-provisioner"}],
            [],
            "no Per",
        ),
        (
            [],
            [
                {
                    "metadata": {"name": "pv"},
                    "spec": {
                        "storageClassName": "fast",
                        "capacity": {"storage": "2Gi"},
                        "accessModes": ["ReadWriteOnce"],
                    },
                    "status": {"phase": "Available"},
                }
            ],
            "",
        ),
    ],
)
def test_claims_that_a_stateful_set_will_make(
    classes: list[Json], volumes: list[Json], words: str
) -> None:
    template = {
        "metadata": {"name": "d"},
        "spec": {
            "storageClassName": "fast",
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    owner = stored({"spec": {"volumeClaimTemplates": [template]}}, "StatefulSet/shop/web")
    start = made(
        _CLAIMED,
        owner,
        absent("PersistentVolumeClaim/shop/data"),
        metadata={"ownerReferences": [{"kind": "StatefulSet", "name": "web", "controller": True}]},
        lists={"StorageClass/": classes, "PersistentVolume/": volumes},
    )
    assert (words in start.problems[0].title) if words else not start.problems


@pytest.mark.parametrize(
    ("kind", "field"),
    [("PriorityClass", "priorityClassName"), ("RuntimeClass", "runtimeClassName")],
)
def test_classes_that_are_gone(kind: str, field: str) -> None:
    problem = only(made({field: "x"}, absent(f"{kind}//x")))
    assert (problem.title, problem.field) == (f'{kind} "x" does not exist', f"spec.{field}")


def test_a_scheduling_gate_holds_the_pod() -> None:
    problem = only(made({"schedulingGates": [{"name": "wait"}]}))
    assert (problem.kind, problem.severity) == ("gate", "warning")


def test_devices_of_a_template_are_not_checked() -> None:
    start = made({"resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpu"}]})
    assert start.state == "unknown"
    assert "devices of a claim from ResourceClaimTemplate gpu" in start.coverage[0].reason


@pytest.mark.parametrize(
    ("image", "valid"),
    [
        ("busybox", True),
        ("registry.k8s.io:5000/a/b_c/d--e:v1.2_3", True),
        ("x@sha256:" + "a" * 64, True),
        ("localhost/x:1", True),
        ("Busybox", False),
        ("registry.example/Web:1", False),
        ("busy box", False),
        ("busybox:", False),
    ],
)
def test_names_of_images(image: str, valid: bool) -> None:
    start = made({"containers": [{"name": "app", "image": image}]})
    assert [one.kind for one in start.problems] == ([] if valid else ["image"])


def test_an_image_that_may_not_be_pulled() -> None:
    spec = container(imagePullPolicy="Never")
    rows = [{"node": "n1", "images": [], "all": True}]
    problem = only(made(spec, lists={"NodeImages/": rows}))
    assert (problem.kind, problem.confidence) == ("image", "likely")
    # A node that does not tell of all its images may have it.
    assert made(spec, lists={"NodeImages/": [{**rows[0], "all": False}]}).problems == []
    has = [{**rows[0], "images": ["docker.io/library/busybox:1"]}]
    assert made(spec, lists={"NodeImages/": has}).problems == []


def test_an_image_that_its_own_pod_waits_for() -> None:
    waiting = {"image": "busybox:1", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    crowd = [
        {
            "metadata": {"name": "web-0", "namespace": "shop", "uid": "u"},
            "spec": {"nodeName": "n1"},
            "status": {"containerStatuses": [waiting]},
        }
    ]
    start = made({}, metadata={"uid": "u"}, lists={"Pod/": crowd})
    assert "cannot be had now" in only(start).title
    assert made({}, metadata={"uid": "v"}, lists={"Pod/": crowd}).problems == []
