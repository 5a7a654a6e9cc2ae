"""What the pod asks of a node: selectors, affinity, taints, and the scheduler's reasons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import Json, absent, event, listed, pod, stored, view
from kubectl_podx.model.capture import ObjectState
from kubectl_podx.pod.nodes import expression_matches, term_matches, tolerated
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.node import facts as node
from kubectl_podx.sections.scheduling import facts as scheduling


def view_of(
    spec: Json,
    status: Json | None = None,
    node_body: Json | None = None,
    node_state: ObjectState = "present",
    events: list[Json] | None = None,
) -> PodView:
    nodes = []
    if node_body is not None:
        nodes = [stored(node_body, "Node//n1")]
    elif node_state != "present":
        nodes = [absent("Node//n1", node_state)]
    return view(
        pod(status=status, **spec),
        *nodes,
        events=events or [],
        captured_at="2026-11-25T10:10:00Z",
    )


MESSAGES = [
    (
        (
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match Pod's node "
            "affinity/selector. preemption: 0/3 nodes are available: 3 Preemption is not helpful "
            "for scheduling."
        ),
        ["1 Insufficient cpu", "2 node(s) didn't match Pod's node affinity/selector"],
    ),
    (
        (
            "0/2 nodes are available: 1 node(s) had untolerated taint {a: b}, 1 node(s) were "
            "unschedulable. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No "
            "preemption victims found for incoming pod."
        ),
        ["1 node(s) had untolerated taint {a: b}", "1 node(s) were unschedulable"],
    ),
    (
        (
            "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. "
            "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
        ),
        ["pod has unbound immediate PersistentVolumeClaims"],
    ),
    (
        'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded',
        ['running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded'],
    ),
    (
        '0/1 nodes are available: persistentvolumeclaim "x" not found. not found',
        ['persistentvolumeclaim "x" not found'],
    ),
    ("", []),
]


@pytest.mark.parametrize(("message", "reasons"), MESSAGES)
def test_the_schedulers_counts_are_taken_apart(message: str, reasons: list[str]) -> None:
    condition = {"type": "PodScheduled", "status": "False", "message": message}
    found = scheduling.build(view_of({}, {"phase": "Pending", "conditions": [condition]}))
    assert (found.state, found.reasons) == ("pending", reasons)


def test_without_a_condition_the_newest_event_speaks() -> None:
    message = "0/1 nodes are available: 1 Too many pods."
    events = [event("FailedScheduling", message)]
    found = scheduling.build(view_of({}, {"phase": "Pending"}, events=events))
    assert found.reasons == ["1 Too many pods"]


@given(st.text(max_size=200))
def test_any_message_is_read(message: str) -> None:
    for text in (message, "0/1 nodes are available: " + message):
        assert "" not in scheduling.split_reasons(text)


@pytest.mark.parametrize(
    ("spec", "status", "state"),
    [
        ({"nodeName": "n1"}, {"phase": "Running"}, "scheduled"),
        ({"schedulingGates": [{"name": "x/gate"}]}, {"phase": "Pending"}, "gated"),
        ({}, {"phase": "Pending"}, "pending"),
        ({}, {"phase": "Failed"}, "unknown"),
    ],
)
def test_the_state_of_scheduling(spec: dict[str, Any], status: dict[str, Any], state: str) -> None:
    assert scheduling.build(view_of(spec, status)).state == state


NODE: dict[str, Any] = {
    "metadata": {"labels": {"disktype": "ssd", "cores": "8"}},
    "spec": {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
}


@pytest.mark.parametrize(
    ("node_body", "satisfied", "detail"),
    [
        (NODE, True, ""),
        ({"metadata": {"labels": {"disktype": "hdd"}}}, False, "the node has disktype=hdd"),
        ({"metadata": {}}, False, "the node has no such label"),
        (None, None, ""),
    ],
)
def test_a_node_selector_is_held_against_the_nodes_labels_now(
    node_body: dict[str, Any] | None, satisfied: bool | None, detail: str
) -> None:
    view = view_of({"nodeName": "n1", "nodeSelector": {"disktype": "ssd"}}, {}, node_body)
    found = scheduling.build(view).requirements[0]
    assert (found.text, found.satisfied, found.detail) == ("disktype=ssd", satisfied, detail)


def test_taints_are_held_against_tolerations() -> None:
    tolerated_spec = {"nodeName": "n1", "tolerations": [{"key": "gpu", "operator": "Exists"}]}
    for spec, satisfied in ((tolerated_spec, True), ({"nodeName": "n1"}, False)):
        found = scheduling.build(view_of(spec, {}, NODE)).requirements[0]
        assert (found.text, found.satisfied) == ("taint gpu=yes:NoSchedule", satisfied)


def test_every_kind_of_requirement_has_a_row() -> None:
    spec = {
        "schedulerName": "mine",
        "schedulingGates": [{"name": "x/gate"}],
        "nodeSelector": {"a": "b"},
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "z", "operator": "In", "values": ["1"]}]}
                    ]
                }
            }
        },
        "tolerations": [
            {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"},
            {"operator": "Exists"},
        ],
        "topologySpreadConstraints": [{"topologyKey": "zone", "maxSkew": 1}],
    }
    found = scheduling.build(view_of(spec, {"phase": "Pending"})).requirements
    assert [(each.kind, each.text) for each in found] == [
        ("schedulerName", "mine"),
        ("schedulingGate", "x/gate"),
        ("nodeSelector", "a=b"),
        ("nodeAffinity", "z In (1)"),
        ("toleration", "tolerates every taint"),
        ("topology", "zone, skew at most 1"),
    ]


TAINT = {"key": "k", "value": "v", "effect": "NoExecute"}


@pytest.mark.parametrize(
    ("toleration", "covers"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "value": "other"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "k", "value": "v", "effect": "NoExecute"}, True),
        ({"key": "k", "operator": "Gt", "value": "5"}, None),
        ({"key": "other", "operator": "Exists"}, False),
        ({"value": "v"}, False),
    ],
)
def test_a_toleration_covers_a_taint_as_the_scheduler_says(
    toleration: dict[str, Any], covers: bool | None
) -> None:
    assert tolerated([toleration], TAINT) is covers


@pytest.mark.parametrize(
    ("operator", "values", "matches"),
    [
        ("In", ["8", "9"], True),
        ("NotIn", ["8"], False),
        ("Exists", [], True),
        ("DoesNotExist", [], False),
        ("Gt", ["7"], True),
        ("Lt", ["7"], False),
        ("Gt", ["many"], False),
        ("Gt", [], False),
        ("Like", ["8"], None),
    ],
)
def test_node_selector_operators(operator: str, values: list[str], matches: bool | None) -> None:
    expression = {"key": "cores", "operator": operator, "values": values}
    assert expression_matches(expression, {"cores": "8"}) is matches


def test_absent_labels_match_only_the_negative_operators() -> None:
    found = {
        operator: expression_matches({"key": "none", "operator": operator, "values": ["1"]}, {})
        for operator in ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
    }
    assert [operator for operator, matched in found.items() if matched] == [
        "NotIn",
        "DoesNotExist",
    ]


def test_a_term_needs_all_its_parts_and_an_empty_one_matches_nothing() -> None:
    field = {"key": "metadata.name", "operator": "In", "values": ["n1"]}
    label = {"key": "cores", "operator": "Exists"}
    assert term_matches({"matchExpressions": [label], "matchFields": [field]}, {"cores": "8"}, "n1")
    assert term_matches({"matchFields": [field]}, {}, "n2") is False
    assert term_matches({}, {"cores": "8"}, "n1") is False


@pytest.mark.parametrize(
    ("body", "stored", "state"),
    [
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, "present", "ready"),
        (
            {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}},
            "present",
            "notReady",
        ),
        ({"status": None}, "present", "unknown"),
        (None, "missing", "missing"),
        (None, "denied", "denied"),
        (None, "timedOut", "unknown"),
    ],
)
def test_the_nodes_state(body: Json | None, stored: ObjectState, state: str) -> None:
    assert node.build(view_of({"nodeName": "n1"}, {}, body, stored)).state == state


def test_the_heartbeat_is_the_newest_of_all_conditions() -> None:
    body = {
        "spec": {"unschedulable": True, "taints": [{"key": "a", "effect": "NoSchedule"}]},
        "status": {
            "conditions": [
                {"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-25T10:00:00Z"},
                {"type": "DiskPressure", "lastHeartbeatTime": "2026-11-25T10:08:00Z"},
            ],
            "nodeInfo": {"kubeletVersion": "v1.37.2"},
        },
    }
    found = node.build(view_of({"nodeName": "n1"}, {}, body))
    assert (found.heartbeat_age, found.cordoned, found.taints) == (120, True, ["a:NoSchedule"])
    assert found.kubelet_version == "v1.37.2"


def test_a_pod_without_a_node_has_none() -> None:
    assert node.build(view_of({})).name == ""


@pytest.mark.parametrize(
    "spec", [{"nodeSelector": 3}, {"affinity": {"nodeAffinity": []}}, {"tolerations": [None, {}]}]
)
def test_odd_specs_are_read(spec: dict[str, Any]) -> None:
    assert scheduling.build(view_of({"nodeName": "n1", **spec}, {}, {"spec": None})).state


def test_a_pending_pod_is_held_against_every_node() -> None:
    spec = {
        "nodeSelector": {"disktype": "ssd", "os": "linux"},
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "gpu", "operator": "Exists"}]},
                        {
                            "matchFields": [
                                {"key": "metadata.name", "operator": "In", "values": ["b"]}
                            ]
                        },
                    ]
                }
            }
        },
    }
    nodes = [{"metadata": {"name": name, "labels": {"os": "linux"}}} for name in ("a", "b")]
    view = view_of(spec)
    view.capture.lists["Node/"] = listed("Node/", nodes)
    found = {row.text: (row.satisfied, row.detail) for row in scheduling.build(view).requirements}
    assert found["disktype=ssd"] == (False, "no node has it")
    assert found["os=linux"] == (True, "2 of 2 nodes match")
    assert [told for text, told in found.items() if text.startswith("gpu")] == [
        (True, "1 of 2 nodes match")
    ]
    view.capture.lists["Node/"] = listed("Node/", "denied")
    assert {row.satisfied for row in scheduling.build(view).requirements} == {None}
