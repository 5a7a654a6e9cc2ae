"""Pods whose trouble a name, a port or a probe's own field explains."""

from __future__ import annotations

from typing import Any

from e2e.manifests import FOREVER, shell
from incidents.catalogue.joined import because
from incidents.catalogue.joined_settings import says
from incidents.incident import THIS_NAMESPACE, Condition, Expected, Incident, broken, service
from incidents.when import event, every, restarted, running_for, started_again, waiting

FAST: dict[str, Any] = {"periodSeconds": 2, "failureThreshold": 2}
SLOWER: dict[str, Any] = {"periodSeconds": 5, "failureThreshold": 3}
HTTPD = "mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p {} -h /www"


def init_waits(name: str, story: str, script: str, *words: str, **more: Any) -> Incident:
    """An init container that waits for more than a minute."""
    code = more.pop("code", "NET020")
    return broken(
        name,
        story,
        shell(),
        initContainers=[shell(script, "wait-db")],
        until=running_for(65, "wait-db"),
        expected=Expected(
            None,
            severity=("warning",),
            words=("waiting for init container wait-db to finish", "likely because", *words),
            codes=(code, "CON006"),
        ),
        **more,
    )


def killed(
    name: str,
    story: str,
    *containers: Any,
    words: tuple[str, ...],
    codes: tuple[str, ...],
    on: str = "app",
    until: Condition | None = None,
    **more: Any,
) -> Incident:
    return broken(
        name,
        story,
        *containers,
        until=until or started_again(on),
        expected=Expected(
            "livenessProbe",
            on,
            at_least="possible",
            severity=("critical", "warning"),
            words=("liveness probe", "likely because", *words),
            codes=codes,
            never=("it may fail before",),
        ),
        **more,
    )


def unready(
    name: str,
    story: str,
    *containers: Any,
    words: tuple[str, ...],
    codes: tuple[str, ...],
    **more: Any,
) -> Incident:
    return broken(
        name,
        story,
        *containers,
        until=every(running_for(8), event("Unhealthy", "Readiness", times=2)),
        expected=Expected(words=("readiness probe", "likely because", *words), codes=codes),
        **more,
    )


INCIDENTS = (
    because(
        "why-host-network-dns",
        "hostNetwork with ClusterFirst asks the node's name servers (kubernetes/kubernetes#35761)",
        shell(says("bad address db")),
        hostNetwork=True,
        words=("hostNetwork is true, and dnsPolicy ClusterFirst", "ClusterFirstWithHostNet"),
        codes=("HST010",),
    ),
    because(
        "why-dns-default",
        "dnsPolicy Default knows no Services",
        shell(says("dial tcp: lookup web.incidents.svc on 10.0.0.2:53: no such host")),
        dnsPolicy="Default",
        words=("dnsPolicy Default means the name servers of the node",),
        codes=("HST010",),
    ),
    because(
        "why-ndots",
        "ndots: 1 keeps musl from the search domains",
        shell(says("wget: bad address 'why-ndots." + THIS_NAMESPACE + "'")),
        dnsConfig={"options": [{"name": "ndots", "value": "1"}]},
        objects=(service("why-ndots"),),
        words=("dnsConfig.options sets ndots to 1",),
        codes=("HST011",),
    ),
    because(
        "why-no-service",
        "a Service is called otherwise (clearml/clearml-helm-charts#177)",
        shell(says("getaddrinfo ENOTFOUND why-no-servise")),
        objects=(service("why-no-service"),),
        words=("has no Service why-no-servise (there is why-no-service)",),
        codes=("NET020",),
    ),
    init_waits(
        "why-init-waits",
        "an init container waits for a Service that does not exist (chatwoot/charts#200)",
        "until nc -w 1 mongo-headles 27017 < /dev/null; do echo waiting for mongodb; sleep 2; done",
        "has no Service mongo-headles",
    ),
    init_waits(
        "why-init-waits-in-vain",
        "an init container waits for a Service that nobody is behind (passbolt/charts-passbolt#26)",
        "until nc -w 1 why-init-waits-in-vain 5432 </dev/null; do echo waiting; sleep 2; done",
        "Service why-init-waits-in-vain has no endpoint",
        objects=(
            {
                **service("why-init-waits-in-vain", 5432),
                "spec": {"selector": {"app": "postgress"}, "ports": [{"port": 5432}]},
            },
        ),
        code="NET021",
    ),
    init_waits(
        "why-init-waits-for-later",
        "an init container waits for a container that starts after it (istio/istio#11130)",
        "until wget -qO- http://localhost:15021/ready; do sleep 2; done",
        "localhost is the pod itself",
        code="NET023",
    ),
    because(
        "why-address-in-use",
        "two containers of a pod want one port",
        shell("sleep 3; exec httpd -f -p 8080"),
        shell("exec httpd -f -p 8080", "web", ports=[{"containerPort": 8080}]),
        words=("container web of this pod",),
        codes=("NET024",),
    ),
    killed(
        "why-probe-of-neighbour",
        "a sidecar answers the driver's liveness probe, and dies (kubernetes/kubernetes#61436)",
        shell(
            name="driver",
            livenessProbe={
                "httpGet": {"path": "/", "port": 9808},
                "initialDelaySeconds": 3,
                **FAST,
            },
        ),
        shell(
            "mkdir -p /www; echo ok > /www/index.html; httpd -p 9808 -h /www; sleep 9; exit 1",
            "health-monitor",
            ports=[{"name": "healthz", "containerPort": 9808}],
        ),
        on="driver",
        until=waiting("CrashLoopBackOff", "driver"),
        timeout=300,
        words=("port 9808, which is container health-monitor's",),
        codes=("NET025",),
    ),
    killed(
        "why-probe-port",
        "the liveness probe asks at another port than the program's",
        shell(HTTPD.format(8080), livenessProbe={"tcpSocket": {"port": 8081}, **SLOWER}),
        words=("app listens on port 8080 and not on port 8081",),
        codes=("NET026",),
        until=every(restarted(), running_for(3)),
    ),
    killed(
        "why-probe-host",
        "host 127.0.0.1 of a probe is the node (networkservicemesh/networkservicemesh#2041)",
        shell(
            HTTPD.format(8099),
            livenessProbe={"httpGet": {"host": "127.0.0.1", "path": "/", "port": 8099}, **FAST},
        ),
        words=("httpGet.host is 127.0.0.1", "the node itself"),
        codes=("PRB030",),
    ),
    unready(
        "why-readiness-host",
        "the same of readiness",
        shell(
            HTTPD.format(8099),
            readinessProbe={"tcpSocket": {"host": "localhost", "port": 8099}, **FAST},
        ),
        words=("tcpSocket.host is localhost",),
        codes=("PRB030",),
    ),
    unready(
        "why-scheme-https",
        "HTTPS against a plain port (cloudposse/docs#161)",
        shell(
            HTTPD.format(8080),
            readinessProbe={"httpGet": {"scheme": "HTTPS", "path": "/", "port": 8080}, **FAST},
        ),
        words=("httpGet.scheme is HTTPS, and the port speaks plain HTTP",),
        codes=("PRB031",),
    ),
    killed(
        "why-probe-path",
        "the probe's path does not exist",
        shell(
            HTTPD.format(8080),
            livenessProbe={"httpGet": {"path": "/healthz", "port": 8080}, **FAST},
        ),
        words=("HTTP 404", "it runs, and has nothing at that path"),
        codes=("PRB032",),
    ),
    unready(
        "why-headless-peers",
        "readiness needs the peers' names, which ready pods have only (nats-io/k8s#441)",
        shell(
            FOREVER,
            readinessProbe={
                "exec": {
                    "command": [
                        "sh",
                        "-c",
                        "nslookup why-headless-peers-1.why-headless-peers || exit 1",
                    ]
                },
                **FAST,
            },
        ),
        objects=(
            {
                **service("why-headless-peers"),
                "spec": {
                    "clusterIP": "None",
                    "selector": {"incident": "why-headless-peers"},
                    "ports": [{"port": 6222}],
                },
            },
        ),
        words=("headless Service why-headless-peers publishes ready pods only",),
        codes=("NET022",),
    ),
)
