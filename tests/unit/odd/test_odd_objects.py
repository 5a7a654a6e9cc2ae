"""Partial and odd objects cost lines, never the report: every section degrades by the line."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import capture_of_store, listed
from kubectl_podx.analysis.analyse import pod_report
from kubectl_podx.capture.plan import LookOptions, pod_calls
from kubectl_podx.capture.seal import Sealer
from kubectl_podx.capture.seal_environment import declared_variables
from kubectl_podx.model.raw import items, mapping
from kubectl_podx.model.reference import Reference
from kubectl_podx.sections.report import PodReport
from kubectl_podx.sections.table import SECTIONS

RECORDED = Path(__file__).parents[1] / "capture" / "recorded" / "everything.json"
POD = Reference("Pod", "lead", "everything")

# What stands beside the recorded pod, so that every section has something to read.
OWNER = {"kind": "ReplicaSet", "name": "web-5f", "uid": "rs", "controller": True}
AROUND: list[dict[str, Any]] = [
    {
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-5f",
            "namespace": "lead",
            "uid": "rs",
            "annotations": {"deployment.kubernetes.io/revision": "2"},
            "ownerReferences": [
                {"kind": "Deployment", "name": "web", "uid": "d", "controller": True}
            ],
        },
        "spec": {
            "template": {
                "spec": {"containers": [{"name": "app", "image": "a:2", "command": ["x"]}]}
            }
        },
    },
    {
        "kind": "ReplicaSet",
        "metadata": {
            "name": "web-4e",
            "namespace": "lead",
            "uid": "old",
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [
                {"kind": "Deployment", "name": "web", "uid": "d", "controller": True}
            ],
        },
        "spec": {
            "template": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"containers": [{"name": "app", "image": "a:1", "env": [{"name": "E"}]}]},
            }
        },
    },
    {
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": "lead"},
        "spec": {"volumeName": "pv-1", "storageClassName": "fast"},
        "status": {
            "phase": "Bound",
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1"},
        },
    },
    {
        "kind": "PersistentVolume",
        "metadata": {"name": "pv-1"},
        "spec": {"csi": {"driver": "d"}, "persistentVolumeReclaimPolicy": "Retain"},
    },
    {
        "kind": "ServiceAccount",
        "metadata": {"name": "default", "namespace": "lead", "uid": "s"},
    },
]
EXTRA_SPEC: dict[str, Any] = {
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "gpu", "operator": "In", "values": ["yes"]}]}
                ]
            }
        }
    },
    "nodeSelector": {"disktype": "ssd"},
    "readinessGates": [{"conditionType": "x/y"}],
    "topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1}],
    "securityContext": {"fsGroup": 1, "supplementalGroups": [2], "runAsUser": 3},
    "dnsConfig": {"nameservers": ["192.0.2.1"], "options": [{"name": "ndots", "value": "2"}]},
}
LISTS: dict[str, list[dict[str, Any]]] = {
    f"Event/{POD.key}": [
        {
            "reason": "FailedMount",
            "message": 'MountVolume.SetUp failed for volume "cm" : x',
            "count": 2,
            "involvedObject": {"kind": "Pod"},
            "lastTimestamp": "2026-11-25T02:09:00Z",
        },
        {"reason": "Killing", "message": "Container app failed liveness probe, will be restarted"},
    ],
    "Service/lead": [
        {
            "metadata": {"name": "web"},
            "spec": {"selector": {"app": "everything"}, "ports": [{"port": 80, "targetPort": "a"}]},
        }
    ],
    "EndpointSlice/lead": [
        {
            "metadata": {"labels": {"kubernetes.io/service-name": "web"}},
            "endpoints": [{"targetRef": {"kind": "Pod", "name": "everything"}, "conditions": {}}],
        }
    ],
    "Node/": [{"metadata": {"name": "n1", "labels": {"disktype": "hdd"}}}],
    f"Pod/{POD.key}": [
        {"metadata": {"name": "other"}, "spec": {"containers": [{"name": "app", "image": "a:2"}]}}
    ],
}
ODD: tuple[Any, ...] = (
    *(None, "", "x", 0, -1, True, 1e300, [], {}, [None], [[]], [{}], [3], {"": None}),
    *(
        {"name": None},
        {"a": {"b": []}},
        "2026-99-99T00:00:00Z",
        "\u202e\x1b[31m",
        "$(A)$(",
        "/../..",
    ),
    *("9" * 400, {"name": "app"}, {"running": None}, {"exitCode": "3"}),
)
# Fields that a server of 1.28 does not have yet.
NEWER = frozenset(
    {
        *("observedGeneration", "allocatedResources", "user", "volumeMounts", "hostIPs"),
        *("restartPolicyRules", "stopSignal", "supplementalGroupsPolicy", "recursiveReadOnly"),
    }
)


def everything() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The recorded pod, its sources, and what stands around it."""
    recorded = json.loads(RECORDED.read_text())
    pod = recorded["pod"]
    pod["metadata"]["ownerReferences"] = [OWNER]
    pod["metadata"]["labels"]["pod-template-hash"] = "5f"
    pod["spec"].update(copy.deepcopy(EXTRA_SPEC))
    pod["spec"]["volumes"].append({"name": "data", "persistentVolumeClaim": {"claimName": "data"}})
    return pod, [*recorded["objects"], *copy.deepcopy(AROUND)]


def report(
    pod: dict[str, Any], objects: list[dict[str, Any]], lists: dict[str, Any] | None = None
) -> PodReport:
    """The pod through sealing and analysis, as a run does it."""
    sealer = Sealer()
    stored = {}
    for body in [*objects, pod]:
        meta = mapping(body, "metadata")
        name, namespace = meta.get("name"), meta.get("namespace")
        reference = Reference(
            str(body.get("kind") or "Pod"),
            namespace if isinstance(namespace, str) else "",
            name if isinstance(name, str) else "x",
        )
        reference = POD if body is pod else reference
        stored[reference.key] = sealer.keep(reference, body)
    found = {
        key: listed(key, [dict(one) for one in items({"i": several}, "i")])
        for key, several in (LISTS if lists is None else lists).items()
    }
    raw = sealer.raw_pod(POD)
    capture = capture_of_store(
        stored,
        reference=POD.key,
        lists=found,
        captured_at="2026-11-25T02:10:00Z",
        declared_variables=declared_variables(sealer, raw, stored),
    )
    assert all(call.id for call in pod_calls(POD, raw, LookOptions()))
    made = pod_report(capture, capture.pods[0])
    # A report can always be written out and read again.
    assert msgspec.json.decode(msgspec.json.encode(made), type=PodReport) == made
    return made


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into the object."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for step, below in inner:
        yield (*path, step)
        yield from places(below, (*path, step))


def replaced(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """The object with what stands at the path replaced."""
    if not path:
        return odd
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], odd)
    return changed


def without(value: Any, names: frozenset[str]) -> Any:
    """The object without these fields, wherever they stand."""
    if isinstance(value, dict):
        return {key: without(inner, names) for key, inner in value.items() if key not in names}
    return [without(inner, names) for inner in value] if isinstance(value, list) else value


def sections(made: PodReport) -> dict[str, Any]:
    return {each.key: getattr(made, each.field) for each in SECTIONS if not each.derived}


def test_the_whole_pod_has_rows_in_nearly_every_section() -> None:
    made = report(*everything())
    empty = {key for key, rows in sections(made).items() if rows in ([], None)}
    assert empty <= {"lifecycle"}


@pytest.mark.parametrize("part", ["spec", "status", "metadata"])
@pytest.mark.parametrize("odd", [None, {}, [], "x", 3], ids=str)
def test_a_pod_without_one_of_its_parts(part: str, odd: Any) -> None:
    pod, objects = everything()
    made = report({**pod, part: odd}, objects)
    assert all(rows is not None for rows in sections(made).values())
    assert made.verdict.summary


@pytest.mark.parametrize("body", [{}, {"kind": "Pod"}, {"spec": None, "status": None}], ids=str)
def test_an_empty_pod(body: dict[str, Any]) -> None:
    made = report(body, [], {})
    assert made.pod.name == "everything"
    assert made.verdict.severity == "unknown"


def test_a_server_of_1_28_and_one_with_fields_that_nobody_knows() -> None:
    pod, objects = everything()
    whole = report(pod, objects)
    old = report(without(pod, NEWER), without(objects, NEWER))
    assert old.verdict.severity == whole.verdict.severity
    assert len(old.containers or []) == len(whole.containers or [])
    newer = copy.deepcopy(pod)
    newer["spec"]["evictionResponders"] = [{"name": "x"}]
    newer["spec"]["containers"][0]["telepathy"] = {"level": 3}
    newer["spec"]["volumes"].append({"name": "new", "hologram": {"path": "/h"}})
    newer["status"]["volumeHealth"] = [{"state": "Degraded"}]
    found = report(newer, objects)
    assert found.files == whole.files
    assert [row.type for row in found.volumes or [] if row.name == "new"] == ["hologram"]


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:20])
def test_every_list_full_of_odd_items(odd: Any) -> None:
    pod, objects = everything()
    lists = {
        key: [odd, *several] if isinstance(odd, dict) else odd for key, several in LISTS.items()
    }
    assert report(pod, objects, lists).verdict.summary


WHOLE_POD, WHOLE_OBJECTS = everything()
POD_PLACES = list(places(WHOLE_POD))
OBJECT_PLACES = list(places(WHOLE_OBJECTS))


@settings(max_examples=400, deadline=None)
@given(
    path=st.sampled_from(POD_PLACES),
    other=st.sampled_from(POD_PLACES),
    odd=st.sampled_from(ODD),
    odder=st.sampled_from(ODD),
)
def test_any_field_of_the_pod_may_hold_anything(
    path: tuple[Any, ...], other: tuple[Any, ...], odd: Any, odder: Any
) -> None:
    pod = replaced(WHOLE_POD, path, odd)
    if path != other[: len(path)]:
        pod = replaced(pod, other, odder)
    made = report(pod, WHOLE_OBJECTS)
    assert all(rows is not None for rows in sections(made).values())


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(OBJECT_PLACES), odd=st.sampled_from(ODD))
def test_any_field_of_the_objects_around_may_hold_anything(path: tuple[Any, ...], odd: Any) -> None:
    objects = [body for body in replaced(WHOLE_OBJECTS, path, odd) if isinstance(body, dict)]
    made = report(WHOLE_POD, objects)
    assert all(rows is not None for rows in sections(made).values())


LIST_PLACES = list(places(LISTS))


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(LIST_PLACES), odd=st.sampled_from(ODD))
def test_any_field_of_a_list_may_hold_anything(path: tuple[Any, ...], odd: Any) -> None:
    assert report(WHOLE_POD, WHOLE_OBJECTS, replaced(LISTS, path, odd)).verdict.summary
