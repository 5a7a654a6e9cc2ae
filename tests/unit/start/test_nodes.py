"""A node that fits: every reason that speaks against one, and what speaks against none."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, view
from kubectl_podx.model.tried import Admission
from kubectl_podx.start.nodes import Found, nodes_for
from kubectl_podx.start.room import room_of

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def node(name: str = "n1", **fields: Any) -> Json:
    labels = {"kubernetes.io/hostname": name, **fields.pop("labels", {})}
    allocatable = {"cpu": "4", "memory": "8Gi", "pods": "110", **fields.pop("allocatable", {})}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": fields,
        "status": {"allocatable": allocatable},
    }


def tenant(name: str = "other", **spec: Any) -> Json:
    labels = spec.pop("labels", {"app": name})
    meta = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": labels}
    return {"metadata": meta, "spec": {"nodeName": "n1", **spec}, "status": {"phase": "Running"}}


def requesting(**requests: str) -> list[Json]:
    return [{"name": "app", "resources": {"requests": requests}}]


def asked(
    spec: Json,
    *nodes: Json,
    crowd: list[Json] | None = None,
    labels: Json | None = None,
    basis: Any = "template",
    uid: str = "",
) -> Found:
    meta: Json = {"name": "web-0", "namespace": "shop", "labels": labels or {"app": "web"}}
    if uid:
        meta = {**meta, "uid": uid}
    body = {"kind": "Pod", "metadata": meta, "spec": spec}
    seen = view(
        body,
        lists={"Node/": list(nodes) or [node()], "Pod/": crowd or []},
        admission=Admission(state="accepted", basis=basis),
    )
    return nodes_for(seen, room_of(seen.capture))


def title(found: Found) -> str:
    (problem,) = found.problems
    assert found.nodes is not None
    assert found.nodes.fit == 0
    return problem.title


def test_a_pod_that_asks_for_nothing_fits_everywhere() -> None:
    found = asked({}, node("n1"), node("n2"))
    assert found.problems == []
    assert found.nodes is not None
    assert (found.nodes.fit, found.nodes.of, found.nodes.fitting) == (2, 2, ["n1", "n2"])


@pytest.mark.parametrize(
    ("spec", "fields", "reason"),
    [
        ({}, {"unschedulable": True}, "cordoned"),
        (
            {},
            {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
            "taint gpu=yes:NoSchedule is not tolerated",
        ),
        ({"nodeSelector": {"disk": "ssd"}}, {}, "nodeSelector disk=ssd does not match"),
        (
            {
                "affinity": {
                    "nodeAffinity": {
                        _REQUIRED: {
                            "nodeSelectorTerms": [
                                {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
                            ]
                        }
                    }
                }
            },
            {},
            "node affinity does not match",
        ),
        ({"containers": requesting(cpu="5")}, {}, "insufficient cpu"),
        ({"containers": requesting(memory="9Gi")}, {}, "insufficient memory"),
        ({"containers": requesting(**{"nvidia.com/gpu": "1"})}, {}, "insufficient nvidia.com/gpu"),
        ({}, {"allocatable": {"pods": "0"}}, "too many pods"),
    ],
)
def test_what_speaks_against_a_node(spec: Json, fields: Json, reason: str) -> None:
    assert title(asked(spec, node(**fields))) == f"No node fits: {reason} on 1 of 1 nodes"


@pytest.mark.parametrize(
    ("spec", "fields"),
    [
        (
            {"tolerations": [{"key": "gpu", "operator": "Exists"}]},
            {"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
        ),
        (
            {
                "tolerations": [
                    {"key": "node.kubernetes.io/unschedulable", "operator": "Exists"},
                ]
            },
            {"unschedulable": True},
        ),
        ({}, {"taints": [{"key": "soft", "effect": "PreferNoSchedule"}]}),
        ({"nodeSelector": {"disk": "ssd"}}, {"labels": {"disk": "ssd"}}),
        ({"containers": requesting(cpu="4")}, {}),
    ],
)
def test_what_speaks_against_none(spec: Json, fields: Json) -> None:
    assert asked(spec, node(**fields)).problems == []


def test_reasons_are_counted_over_the_nodes() -> None:
    found = asked(
        {"containers": requesting(cpu="5")},
        node("a"),
        node("b"),
        node("c", taints=[{"key": "down", "effect": "NoExecute"}]),
    )
    assert title(found) == (
        "No node fits: insufficient cpu on 2, taint down:NoExecute is not tolerated on 1 of 3 nodes"
    )


def test_what_is_on_the_node_takes_room_and_its_own_pod_does_not() -> None:
    crowd = [tenant(containers=requesting(cpu="3"))]
    spec = {"containers": requesting(cpu="2")}
    assert "insufficient cpu" in title(asked(spec, crowd=crowd))
    assert asked(spec, crowd=crowd, uid="uid-other").problems == []


def test_the_evidence_says_how_much_is_free() -> None:
    crowd = [tenant(containers=requesting(cpu="3"))]
    (problem,) = asked({"containers": requesting(cpu="1500m")}, crowd=crowd).problems
    assert problem.evidence == ["node n1: the pod requests 1500m cpu, 1 of 4 is free"]
    assert (problem.confidence, problem.severity) == ("likely", "critical")
    assert problem.field == "spec.containers[0].resources.requests.cpu"


def test_pods_of_lower_priority_may_be_ended() -> None:
    crowd = [tenant(containers=requesting(cpu="3"), priority=1)]
    spec = {"containers": requesting(cpu="2"), "priority": 10}
    (problem,) = asked(spec, crowd=crowd).problems
    assert problem.severity == "warning"
    (problem,) = asked({**spec, "preemptionPolicy": "Never"}, crowd=crowd).problems
    assert problem.severity == "critical"


def test_a_host_port_that_is_taken_and_by_whom() -> None:
    ports = [{"containerPort": 80, "hostPort": 80}]
    crowd = [tenant(containers=[{"name": "a", "ports": ports}])]
    (problem,) = asked({"containers": [{"name": "a", "ports": ports}]}, crowd=crowd).problems
    assert problem.title == "No node fits: host port 80/TCP is taken on 1 of 1 nodes"
    assert problem.evidence == ["node n1: held by pod shop/other"]
    udp = [{**ports[0], "protocol": "UDP"}]
    assert asked({"containers": [{"name": "a", "ports": udp}]}, crowd=crowd).problems == []


def test_a_manifest_takes_the_place_of_the_pods_with_its_labels() -> None:
    ports = [{"containerPort": 80, "hostPort": 80}]
    spec = {"containers": [{"name": "a", "ports": ports}]}
    crowd = [tenant("web-7", labels={"app": "web", "hash": "7"}, **spec)]
    assert asked(spec, crowd=crowd, basis="manifest").problems == []
    assert asked(spec, crowd=crowd, basis="manifest", labels={"app": "x"}).problems


def affinity(kind: str, **labels: str) -> Json:
    term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}
    return {"affinity": {kind: {_REQUIRED: [term]}}}


def test_anti_affinity_of_the_pod_and_of_those_there() -> None:
    spec = affinity("podAntiAffinity", app="other")
    assert "anti-affinity with pods there" in title(asked(spec, crowd=[tenant()]))
    assert asked(spec, node("n1"), node("n2"), crowd=[tenant()]).problems == []
    shy = tenant()
    shy["spec"] |= affinity("podAntiAffinity", app="web")
    assert "anti-affinity of pods there" in title(asked({}, crowd=[shy]))


def test_affinity_wants_a_pod_beside_it_or_itself_as_the_first() -> None:
    spec = affinity("podAffinity", app="other")
    assert asked(spec, crowd=[tenant()]).problems == []
    assert "pod affinity asks for" in title(asked(spec))
    assert asked(affinity("podAffinity", app="web")).problems == []


def test_a_pod_of_a_daemon_set_has_one_node() -> None:
    terms = [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]},
    ]
    spec = {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": terms}}}}
    found = asked(spec, node("n1"), node("n2", unschedulable=True), node("n3"))
    assert title(found) == "No node fits: cordoned on 1 of 1 nodes"


def test_a_node_by_its_name() -> None:
    assert title(asked({"nodeName": "n9"})) == 'Node "n9" does not exist'
    # No scheduler is asked: taints keep nobody away.
    taints = [{"key": "gpu", "effect": "NoSchedule"}]
    assert asked({"nodeName": "n1"}, node(taints=taints)).problems == []


def test_nodes_that_may_not_be_listed_are_no_reason() -> None:
    body = {"kind": "Pod", "metadata": {"name": "web-0", "namespace": "shop"}, "spec": {}}
    seen = view(body, lists={"Node/": "denied"})
    found = nodes_for(seen, room_of(seen.capture))
    assert (found.nodes, found.problems) == (None, [])
    (row,) = found.coverage
    assert (row.state, row.needs) == ("denied", "list nodes")


def test_what_is_not_checked_is_said() -> None:
    spec = {
        "schedulerName": "other",
        "topologySpreadConstraints": [{"whenUnsatisfiable": "DoNotSchedule"}],
    }
    reasons = [row.reason for row in asked(spec).coverage]
    assert reasons == [
        "other decides; checked as the default scheduler would",
        "topology spread constraints were not checked",
    ]


def test_pods_of_one_template_are_asked_about_once() -> None:
    """If two nodes could take one of them, another one fits, whichever goes."""
    body: Json = {
        "kind": "Pod",
        "metadata": {
            "name": "web-0",
            "namespace": "shop",
            "ownerReferences": [
                {"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}
            ],
        },
        "spec": {"containers": requesting(cpu="3")},
    }
    wide = view(body, lists={"Node/": [node("a"), node("b")], "Pod/": []})
    room = room_of(wide.capture)
    assert nodes_for(wide, room) is nodes_for(wide, room)
    narrow = view(body, lists={"Node/": [node("a")], "Pod/": []})
    room = room_of(narrow.capture)
    assert nodes_for(narrow, room) is not nodes_for(narrow, room)
