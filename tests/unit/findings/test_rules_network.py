"""Rules about namespaces, listening sockets, Services and connections."""

from __future__ import annotations

from typing import Any

import pytest

from kit.sharing_cases import APP_ID, HEALTHY, LOOK, case_of, changed, hits, look, severities
from kubectl_podx.model.capture import Connection, Listener, Process
from kubectl_podx.sections.namespaces import rules as namespaces
from kubectl_podx.sections.network import rules as network

RULES = (*namespaces.RULES, *network.RULES)
NOT_READY = (
    (("status", "containerStatuses", 0, "ready"), False),
    (("status", "conditions"), [{"type": "Ready", "status": "False"}]),
)
SERVICE: dict[str, Any] = {
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
}


def slice_of(**conditions: Any) -> dict[str, Any]:
    endpoint = {"targetRef": {"kind": "Pod", "uid": "u-1"}, "conditions": conditions}
    return {
        "metadata": {"labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [endpoint],
    }


def test_a_healthy_pod_behind_a_service_has_no_finding() -> None:
    case = case_of(HEALTHY, LOOK, services=(SERVICE,), slices=(slice_of(ready=True),))
    assert hits(RULES, case) == {}


def test_a_probe_of_a_port_nobody_listens_on_blocks_an_unready_container() -> None:
    elsewhere = look(listeners=[Listener(address="::", port=8080, pid=1)])
    case = case_of(changed(*NOT_READY), elsewhere)
    (hit,) = hits(RULES, case)["NET001"]
    assert hit.title == "readiness probe of app targets port 80, but nothing listens there"
    assert hit.evidence[1] == "listening: :::8080"
    assert (hit.blocking, hit.severity, hit.container) == (True, "critical", "app")
    assert hits(RULES, case_of(HEALTHY, elsewhere))["NET001"][0].severity == "warning"


def test_a_loopback_listener_cannot_be_probed() -> None:
    local = look(listeners=[Listener(address="127.0.0.1", port=80, pid=1)])
    found = hits(RULES, case_of(changed(*NOT_READY), local))
    assert found["NET002"][0].blocking
    assert "NET001" not in found


@pytest.mark.parametrize(
    "body",
    [
        changed((("status", "containerStatuses", 0, "state"), {"waiting": {}})),
        changed(
            (
                ("status", "containerStatuses", 0, "state"),
                {"running": {"startedAt": "2026-11-25T11:59:50Z"}},
            )
        ),
        changed(
            (
                ("spec", "containers", 0, "readinessProbe"),
                {"httpGet": {"port": 80, "host": "elsewhere"}},
            )
        ),
        changed((("spec", "containers", 0, "readinessProbe"), {"exec": {"command": ["x"]}})),
    ],
    ids=["not running", "just started", "another host", "exec"],
)
def test_a_probe_that_does_not_knock_here_or_not_yet_is_no_finding(body: dict[str, Any]) -> None:
    assert "NET001" not in hits(RULES, case_of(body, look(listeners=[])))


def test_without_seeing_the_sockets_nothing_is_said_of_ports() -> None:
    services = (SERVICE,)
    for observations in ((), (look(state="partial", listeners=[]),)):
        found = hits(RULES, case_of(HEALTHY, *observations, services=services))
        assert not {"NET001", "NET002", "NET005"} & set(found)


def test_a_declared_port_that_nobody_uses_is_no_finding() -> None:
    assert "9999" not in str(hits(RULES, case_of(HEALTHY, LOOK)))


@pytest.mark.parametrize(
    ("slices", "body", "severity"),
    [
        ((slice_of(ready=False),), HEALTHY, "warning"),
        ((), HEALTHY, "warning"),
        ((slice_of(ready=False),), changed(*NOT_READY), "info"),
        ((slice_of(ready=True),), HEALTHY, None),
        ((slice_of(ready=False, terminating=True),), HEALTHY, None),
    ],
)
def test_a_service_that_sends_no_traffic_is_found(
    slices: tuple[dict[str, Any], ...], body: dict[str, Any], severity: str | None
) -> None:
    case = case_of(body, LOOK, services=(SERVICE,), slices=slices)
    assert severities(RULES, case).get("NET003") == severity


def test_a_target_port_by_an_unknown_name_is_found() -> None:
    service = {**SERVICE, "spec": {**SERVICE["spec"], "ports": [{"port": 1, "targetPort": "x"}]}}
    case = case_of(HEALTHY, LOOK, services=(service,), slices=(slice_of(ready=True),))
    (hit,) = hits(RULES, case)["NET004"]
    assert hit.title == "Service web leads to port x, which no container declares"
    assert hit.next == "kubectl get service web -n shop"


@pytest.mark.parametrize(
    ("address", "words"),
    [("127.0.0.1", "only 127.0.0.1 is listened on"), (None, "nothing listens")],
)
def test_a_service_that_leads_to_a_closed_port_is_found(address: str | None, words: str) -> None:
    body = changed((("spec", "containers", 0, "readinessProbe"), None))
    listeners = [Listener(address=address, port=80)] if address else []
    case = case_of(
        body, look(listeners=listeners), services=(SERVICE,), slices=(slice_of(ready=True),)
    )
    (hit,) = hits(RULES, case)["NET005"]
    assert words in hit.title


def test_that_a_container_which_is_down_does_not_listen_is_no_finding_of_its_own() -> None:
    down = {"waiting": {"reason": "CrashLoopBackOff"}}
    beside = {"name": "proxy", "image": "proxy"}
    body = changed(
        (("spec", "containers", 0, "readinessProbe"), None),
        (("spec", "containers", 0, "ports"), [{"name": "http", "containerPort": 80}]),
        (("status", "containerStatuses", 0, "state"), down),
    )
    runs = {"name": "proxy", "ready": True, "state": {"running": {}}}
    body["spec"]["containers"].append(beside)
    body["status"]["containerStatuses"].append(runs)
    case = case_of(body, look(listeners=[]), services=(SERVICE,), slices=(slice_of(ready=True),))
    assert "NET005" not in hits(RULES, case)


def test_a_readiness_gate_blocks_once_the_containers_are_ready() -> None:
    gates = (("spec", "readinessGates"), [{"conditionType": "lb/ready"}])
    (hit,) = hits(RULES, case_of(changed(gates), LOOK))["NET006"]
    assert (hit.blocking, hit.severity) == (True, "critical")
    assert hit.title.endswith("no controller has set it")
    (calm,) = hits(RULES, case_of(changed(gates, *NOT_READY), LOOK))["NET006"]
    assert (calm.blocking, calm.severity) == (False, "info")


def hanging(state: Any, count: int) -> Connection:
    return Connection(
        state=state,
        local_address="10.0.0.9",
        local_port=40000,
        remote_address="10.9.9.9",
        remote_port=5432,
        count=count,
    )


@pytest.mark.parametrize(
    ("state", "count", "body", "expected"),
    [
        ("SYN_SENT", 1, HEALTHY, {"NET008": "info"}),
        ("SYN_SENT", 4, HEALTHY, {"NET008": "warning"}),
        ("SYN_SENT", 1, changed(*NOT_READY), {"NET008": "warning"}),
        ("CLOSE_WAIT", 9, HEALTHY, {}),
        ("CLOSE_WAIT", 10, HEALTHY, {"NET007": "info"}),
        ("CLOSE_WAIT", 50, HEALTHY, {"NET007": "warning"}),
    ],
)
def test_hanging_connections_are_ranked_by_their_number(
    state: str, count: int, body: dict[str, Any], expected: dict[str, str]
) -> None:
    case = case_of(body, look(connections=[hanging(state, count)]))
    assert severities(RULES, case) == expected


@pytest.mark.parametrize(("queue", "full"), [(None, False), (0, False), (9, False), (10, True)])
def test_a_long_accept_queue_is_found(queue: int | None, full: bool) -> None:
    listener = Listener(address="::", port=80, pid=1, queue=queue)
    found = hits(RULES, case_of(HEALTHY, look(listeners=[listener])))
    assert ("NET009" in found) is full


def two_with_one_port(ready: bool) -> dict[str, Any]:
    body = changed(
        (
            ("spec", "containers", 0, "ports"),
            [{"containerPort": 80, "name": "http"}],
        )
    )
    body["spec"]["containers"].append({"name": "log", "ports": [{"containerPort": 80}]})
    state = {"running": {}} if ready else {"waiting": {"reason": "CrashLoopBackOff"}}
    body["status"]["containerStatuses"].append({"name": "log", "ready": ready, "state": state})
    return body


def test_two_containers_with_one_port_are_a_warning_where_one_fails() -> None:
    (hit,) = hits(RULES, case_of(two_with_one_port(ready=False), LOOK))["NSP002"]
    assert (hit.title, hit.container) == ("app and log both declare port 80/TCP", "log")
    assert hit.severity == "warning"
    assert hits(RULES, case_of(two_with_one_port(ready=True), LOOK))["NSP002"][0].severity == "info"


def main(**fields: Any) -> Any:
    process = Process(**{"pid": 1, "container_id": APP_ID, "executable": "sh", **fields})
    return look(processes=[process], main_pid=process.pid)


@pytest.mark.parametrize(
    ("fields", "grace", "found"),
    [
        ({"handles_term": False}, 30, True),
        ({"handles_term": False}, 2, False),
        ({"handles_term": None}, 30, False),
        ({"handles_term": True}, 30, False),
        ({"handles_term": False, "pid": 7}, 30, False),
    ],
)
def test_a_pid_one_that_ignores_term_is_said(
    fields: dict[str, Any], grace: int, found: bool
) -> None:
    body = changed((("spec", "terminationGracePeriodSeconds"), grace))
    assert severities(namespaces.RULES, case_of(body, main(**fields))) == (
        {"NSP003": "info"} if found else {}
    )


def test_a_namespace_that_is_not_as_declared_is_found() -> None:
    case = case_of(HEALTHY, look(namespaces={"ipc": "4026531839"}))
    (hit,) = hits(namespaces.RULES, case)["NSP001"]
    assert hit.title == "the ipc namespace is not as declared: it is the node's"


def test_a_stopped_process_accepts_nothing() -> None:
    listener = Listener(address="::", port=80, pid=1, queue=1)
    stopped = Process(pid=1, container_id=APP_ID, executable="web", state="T")
    found = hits(RULES, case_of(HEALTHY, look(listeners=[listener], processes=[stopped])))
    (hit,) = found["NET009"]
    assert hit.title == "app does not accept connections on port 80: 1 wait"
    assert "process 1 (web) is stopped" in hit.evidence
