"""Reasons in the network: Services, name servers, ports, and what a service account may do."""

from __future__ import annotations

from typing import Any

import pytest

import kit
from kit import container
from kit.reason_cases import (
    SERVICES,
    SLICES,
    because,
    endpoints,
    looping,
    report_of,
    service,
)
from kit.restart_cases import at
from kubectl_podx.model.capture import Listener, Process
from kubectl_podx.pod.pod import ContainerEntry
from kubectl_podx.pod.waits import Target, targets
from kubectl_podx.sections.report import PodReport

NO_HOST = "nc: bad address 'mongo'"


def said(
    *lines: str,
    services: tuple[dict[str, Any], ...] = (),
    slices: tuple[dict[str, Any], ...] = (),
    **pod: Any,
) -> PodReport:
    lists = {SERVICES: services, SLICES: slices}
    return report_of(looping(**pod), *lines, lists=lists)


def waiting_init(*command: str, **pod: Any) -> Any:
    """A pod whose init container has been running for ten minutes."""
    status = {"state": kit.running(at(400)), "ready": False, "restartCount": 0}
    init = container("wait", status=status, image="x", command=list(command))
    app = container("app", status={"state": kit.waiting("PodInitializing"), "ready": False})
    return kit.pod(
        app,
        inits=[init],
        status={"phase": "Pending", "startTime": at(399)},
        nodeName="n1",
        **pod,
    )


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("until nc -z -w 1 mongo 27017; do sleep 1; done", [Target("mongo", 27017)]),
        ("while ! nc -vz mongo.shop.svc 27017; do :; done", [Target("mongo.shop.svc", 27017)]),
        ("nc -w 1 mongo 27017 </dev/null", [Target("mongo", 27017)]),
        ("until nslookup mydb; do echo waiting; sleep 2; done", [Target("mydb")]),
        ("until getent hosts mydb; do sleep 2; done", [Target("mydb")]),
        ("until curl -sf http://web:8080/ready; do sleep 1; done", [Target("web", 8080)]),
        ("until wget -qO- web.shop.svc.cluster.local; do sleep 1; done", []),
        ("./wait-for-it.sh db:5432 -t 60 -- run", [Target("db", 5432)]),
        ("until pg_isready -h db -p 5432; do sleep 1; done", [Target("db", 5432)]),
        ("until mysqladmin ping --host=db; do sleep 1; done", [Target("db")]),
        ("until redis-cli -h cache ping; do sleep 1; done", [Target("cache")]),
        ("until (echo > /dev/tcp/db/5432); do sleep 1; done", [Target("db", 5432)]),
        ("dockerize -wait tcp://db:5432", [Target("db", 5432)]),
        ("until nc -z $DB_HOST 5432; do sleep 1; done", [Target("postgres", 5432)]),
        ("until nc -z ${DB_HOST} 5432; do sleep 1; done", [Target("postgres", 5432)]),
        ("migrate -path /sql up", []),
    ],
)
def test_whom_a_script_asks(script: str, asked: list[Target]) -> None:
    spec = {"command": ["sh", "-c", script]}
    entry = ContainerEntry("wait", "init", spec, {})
    assert targets(entry, {"DB_HOST": "postgres"}) == asked


@pytest.mark.parametrize(
    "line",
    [
        NO_HOST,
        "getaddrinfo ENOTFOUND mongo",
        "lookup mongo.shop.svc on 10.96.0.10:53: no such host",
    ],
)
def test_a_service_that_does_not_exist(line: str) -> None:
    assert because(said(line)) == "namespace shop has no Service mongo"
    there = (service("kubernetes"), service("mongo-db"))
    report = said(line, services=there)
    assert because(report) == "namespace shop has no Service mongo (there is mongo-db)"


@pytest.mark.parametrize(
    "line",
    [
        "getaddrinfo ENOTFOUND db.example.com",
        "lookup mongo.other.svc: no such host",
        "nc: bad address 'mongo.other'",
        "cannot connect to mongo:27017: connection refused",
    ],
)
def test_a_name_of_elsewhere_is_not_judged(line: str) -> None:
    assert "has no Service" not in because(said(line))


def test_a_name_that_the_pod_knows_by_itself() -> None:
    aliases = [{"ip": "10.0.0.1", "hostnames": ["mongo"]}]
    assert because(said(NO_HOST, hostAliases=aliases)) == ""


def test_a_neighbour_is_at_localhost() -> None:
    report = said(NO_HOST, beside=[container("mongo", status=kit.status())])
    assert "container mongo of the same pod is reached at localhost" in because(report)


def test_services_that_were_not_read_are_not_missing() -> None:
    assert because(report_of(looping(), NO_HOST)) == ""
    assert because(report_of(looping(), NO_HOST, lists={SERVICES: "denied"})) == ""


def test_an_init_container_waits_for_what_does_not_exist() -> None:
    body = waiting_init("sh", "-c", "until nc -z mongo 27017; do sleep 2; done")
    report = report_of(body, lists={SERVICES: [service("web")], SLICES: []})
    assert "waiting for init container wait to finish" in report.verdict.summary
    assert because(report) == "namespace shop has no Service mongo"


@pytest.mark.parametrize(
    ("slices", "more", "words"),
    [
        ([], {"selector": {"app": "m"}}, "has no endpoint: its selector matches no running pod"),
        ([endpoints("mongo", False)], {}, "has no ready endpoint: 1 pod behind it not ready"),
        ([endpoints("mongo", True)], {}, "Service mongo has no port 27017: it has 80"),
    ],
)
def test_a_service_with_nobody_behind_it(slices: Any, more: dict[str, Any], words: str) -> None:
    port = 80 if "no port" in words else 27017
    body = waiting_init("sh", "-c", "until nc -z mongo 27017; do sleep 2; done")
    lists = {SERVICES: [service("mongo", port, **more)], SLICES: slices}
    assert words in because(report_of(body, lists=lists))


def test_a_service_that_answers_is_no_reason() -> None:
    body = waiting_init("sh", "-c", "until nc -z mongo 27017; do sleep 2; done")
    lists = {SERVICES: [service("mongo", 27017)], SLICES: [endpoints("mongo", True)]}
    assert because(report_of(body, lists=lists)) == ""


def test_an_address_is_that_of_a_service() -> None:
    line = "dial tcp 10.96.1.2:27017: connect: connection refused"
    report = said(line, services=(service("mongo", 27017),), slices=())
    assert because(report).startswith("Service mongo has no endpoint")


def test_an_init_container_waits_for_a_later_container() -> None:
    proxy = container("proxy", ports=[{"containerPort": 15021}])
    body = waiting_init("sh", "-c", "until curl -s http://localhost:15021/; do sleep 1; done")
    body["spec"]["containers"].append(proxy)
    assert because(report_of(body)) == (
        "port 15021 is container proxy's, which starts only after wait has ended"
    )
    alone = waiting_init("sh", "-c", "until nc -z 127.0.0.1 5432; do sleep 1; done")
    assert because(report_of(alone)).startswith("127.0.0.1 is the pod itself")


PEERS = {"metadata": {"labels": {"app": "nats"}}}


def _headless(**more: Any) -> dict[str, Any]:
    return service("nats", address="None", selector={"app": "nats"}, **more)


def test_a_headless_service_publishes_ready_pods_only() -> None:
    body = looping()
    body["metadata"]["labels"] = {"app": "nats"}
    line = "lookup nats-1.nats on 10.96.0.10:53: no such host"
    lists = {SERVICES: [_headless()], SLICES: [endpoints("nats", False)]}
    assert because(report_of(body, line, lists=lists)).startswith(
        "headless Service nats publishes ready pods only (publishNotReadyAddresses is not set)"
    )
    lists = {SERVICES: [_headless(publishNotReadyAddresses=True)], SLICES: []}
    assert because(report_of(body, line, lists=lists)) == ""


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"hostNetwork": True, "dnsPolicy": "ClusterFirst"}, "hostNetwork is true, and dnsPolicy"),
        ({"hostNetwork": True}, "hostNetwork is true, and dnsPolicy ClusterFirst"),
        ({"dnsPolicy": "Default"}, "dnsPolicy Default means the name servers of the node"),
        ({"dnsPolicy": "None"}, "dnsPolicy None means the name servers of dnsConfig"),
    ],
)
def test_name_servers_that_know_no_service(spec: dict[str, Any], words: str) -> None:
    # It comes before the Service that is not there.
    assert because(said(NO_HOST, **spec)).startswith(words)
    assert because(said("curl: (6) Could not resolve host: api.example.com", **spec)) == ""


def test_ndots_keeps_the_search_domains_from_a_short_name() -> None:
    spec: dict[str, Any] = {
        "dnsConfig": {"options": [{"name": "ndots", "value": "1"}, {"name": "use-vc"}]}
    }
    asked = "wget: bad address 'mongo.shop'"
    report = said(asked, services=(service("mongo", 27017),), **spec)
    assert because(report).startswith("dnsConfig.options sets ndots to 1, so that mongo.shop is")
    assert because(said(asked, services=(), **spec)).startswith("namespace shop has no Service")
    assert "ndots" not in because(said(asked, services=(service("mongo", 27017),)))
    whole = "wget: bad address 'mongo.shop.svc.cluster.local'"
    assert "ndots" not in because(said(whole, services=(service("mongo", 27017),), **spec))


def test_a_name_with_the_namespace_is_one_of_the_cluster() -> None:
    report = said("** server can't find web.shop: NXDOMAIN", hostNetwork=True)
    assert because(report).startswith("hostNetwork is true, and dnsPolicy ClusterFirst")


def test_name_servers_that_know_services() -> None:
    report = said(NO_HOST, hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet")
    assert "dnsPolicy" not in because(report)


IN_USE = "listen tcp :8080: bind: address already in use"


def test_a_neighbour_that_listens_there() -> None:
    web = container("web", ports=[{"containerPort": 8080}], status=kit.status())
    assert because(said(IN_USE, beside=[web])) == (
        "container web of this pod declares port 8080, too: the containers of a pod share its ports"
    )
    seen = kit.observation(
        "web",
        container_id="w",
        processes=[Process(pid=7, container_id="w", executable="httpd")],
        listeners=[Listener(address="::", port=8080, pid=7)],
    )
    other = container("web", status={**kit.status(), "containerID": "containerd://w"})
    report = report_of(looping(beside=[other]), IN_USE, observations=[seen])
    assert because(report) == "container web of this pod listens on port 8080"


def test_the_node_may_have_the_port() -> None:
    assert because(said(IN_USE, hostNetwork=True)) == (
        "hostNetwork is true, and something on node n1 uses port 8080"
    )
    assert because(said(IN_USE)) == ""


FORBIDDEN = (
    'Failed to list *v1.Pod: pods is forbidden: User "system:serviceaccount:shop:default" cannot '
    'list resource "pods" in API group "" at the cluster scope'
)


def test_a_right_that_is_missing() -> None:
    report = said("E0101 12:00:00.1 1 reflector.go:205] " + FORBIDDEN)
    assert because(report) == (
        "no Role allows ServiceAccount shop/default to list pods at the cluster scope"
    )
    (found,) = [f for f in report.findings or () if f.code == "TOK011"]
    assert found.next == "kubectl podx doctor --from-logs web-0 -n shop"


NO_TOKEN = (
    "panic: open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory"
)


def test_a_token_that_is_not_mounted() -> None:
    report = said(NO_TOKEN, automountServiceAccountToken=False, serviceAccountName="web")
    assert because(report) == (
        "automountServiceAccountToken is false, so no token of ServiceAccount web is mounted"
    )
    assert because(said(NO_TOKEN)) == ""


def test_an_account_that_keeps_its_token() -> None:
    account = {
        "kind": "ServiceAccount",
        "metadata": {"name": "web", "namespace": "shop"},
        "automountServiceAccountToken": False,
    }
    body = looping(serviceAccountName="web")
    report = report_of(body, NO_TOKEN, objects=[kit.stored(account)])
    assert because(report).startswith("automountServiceAccountToken of ServiceAccount web is false")


@pytest.mark.parametrize(
    ("audience", "told"), [("vault", "is for audience vault"), ("", ""), ("kubernetes", "")]
)
def test_a_token_for_somebody_else(audience: str, told: str) -> None:
    token = {"serviceAccountToken": {"path": "token", "audience": audience}}
    report = said(
        "error: 401 Unauthorized",
        spec={"volumeMounts": [{"name": "t", "mountPath": "/token"}]},
        volumes=[{"name": "t", "projected": {"sources": [token]}}],
    )
    assert told in because(report) if told else because(report) == ""


def test_a_program_that_says_whom_it_waits_for() -> None:
    body = waiting_init("docker-entrypoint", "migrate")
    lists = {SERVICES: [service("web")], SLICES: []}
    report = report_of(
        body, "Waiting for postgres:5432 ...", lists=lists, previous=False, log_of="wait"
    )
    assert because(report) == "namespace shop has no Service postgres"
