"""Services, endpoints, readiness gates and connections that hang."""

from __future__ import annotations

from typing import Any

import pytest

from kit import Json, container, observation, pod, status, view
from kubectl_podx.model.capture import (
    Connection,
    Listener,
    Observation,
)
from kubectl_podx.pod.view import PodView
from kubectl_podx.sections.network import facts as network

POD = pod(
    container("app", status=status(), ports=[{"name": "http", "containerPort": 8080}]),
    metadata={"labels": {"app": "web", "tier": "front"}},
)


def view_of(
    body: Json = POD,
    services: list[Any] | None = None,
    slices: list[Json] | None = None,
    *observations: Observation,
) -> PodView:
    asked = {"Service/shop": services, "EndpointSlice/shop": slices}
    lists = {key: found for key, found in asked.items() if found is not None}
    return view(body, lists=lists, observations=list(observations))


def service(name: str = "web", **spec: Any) -> dict[str, Any]:
    spec.setdefault("selector", {"app": "web"})
    return {"metadata": {"name": name}, "spec": spec}


def endpoint_slice(*endpoints: dict[str, Any], name: str = "web") -> dict[str, Any]:
    return {
        "metadata": {"labels": {"kubernetes.io/service-name": name}},
        "endpoints": list(endpoints),
    }


def endpoint(uid: str = "u-1", **conditions: Any) -> dict[str, Any]:
    return {"targetRef": {"kind": "Pod", "uid": uid}, "conditions": conditions}


@pytest.mark.parametrize(
    ("selector", "selects"),
    [
        ({"app": "web"}, True),
        ({"app": "web", "tier": "front"}, True),
        ({"app": "api"}, False),
        ({"app": "web", "zone": "a"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_service_selects_by_all_of_its_labels_and_never_without_any(
    selector: Any, selects: bool
) -> None:
    found = network.build(view_of(POD, [service(selector=selector)])).services
    assert bool(found) is selects


@pytest.mark.parametrize(
    ("slices", "state", "serving"),
    [
        (None, "unknown", None),
        ([], "absent", None),
        ([endpoint_slice(endpoint(ready=True, serving=True))], "ready", True),
        ([endpoint_slice(endpoint())], "ready", False),
        ([endpoint_slice(endpoint(ready=False, serving=False))], "notReady", False),
        (
            [endpoint_slice(endpoint(ready=False, serving=True, terminating=True))],
            "terminating",
            True,
        ),
        ([endpoint_slice(endpoint(uid="somebody-else", ready=True))], "absent", None),
        ([endpoint_slice(endpoint(ready=True), name="other")], "absent", None),
    ],
)
def test_the_endpoint_state_is_the_slices_word_for_this_pods_uid(
    slices: list[dict[str, Any]] | None, state: str, serving: bool | None
) -> None:
    (found,) = network.build(view_of(POD, [service()], slices)).services
    assert (found.endpoint, found.serving) == (state, serving)


@pytest.mark.parametrize(
    ("port", "target", "resolved"),
    [
        ({"port": 80, "targetPort": "http"}, "http", 8080),
        ({"port": 80, "targetPort": 9090}, "9090", 9090),
        ({"port": 80}, "80", 80),
        ({"port": 80, "targetPort": "admin"}, "admin", None),
        ({"port": 80, "targetPort": "http", "protocol": "UDP"}, "http", None),
        ({"targetPort": None}, "", None),
    ],
)
def test_a_target_port_is_resolved_against_the_containers(
    port: dict[str, Any], target: str, resolved: int | None
) -> None:
    (found,) = network.build(view_of(POD, [service(ports=[port])])).services
    assert (found.ports[0].target_port, found.ports[0].resolved) == (target, resolved)


@pytest.mark.parametrize(
    ("listeners", "listening"),
    [([], False), ([("127.0.0.1", 8080)], False), ([("::", 8080)], True)],
)
def test_a_port_counts_as_open_only_where_others_can_reach_it(
    listeners: list[tuple[str, int]], listening: bool
) -> None:
    look = observation(
        listeners=[Listener(address=address, port=port) for address, port in listeners],
    )
    ports = [{"port": 80, "targetPort": "http"}]
    (found,) = network.build(view_of(POD, [service(ports=ports)], None, look)).services
    assert found.ports[0].listening is listening
    (unseen,) = network.build(view_of(POD, [service(ports=ports)])).services
    assert unseen.ports[0].listening is None


def connection(state: Any, local: int, remote: str, port: int, count: int = 1) -> Connection:
    return Connection(
        state=state,
        local_address="10.0.0.9",
        local_port=local,
        remote_address=remote,
        remote_port=port,
        count=count,
    )


def test_hanging_connections_are_counted_by_peer_and_once_per_pod() -> None:
    hanging = [
        connection("SYN_SENT", 40001, "10.9.9.9", 5432),
        connection("SYN_SENT", 40002, "10.9.9.9", 5432),
        connection("CLOSE_WAIT", 8080, "10.0.0.77", 50001, count=3),
    ]
    listening = [Listener(address="::", port=8080)]
    looks = [
        observation(
            name,
            namespaces={"net": "1"},
            connections=hanging,
            listeners=listening,
        )
        for name in ("app", "log")
    ]
    found = network.build(view_of(POD, None, None, *looks)).connections
    assert [(row.state, row.local, row.remote, row.count) for row in found] == [
        ("CLOSE_WAIT", "10.0.0.9:8080", "10.0.0.77", 3),
        ("SYN_SENT", "10.0.0.9", "10.9.9.9:5432", 2),
    ]


def test_the_hosts_connections_say_nothing_about_the_pod() -> None:
    look = observation(connections=[connection("SYN_SENT", 1, "10.9.9.9", 2)])
    pod = {**POD, "spec": {**POD["spec"], "hostNetwork": True}}
    assert network.build(view_of(pod, None, None, look)).connections == []


def test_a_gate_without_a_condition_is_not_set() -> None:
    pod = {
        "spec": {"readinessGates": [{"conditionType": "lb/ready"}, {"conditionType": "x/y"}]},
        "status": {"conditions": [{"type": "x/y", "status": "True"}]},
    }
    gates = network.build(view_of(pod)).readiness_gates
    assert [(gate.condition, gate.status) for gate in gates] == [
        ("lb/ready", "notSet"),
        ("x/y", "True"),
    ]


@pytest.mark.parametrize("pod", [{}, {"metadata": None, "spec": None, "status": None}])
def test_an_odd_pod_or_service_costs_no_more_than_its_row(pod: dict[str, Any]) -> None:
    odd = [{}, {"spec": None}, {"spec": {"selector": {"app": "web"}, "ports": [3, {"port": "x"}]}}]
    assert network.build(view_of(pod, odd, [{}])).services == []
    (found,) = network.build(view_of(POD, odd, [{"endpoints": None}])).services
    assert found.endpoint == "absent"
